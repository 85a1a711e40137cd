"""What every task asks about an image, and about the result."""

from __future__ import annotations

from divgrad.parameters import Parameter

#: Loads nothing else, since ``--help`` wants it.
IMAGE: dict[str, Parameter] = {
    "channel_axis": Parameter("Axis of the channels; None: there is none", kind=int, optional=True),
    "spacing": Parameter(
        "Distance of pixels along each spatial axis, or one for all; None: 1",
        unit="length units", kind=object, optional=True,
    ),
    "dtype": Parameter(
        "Type of the result: None for float32 or float64, 'same' for that of the image, rounded and clipped",
        kind=object, optional=True,
    ),
    "report": Parameter("Whether to return the reasons too", kind=bool),
}  # fmt: skip
