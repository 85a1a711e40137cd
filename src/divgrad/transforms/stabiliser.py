"""What all transforms of noise have in common, and the inverse by a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageError, ParameterError
from divgrad.parameters import Declared

Image = NDArray[Any]
Floats = NDArray[np.float64]


class Stabiliser(Declared, ABC):
    """A map of grey values after which noise of a kind has the same level everywhere."""

    #: One line: authors, journal, year.
    citation: ClassVar[str] = ""

    @property
    def deviation(self) -> float:
        """Standard deviation of the noise after it."""
        return 1.0

    def check(self, image: Image) -> None:
        """Raise ImageError where no such noise can have made the image; here: where it is negative."""
        least = float(image.min())
        if least < 0.0:
            raise ImageError(
                f"{type(self).__name__} is for images >= 0, this one goes down to {least:.4g}: subtract its "
                "black level first, or take it for Gaussian noise"
            )

    @abstractmethod
    def forward(self, image: Image) -> Image:
        """Return the image with noise of the standard deviation ``deviation``."""

    @abstractmethod
    def inverse(self, mean: Image) -> Image:
        """Return the clean image whose noisy versions, transformed, have this mean."""

    def averaged(self, count: float) -> Stabiliser:
        """Return the transform for means of so many noisy pixels of one clean value.

        Raises
        ------
        ParameterError
            If such means have no noise of that kind.
        """
        raise ParameterError(f"means of pixels have no noise that {type(self).__name__} is for")

    def mixed(self, share: float) -> Stabiliser:
        """Return the transform for mixtures of the noisy image, of this share, and the clean one.

        Raises
        ------
        ParameterError
            If such mixtures have no noise of that kind.
        """
        raise ParameterError(f"mixtures have no noise that {type(self).__name__} is for")


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve over means, straight between some points."""

    means: Floats
    values: Floats

    def __call__(self, mean: Image) -> Image:
        """Return the values at the means, the first or last one beyond them."""
        shape = mean.shape
        return np.interp(mean.ravel(), self.means, self.values).astype(mean.dtype).reshape(shape)

    @property
    def end(self) -> float:
        """The last mean that is on it."""
        return float(self.means[-1])
