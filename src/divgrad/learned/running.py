"""Run a trained model on an image, without PyTorch."""

from __future__ import annotations

import numpy as np

from divgrad.errors import ImageError
from divgrad.grid import Tiling
from divgrad.kernels.learned import folded, step, unfolded
from divgrad.learned.weights import Model
from divgrad.operators import Image


def run(image: Image, model: Model, sigma: float, *, tiling: Tiling | None = None) -> Image:
    """Return ``image[channel, row, col]``, in grey values of 0..255, without noise of standard deviation sigma.

    Models know levels from 1 to 75; see :meth:`divgrad.learned.weights.Model.steps`.
    """
    if image.ndim != 3 or image.shape[0] != model.channels:
        raise ImageError(
            f"this model is for 2-D images of {model.channels} channel(s), got an array of shape {image.shape}"
        )
    tiling = tiling or Tiling()
    real = image.dtype.type
    f = folded(image, model.fold) / real(sigma)
    u = f
    if model.hidden:
        u = np.concatenate([f, np.zeros((model.hidden, *f.shape[1:]), f.dtype)])
    for parameters in model.steps(sigma):
        u = step(u, f, parameters, model.fold, tiling)
    out: Image = unfolded(u, model.fold, image.shape) * real(sigma)
    return out
