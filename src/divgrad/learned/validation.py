"""How good a network is, on images that it does not learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from divgrad.learned.data import Picture, Sample
from divgrad.learned.model import Diffusion
from divgrad.learned.noises import GaussianNoise, JPEGNoise, Noise
from divgrad.metrics import psnr

SIGMAS = (5.0, 15.0, 25.0, 50.0)  # at which Gaussian models are validated
QUALITIES = (10, 20, 40, 80)  # and those for JPEG


def deviation(noisy: Any, clean: Any) -> Any:
    """Return the standard deviation of the noise in each of some patches, at least 1."""
    return np.maximum(1.0, (noisy - clean).std(axis=(1, 2, 3)))


def validate(model: Diffusion, samples: Sequence[Sample], noise: Noise) -> dict[str, float]:
    """Return the mean PSNR of images with noise that is always the same, by its level or its kind."""
    found: dict[str, list[float]] = {}
    for number, (clean, paired) in enumerate(samples):
        for name, noisy, sigma in _noisy(clean, paired, noise, number):
            with torch.no_grad():
                out = model(torch.from_numpy(noisy)[None], torch.tensor([sigma]))[0].numpy()
            found.setdefault(name, []).append(psnr(clean, out, data_range=255.0))
    return {name: float(np.mean(values)) for name, values in found.items()}


def _noisy(
    clean: Picture, paired: Picture | None, noise: Noise, number: int
) -> Iterator[tuple[str, Picture, float]]:
    """Yield a name, a noisy image and its level for each look at a clean image."""
    if paired is not None:
        yield "pairs", paired, float(deviation(paired[None], clean[None])[0])
    elif isinstance(noise, GaussianNoise):
        inside = [s for s in SIGMAS if noise.least <= s <= noise.most]
        for level in inside or [0.5 * (noise.least + noise.most)]:
            rng = np.random.default_rng([number, int(level)])
            white = rng.standard_normal(clean.shape, np.float32)
            yield f"{level:g}", clean + np.float32(level) * white, level
    elif isinstance(noise, JPEGNoise):
        inside = [q for q in QUALITIES if noise.least <= q <= noise.most]
        for quality in inside or [round(0.5 * (noise.least + noise.most))]:
            noisy, sigma = JPEGNoise(quality, quality)(clean[None], np.random.default_rng(number))
            yield f"quality {quality}", noisy[0], float(sigma[0])
    else:
        noisy, sigma = noise(clean[None], np.random.default_rng(number))
        yield type(noise).__name__, noisy[0], float(sigma[0])
