"""Find a target, or all copies of it, in an image: turned, scaled, seen somewhat from the side, noisy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError
from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE

if TYPE_CHECKING:
    from divgrad.estimate.poses import Pose

ENDING = "_targets.png|tif|tiff|npy"
UNFIT = dict.fromkeys((".jpg", ".jpeg"), "JPEG would change the numbers: write PNG or TIFF")
PICTURES = {
    "overlay": "what was found, over the image",
    "plot": "the image and what was found, side by side",
    "table": "corners, centre, size, turn and support of each",
}
PARAMETERS: dict[str, Parameter] = {
    "target": Parameter("Image of what is to be found, grey or with channels last", array=True),
    "least": Parameter(
        "Places that must agree on where the target lies", kind=int, least=4, example="12"
    ),
    "most": Parameter("How many copies are looked for at most", kind=int, least=1, example="1"),
    **{key: IMAGE[key] for key in ("channel_axis", "report")},
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Targets:
    """Where a target was found.

    Parameters
    ----------
    image
        0 where there is none, 1 on the copy with most support, 2 on the next ...
    table
        For each copy: number, row and col of its centre and of its corners (those of the target in turn, from the
        first pixel along the cols), its size (1: as the target), turn in degrees (from the cols towards the rows), and
        how many places support it.
    homographies
        For each copy, 3 x 3: takes (col, row, 1) of the target to the image.
    report
        What was found and chosen, and why, in plain sentences.
    """

    image: NDArray[np.uint8]
    table: dict[str, NDArray[Any]]
    homographies: NDArray[Any]
    report: tuple[str, ...]

    @property
    def overlay(self) -> NDArray[Any]:
        """What is drawn over the image."""
        return self.image


@overload
def targets(
    image: ArrayLike, target: ArrayLike, *, least: int = 8, most: int = 20,
    channel_axis: int | None = None, report: Literal[False] = False,
) -> NDArray[np.uint8]: ...  # fmt: skip


@overload
def targets(
    image: ArrayLike, target: ArrayLike, *, least: int = 8, most: int = 20,
    channel_axis: int | None = None, report: Literal[True],
) -> Targets: ...  # fmt: skip


@documented(PARAMETERS)
def targets(
    image: ArrayLike,
    target: ArrayLike,
    *,
    least: int = 8,
    most: int = 20,
    channel_axis: int | None = None,
    report: bool = False,
) -> NDArray[np.uint8] | Targets:
    r"""Find a flat target in an image, as often as it is there: turned, scaled, seen from the side, noisy.

    Noise is removed from both images. Blobs and corners of both are taken from a nonlinear scale space, which
    smooths but keeps edges in place, and described by the directions of the slopes around. Pairs that look alike
    and agree on one place, turn and size are a copy; a homography is fitted to them.

    Parameters
    ----------
    image : array_like
        Image of two axes, any real dtype, with or without channels; never written to.
    <declared>

    Returns
    -------
    ndarray or Targets
        Copies by number, uint8; with ``report`` also corners, homographies, and reasons.

    Raises
    ------
    ImageError
        If an image cannot be treated: not of two axes, empty, NaN.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    P. F. Alcantarilla, A. Bartoli, A. J. Davison, ECCV 2012, 214-227; D. G. Lowe, IJCV 60:91-110, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> import divgrad
    >>> from skimage.data import camera
    >>> scene = camera()[::2, ::2]
    >>> found = divgrad.targets(scene, scene[60:131, 80:161], report=True)
    >>> found.table["row"].round().tolist(), found.table["col"].round().tolist()
    ([95.0], [120.0])
    """
    from divgrad.estimate.keypoints import keypoints  # here, since --help has no need of it
    from divgrad.estimate.poses import poses
    from divgrad.tasks.edge_strength import quiet

    for name, value in {"target": target, "least": least, "most": most}.items():
        PARAMETERS[name].check(name, value)
    sought = np.asarray(target)
    greys, said = [], []
    for name, array, axis in (
        ("image", image, channel_axis), ("target", sought, -1 if sought.ndim == 3 else None),
    ):  # fmt: skip
        u, grid, _ = enter(array, channel_axis=axis)
        if grid.ndim != 2:
            raise ImageError(f"the {name} must have two axes besides its channels, has {grid.ndim}")
        clean, _, (sentence,) = quiet(u, grid)
        greys.append(_grey(clean))
        said.append(f"{name.capitalize()}: {sentence}")
    places = [keypoints(grey) for grey in greys]
    shape = (sought.shape[0], sought.shape[1])
    found = poses(places[0], places[1], shape, least, most)
    counts = " and ".join(str(len(each.sizes)) for each in places)
    said.append(
        f"{counts} places of image and target were compared; {len(found)} copies found on which {least} or more agree."
    )
    made = _made(found, greys[0].shape[1:], shape, tuple(said))
    return made if report else made.image


def _grey(u: NDArray[Any]) -> NDArray[Any]:
    """Return lightness from 0 to 1, without the outermost thousandth."""
    mixed = (
        np.einsum("i,i...->...", [0.2125, 0.7154, 0.0721], u)[None]
        if len(u) == 3
        else u.mean(0)[None]
    )
    low, high = (float(q) for q in np.quantile(mixed, [0.001, 0.999]))
    return np.ascontiguousarray((mixed - low) / max(high - low, 1e-30), np.float32)


def _made(
    found: list[Pose], space: tuple[int, ...], shape: tuple[int, int], said: tuple[str, ...]
) -> Targets:
    from skimage.draw import polygon

    from divgrad.estimate.poses import carried, corners

    labels = np.zeros(space, np.uint8)
    fours = np.array([corners(pose.homography, shape) for pose in found]).reshape(-1, 4, 2)
    for number in range(min(len(found), 255), 0, -1):
        labels[polygon(*fours[number - 1].T, shape=space)] = number
    middle = np.array([[(shape[0] - 1) / 2, (shape[1] - 1) / 2]])
    centres = np.array([carried(pose.homography, middle)[0] for pose in found]).reshape(-1, 2)
    along = fours[:, 1] - fours[:, 0]
    area = 0.5 * np.abs(
        (fours[:, 2] - fours[:, 0])[:, 0] * (fours[:, 3] - fours[:, 1])[:, 1]
        - (fours[:, 2] - fours[:, 0])[:, 1] * (fours[:, 3] - fours[:, 1])[:, 0]
    )
    table: dict[str, NDArray[Any]] = {"target": np.arange(1, len(found) + 1)}
    table |= {"row": centres[:, 0], "col": centres[:, 1]}
    table["size"] = np.sqrt(area / max((shape[0] - 1) * (shape[1] - 1), 1))
    table["turn"] = np.degrees(np.arctan2(along[:, 0], along[:, 1]))
    table["support"] = np.array([len(pose.support) for pose in found], int)
    for k in range(4):
        table |= {f"row_{k + 1}": fours[:, k, 0], f"col_{k + 1}": fours[:, k, 1]}
    matrices = np.array([pose.homography for pose in found]).reshape(-1, 3, 3)
    return Targets(labels, table, matrices, said)
