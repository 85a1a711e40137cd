"""More colours than the images have that a model is to learn from: turned, faded, made up for grey ones, blurred."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from divgrad.learned.data import Picture

#: Brightness and two differences of colours, as orthonormal rows.
OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])
TURN, FADE = (
    0.7,
    0.35,
)  # standard deviations: of an angle in radians, and of the logarithm of a saturation
TINT = 22.0  # standard deviation of made-up differences of colours, in grey values
HALVED = 0.6  # of the patches get colours of half the resolution, as most JPEG files have


def recoloured(patch: Picture, rng: np.random.Generator) -> Picture:
    """Return ``patch[3, row, col]`` of the same scene in other colours; a grey one gets colours by its grey values.

    >>> grey = np.full((3, 8, 8), 100.0, np.float32)
    >>> recoloured(grey, np.random.default_rng(0)).mean(axis=0).round(3).max()
    np.float32(100.0)
    """
    light, *rest = np.tensordot(OPPONENT, patch.astype(np.float64), 1)
    chroma = np.stack(rest)
    chroma = _turned(chroma, rng) if np.abs(chroma).max() > 1e-3 else _made_up(light, rng)
    if rng.random() < HALVED and not (patch.shape[1] % 2 or patch.shape[2] % 2):
        chroma = _halved(chroma)
    out = np.tensordot(OPPONENT.T, np.concatenate([light[None], chroma]), 1)
    return out.astype(np.float32)


def _turned(chroma: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    angle = rng.normal(0, TURN) if rng.random() < 0.7 else rng.uniform(0, 2 * math.pi)
    c, s = math.cos(angle), math.sin(angle)
    turned = np.tensordot([[c, -s], [s, c]], chroma, 1)
    return np.asarray(turned * math.exp(rng.normal(-0.1, FADE)))


def _made_up(light: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return two piecewise linear functions of the grey value, on a ramp across the patch or none."""
    knots = np.linspace(light.min(), light.max() + 1.0, int(rng.integers(2, 6)))
    strength = abs(rng.normal(0, TINT))
    values = rng.normal(0, strength, (2, len(knots)))
    chroma = np.stack([np.interp(light, knots, row) for row in values])
    if rng.random() < 0.5:
        y, x = (np.linspace(-0.5, 0.5, n) for n in light.shape)
        chroma += np.multiply.outer(rng.normal(0, 0.5 * strength, 2), np.add.outer(0 * y, x))
        chroma += np.multiply.outer(rng.normal(0, 0.5 * strength, 2), np.add.outer(y, 0 * x))
    return chroma


def _halved(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return means of 2 x 2 pixels, interpolated linearly between their centres."""
    rows, cols = chroma.shape[1:]
    out: NDArray[np.float64] = chroma.reshape(2, rows // 2, 2, cols // 2, 2).mean(axis=(2, 4))
    for axis in (1, 2):
        out = np.moveaxis(out, axis, 1)
        near = np.pad(out, ((0, 0), (1, 1), (0, 0)), mode="edge")
        both = [0.75 * out + 0.25 * near[:, :-2], 0.75 * out + 0.25 * near[:, 2:]]
        out = np.stack(both, axis=2).reshape(2, -1, out.shape[2])
        out = np.moveaxis(out, 1, axis)
    return out
