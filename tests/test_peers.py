"""Other programs, where they solve the same equation: unit spacing, and for 2-D slopes smooth images.

They are read for what they compute, not trusted beyond it: see the notes above each.
"""

from __future__ import annotations

import importlib
import math
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from divgrad import Explicit, PeronaMalik, Steps, evolve
from divgrad.conductances import exponential, rational, tukey
from divgrad.testing.phantoms import positions, scene

Array = NDArray[Any]


def peer(name: str) -> Any:
    """The module, its own warnings silenced; the test is skipped where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError as error:
            pytest.skip(f"{name} is not installed: {error}")


# MedPy: u += gamma * (sum of g(d) d over the edges), d the difference across each; float32. Its three options:
# exp(-(d / kappa)^2); 1 / (1 + (d / kappa)^2); half of Tukey's biweight of width sqrt(2) kappa.

MEDPY = {1: (exponential, 1.0, 1.0), 2: (rational, 1.0, 1.0), 3: (tukey, math.sqrt(2.0), 0.5)}


@pytest.mark.parametrize("option", MEDPY)
@pytest.mark.parametrize("shape", [(14, 11), (3, 40), (23,)])
def test_medpy_makes_the_same_steps(option: int, shape: tuple[int, ...]) -> None:
    medpy = peer("medpy.filter.smoothing")
    conductance, wider, slower = MEDPY[option]
    image = (100.0 * scene(shape)).astype(np.float32)
    for steps in (1, 30):
        wanted = medpy.anisotropic_diffusion(image, steps, kappa=20.0, gamma=0.2, option=option)
        got = evolve(
            image,
            PeronaMalik(contrast=20.0 * wider, conductance=conductance),
            scheme=Explicit(tau=0.2 * slower, split=False),
            until=Steps(steps),
        ).u
        assert got.dtype == wanted.dtype == np.float32
        assert float(np.abs(wanted - image).max()) > 1.0
        assert (
            float(np.abs(got - wanted).max()) < 4e-5
        )  # borders and all: a few float32 ulps of 100


def test_medpy_makes_the_same_steps_in_volumes() -> None:
    medpy = peer("medpy.filter.smoothing")
    image = (100.0 * scene((6, 7, 8))).astype(np.float32)
    wanted = medpy.anisotropic_diffusion(image, 20, kappa=20.0, gamma=0.15, option=2)
    scheme, empty = Explicit(tau=0.15, split=False), np.zeros_like(image)
    equation = PeronaMalik(contrast=20.0, conductance=rational)
    both = np.stack([image, empty])
    got = evolve(both, equation, scheme=scheme, until=Steps(20), channel_axis=0).u[0]
    assert float(np.abs(got - wanted).max()) < 4e-5


# ITK: g = exp(-s^2 / (2 K^2 m)), m the mean of |grad u|^2 by central differences, borders repeated, taken anew
# in every iteration. s^2 at an edge is the squared difference across it and, along the other axes, the squared
# mean of the central differences at its two ends. Where the image varies along one axis only that is
# the edge-wise scheme to the bit; elsewhere it is the full gradient, as presmoothing=0 takes it, to second order.


def itk(image: Array, K: float, tau: float, steps: int) -> Array:
    sitk = peer("SimpleITK")
    given = sitk.GetImageFromArray(np.ascontiguousarray(image))
    return np.asarray(
        sitk.GetArrayFromImage(sitk.GradientAnisotropicDiffusion(given, tau, K, 1, steps))
    )


def like_itk(
    image: Array,
    K: float,
    tau: float,
    steps: int,
    presmoothing: float | None,
) -> Array:
    u = image
    for _ in range(steps):
        padded = np.pad(u, 1, mode="edge")
        inner = (slice(1, -1),) * u.ndim
        slopes = [
            0.5 * (np.roll(padded, -1, a) - np.roll(padded, 1, a))[inner] for a in range(u.ndim)
        ]
        contrast = K * math.sqrt(2.0 * float(np.mean(sum(slope**2 for slope in slopes))))
        equation = PeronaMalik(contrast, exponential, presmoothing)
        u = evolve(u, equation, scheme=Explicit(tau=tau, split=False), until=Steps(1)).u
    return u


@pytest.mark.parametrize("steps", [1, 20])
@pytest.mark.parametrize(("axes", "axis"), [(2, 0), (2, 1), (3, 0), (3, 1), (3, 2)])
def test_itk_makes_the_same_steps_on_profiles(axes: int, axis: int, steps: int) -> None:
    profile = 100.0 * scene((24,))
    image = np.moveaxis(np.broadcast_to(profile, (*(5, 6)[: axes - 1], 24)), -1, axis)
    wanted = itk(image, 1.0, 0.06, steps)
    got = like_itk(profile, 1.0, 0.06, steps, None)
    assert float(np.abs(got - profile).max()) > 0.5
    got = np.moveaxis(np.broadcast_to(got, np.moveaxis(image, axis, -1).shape), -1, axis)
    assert float(np.abs(got - wanted).max()) < 1e-12


def test_itk_and_full_gradients_agree_on_smooth_images_to_second_order() -> None:
    off = []
    for n in (32, 64, 128):
        y, x = (math.pi * (axis / n + 0.5) for axis in positions((n, n), (1.0, 1.0)))
        image = 100.0 * (np.cos(x) * np.cos(y) + 0.5 * np.cos(2.0 * x) + 0.3 * np.cos(y))
        got, wanted = like_itk(image, 1.0, 0.1, 10, 0.0), itk(image, 1.0, 0.1, 10)
        change = float(np.abs(wanted - image).max())
        off.append(float(np.abs(got - wanted).max()) / change)
    assert off[2] < 1e-3
    assert 1.8 < math.log2(off[0] / off[2]) / 2.0 < 2.4, off
