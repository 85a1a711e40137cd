"""What `denoise` must not do: invent, ring, shift the brightness, touch what is clean."""

from __future__ import annotations

import numpy as np
import pytest

from divgrad import denoise

SIGMA = 20.0


def wheel(size: int = 96) -> np.ndarray:
    """Edges at many angles, and a thin line."""
    y, x = np.mgrid[: 4 * size, : 4 * size] / (4 * size) - 0.5
    out = np.where(np.floor(np.arctan2(y, x) / (np.pi / 7)) % 2 == 0, 70.0, 150.0)
    out[np.abs(y - 0.4) < 0.01] = 230.0
    return out.reshape(size, 4, size, 4).mean(axis=(1, 3))


CLEAN = {
    "edges": wheel(),
    "flat": np.full((64, 64), 77.0),
    "dark": np.where(wheel() > 100, 3.0, 0.0),
    "saturated": np.where(wheel() > 100, 255.0, 250.0),
    "text": np.where(np.random.default_rng(0).random((12, 16)) < 0.3, 0.0, 255.0).repeat(6, 0).repeat(6, 1),
    "ramp": np.add.outer(np.arange(80.0), np.arange(80.0)),
}  # fmt: skip


@pytest.mark.parametrize("name", CLEAN)
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_a_clean_image_stays(name: str, kind: type) -> None:
    image = np.rint(CLEAN[name]).astype(kind)
    assert np.abs(denoise(image).astype(float) - image).max() <= 0.5


def test_clean_colours_stay() -> None:
    image = np.stack([wheel(), wheel()[::-1], np.full((96, 96), 60.0)], -1).astype(np.uint8)
    assert np.abs(denoise(image, channel_axis=-1).astype(float) - image).max() <= 0.5


@pytest.mark.parametrize("name", ["edges", "text", "ramp"])
def test_the_mean_stays(name: str) -> None:
    clean = CLEAN[name]
    noisy = clean + np.random.default_rng(1).normal(0, SIGMA, clean.shape)
    for sigma in (SIGMA, None):
        assert abs(denoise(noisy, sigma).mean() / noisy.mean() - 1) <= 1e-3
    colours = np.stack([clean, 0.7 * clean, 0.5 * clean], -1)
    colours += np.random.default_rng(2).normal(0, SIGMA, colours.shape)
    moved = denoise(colours, SIGMA, channel_axis=-1).mean((0, 1)) / colours.mean((0, 1)) - 1
    assert np.abs(moved).max() <= 1e-3


@pytest.mark.parametrize("model", ["fast", "best"])
def test_flat_stays_flat(model: str) -> None:
    noise = np.random.default_rng(3).normal(0, SIGMA, (128, 128, 3))
    grey = denoise(100 + noise[..., 0], SIGMA, model=model)
    assert grey.std() < 0.08 * SIGMA
    colour = denoise(100 + noise, SIGMA, model=model, channel_axis=-1)
    assert colour.std() < 0.08 * SIGMA


@pytest.mark.parametrize("model", ["fast", "best"])
def test_steps_do_not_ring(model: str) -> None:
    clean = np.where(np.arange(96) < 48, 68.0, 188.0) * np.ones((256, 1))
    rng = np.random.default_rng(4)
    profile = np.mean(
        [denoise(clean + rng.normal(0, SIGMA, clean.shape), SIGMA, model=model).mean(0) for _ in "12"], 0
    )  # fmt: skip
    assert profile[16:80].max() < 188 + 0.03 * 120
    assert profile[16:80].min() > 68 - 0.03 * 120


@pytest.mark.parametrize("shape", [(1, 9), (7, 7), (17, 60)])
def test_tiny_images_are_fine(shape: tuple[int, int]) -> None:
    image = 100 + np.random.default_rng(5).normal(0, 10, shape)
    for channels in (None, 3):
        given = image if channels is None else np.stack([image] * channels, -1)
        axis = None if channels is None else -1
        for sigma in (None, 10.0):
            out = denoise(given, sigma, channel_axis=axis)
            assert out.shape == given.shape
            assert given.min() - 1e-6 <= out.min() <= out.max() <= given.max() + 1e-6
            assert abs(out.mean() / given.mean() - 1) <= 1e-3
