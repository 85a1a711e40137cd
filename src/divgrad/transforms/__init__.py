"""Transforms after which noise of a kind is all but Gaussian, of one level, and their exact unbiased inverses.

Each is a pair of maps of grey values. What is denoised between them is the mean of the transformed image, and that
is not the transform of the mean: the inverse takes the one to the other, so that nothing grows darker.
"""

from __future__ import annotations

from divgrad.transforms.anscombe import Anscombe
from divgrad.transforms.logarithm import Logarithm
from divgrad.transforms.rician import Rician
from divgrad.transforms.stabiliser import Stabiliser

#: Every transform by the noise that it is for.
TRANSFORMS: dict[str, type[Stabiliser]] = {
    "poisson": Anscombe,
    "speckle": Logarithm,
    "rician": Rician,
}

__all__ = ["TRANSFORMS", "Anscombe", "Logarithm", "Rician", "Stabiliser"]
