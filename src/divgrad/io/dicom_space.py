"""Where the planes of DICOM files lie: spacing, place and orientation of a file or a series."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageReadError
from divgrad.io import volume_space
from divgrad.io.volume_space import Space

_UNEVEN = 0.01  # of the distance of planes
Vector = NDArray[np.float64]


def of_file(data: Any) -> Space:
    """Return the space of one file: a plane, or frames where they say their places."""
    frames = int(data.get("NumberOfFrames") or 1)
    per_frame = data.get("PerFrameFunctionalGroupsSequence") or []
    shared = (data.get("SharedFunctionalGroupsSequence") or [None])[0]
    if frames == 1 and not per_frame:
        return _plane(_spacing(data), _position(data), _vectors(data))
    if "GridFrameOffsetVector" in data:  # radiotherapy: offsets along the normal
        offsets = [float(z) for z in np.atleast_1d(data.GridFrameOffsetVector)]
        step = _even(np.array(offsets))
        return _volume(_spacing(data), step, _position(data), _vectors(data))
    groups = list(per_frame)[:frames]
    if len(groups) != frames or shared is None:
        return Space(None, None, None)  # frames in time, or along what is not said

    def sought(group: Any, sequence: str) -> Any:
        found = group.get(sequence) or shared.get(sequence)
        return found[0] if found else {}

    first = groups[0]
    spacing = _spacing(sought(first, "PixelMeasuresSequence"))
    vectors = _vectors(sought(first, "PlaneOrientationSequence"))
    places = [_position(sought(group, "PlanePositionSequence")) for group in groups]
    if frames == 1:
        return _plane(spacing, places[0], vectors)
    if vectors is None or any(place is None for place in places):
        return Space(None, None, None)
    along = np.array([place @ _normal(vectors) for place in places if place is not None])
    if len(np.unique(along.round(4))) < frames:
        return Space(None, None, None)  # several frames of one place: time
    return _volume(spacing, _even(along), places[0], vectors)


def ordered(files: list[tuple[Path, Any]]) -> list[tuple[Path, Any]]:
    """Return the files of a series along its normal; by their numbers if they do not say their places."""
    vectors = _vectors(files[0][1])
    places = [_position(head) for _, head in files]
    if vectors is None or any(place is None for place in places):
        return sorted(files, key=lambda file: int(file[1].get("InstanceNumber") or 0))
    along = [float(place @ _normal(vectors)) for place in places if place is not None]
    order = np.argsort(along, kind="stable")
    if len(files) > 1 and np.diff(np.array(along)[order]).min() < 1e-3:
        raise ImageReadError(
            "two files of the series lie at one place: time points or echoes; put one of them into a folder"
        )
    return [files[n] for n in order]


def of_series(heads: list[Any]) -> Space:
    """Return the space of a series in order."""
    vectors = _vectors(heads[0])
    places = [_position(head) for head in heads]
    if vectors is None or any(place is None for place in places):
        return Space(None, None, None)
    along = np.array([place @ _normal(vectors) for place in places if place is not None])
    return _volume(_spacing(heads[0]), _even(along), places[0], vectors)


def _even(along: Vector) -> float:
    """Return the distance of planes; raise if it is not the same everywhere."""
    steps = np.diff(along)
    if np.abs(steps - steps.mean()).max() > _UNEVEN * abs(steps.mean()):
        raise ImageReadError(
            f"the planes are {np.abs(steps).min():.4g} to {np.abs(steps).max():.4g} mm apart: "
            "one is missing, or they are uneven; resample them first"
        )
    return float(steps.mean())


def _plane(spacing: list[float], place: Vector | None, vectors: Vector | None) -> Space:
    known = place is not None and vectors is not None
    return volume_space.from_itk(
        spacing, place.tolist() if known and place is not None else (),
        vectors.tolist() if vectors is not None else (), 2,
    )  # fmt: skip


def _volume(
    spacing: list[float], step: float, place: Vector | None, vectors: Vector | None
) -> Space:
    if len(spacing) != 2 or place is None or vectors is None:
        return volume_space.from_itk([*spacing, abs(step)], (), (), 3)
    across = _normal(vectors) * np.sign(step)
    return volume_space.from_itk(
        [*spacing, abs(step)], place.tolist(), [*vectors.tolist(), across.tolist()], 3
    )


def _normal(vectors: Vector) -> Vector:
    return np.cross(vectors[0], vectors[1])


def _spacing(data: Any) -> list[float]:
    """Return the distances along cols and rows; DICOM gives rows first."""
    given = data.get("PixelSpacing") or data.get("ImagerPixelSpacing") or ()
    numbers = _numbers(given, 2)
    return [] if numbers is None else numbers[::-1].tolist()


def _position(data: Any) -> Vector | None:
    return _numbers(data.get("ImagePositionPatient"), 3)


def _vectors(data: Any) -> Vector | None:
    """Return the unit vectors along a row and down a column."""
    numbers = _numbers(data.get("ImageOrientationPatient"), 6)
    return None if numbers is None else numbers.reshape(2, 3)


def _numbers(given: Any, count: int) -> Vector | None:
    try:
        numbers = np.array([float(v) for v in given], float)
    except (TypeError, ValueError):
        return None
    return numbers if numbers.shape == (count,) and np.isfinite(numbers).all() else None
