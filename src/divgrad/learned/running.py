"""Run a trained model on an image, without PyTorch."""

from __future__ import annotations

from math import sqrt

import numpy as np

from divgrad.errors import ImageError
from divgrad.grid import Tiling
from divgrad.kernels.learned import Step, folded, step, unfolded
from divgrad.learned.weights import Model
from divgrad.operators import Image

# A large image goes slab by slab, each with as much of its neighbours as the stages reach: the bits are those of
# the whole, and memory that of a part of it.
SMALL = 8_000_000  # pixels that are done as a whole
SLABS = 8


def run(image: Image, model: Model, sigma: float, *, tiling: Tiling | None = None) -> Image:
    """Return ``image[channel, row, col]``, in grey values of 0..255, without noise of standard deviation sigma.

    Models know levels from 1 to 75; see :meth:`divgrad.learned.weights.Model.steps`.
    """
    if image.ndim != 3 or image.shape[0] != model.channels:
        raise ImageError(
            f"this model is for 2-D images of {model.channels} channel(s), got an array of shape {image.shape}"
        )
    tiling = tiling or Tiling()
    image = begun(image, model, sigma, tiling)
    steps = model.steps(sigma)
    if image.size <= SMALL:
        return _run(image, model, steps, sigma, tiling)
    out = np.empty_like(image)
    # Slabs begin where squares of pixels do, and where sums over a filter's rows begin with the same row.
    whole = model.size * model.fold
    rows, reach = image.shape[1], -(-model.stages * (model.size - 1) // model.size) * whole
    height = -(-max(2 * reach, rows // SLABS) // whole) * whole
    for top in range(0, rows, height):
        first, last = max(0, top - reach), min(rows, top + height + reach)
        slab = _run(np.ascontiguousarray(image[:, first:last]), model, steps, sigma, tiling)
        end = min(rows, top + height)
        out[:, top:end] = slab[:, top - first : end - first]
    return out


def begun(image: Image, model: Model, sigma: float, tiling: Tiling) -> Image:
    """Return what the stages of a model begin with: colours with their mean denoised, if the model wants that.

    Grey images to learn from are plentiful and colour ones are few, and the mean has less noise than a colour.
    """
    luma = model.luma
    if luma is None:
        return image
    mean = image.mean(axis=0, keepdims=True, dtype=image.dtype)
    out: Image = image + (run(mean, luma, sigma / sqrt(len(image)), tiling=tiling) - mean)
    return out


def _run(image: Image, model: Model, steps: list[Step], sigma: float, tiling: Tiling) -> Image:
    real = image.dtype.type
    f = folded(image, model.fold) / real(sigma)
    u = f
    if model.hidden:
        u = np.concatenate([f, np.zeros((model.hidden, *f.shape[1:]), f.dtype)])
    for parameters in steps:
        u = step(u, f, parameters, model.fold, tiling)
    out: Image = unfolded(u, model.fold, image.shape) * real(sigma)
    return out
