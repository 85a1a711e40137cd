"""What every segmenting task returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What the command line offers for results with labels; the words of ``overlay`` and ``plot`` fit them all.
PICTURES = {
    "overlay": "the regions, in colours, over the image",
    "plot": "the image and the regions, side by side",
    "table": "the measures of each region",
}
#: What is added to the name of a file: labels keep their values in these formats.
SUFFIXES = ".png|tif|tiff|npy"
UNFIT = dict.fromkeys((".jpg", ".jpeg"), "JPEG would change the labels: write PNG or TIFF")


@dataclass(frozen=True, eq=False)
class Segmented:
    """Regions of an image, what was measured of them, and how they were found.

    Attributes
    ----------
    labels
        Whole numbers of the image's spatial shape: 0 is the ground, unless the task says otherwise.
    report
        Sentences.
    table
        Columns by name, a row for each region.
    panels
        Further images by title, for ``--plot``.
    """

    labels: NDArray[Any]
    report: tuple[str, ...]
    table: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    panels: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def image(self) -> NDArray[Any]:
        """The labels, as the image that is written."""
        return self.labels

    @property
    def overlay(self) -> NDArray[Any]:
        """The labels, as they are drawn over the image."""
        return self.labels


def compact(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels in the smallest type of whole numbers that files hold.

    >>> compact(np.array([0, 300])).dtype, compact(np.array([True])).dtype
    (dtype('uint16'), dtype('uint8'))
    """
    most = int(labels.max(initial=0))
    return labels.astype(np.uint8 if most < 256 else np.uint16 if most < 65536 else np.int32)
