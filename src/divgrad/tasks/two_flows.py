"""The two flows that smooth a noisy image, and the mixture of their images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from divgrad.equations import PeronaMalik
from divgrad.evolution import march
from divgrad.grid import Grid
from divgrad.operators import Image
from divgrad.schemes import FSI, Explicit, Scheme
from divgrad.stopping import Steps

# Two flows see the noise in different ways: one takes slopes from pixel to pixel, the other from an image
# smoothed a little. Mixed, they are better than the better one alone by 0.43, 0.20 and 0.04 dB at noise of
# 15, 25 and 50. The constants come from a random search on 30 crops of photographs and micrographs with that
# noise (for signals and volumes: on phantoms); changing the contrasts by a tenth costs less than 0.03 dB.
CONTRAST = {1: 0.8, 2: 0.8, 3: 0.65}  # of the first flow, in sigma per pixel, by the number of axes
STEPS = (10, 20, 30)  # stable steps of it that may enter the mixture
SMOOTHED_CONTRAST = {1: 0.17, 2: 0.108, 3: 0.13}  # of the second flow, likewise
PRESMOOTHING = 0.6  # pixels
CYCLE = 3.75  # time of one step of the second flow, in pixels squared
CYCLES = (2, 4, 6, 8)  # steps of it that may enter the mixture


@dataclass(frozen=True)
class Flow:
    """An equation, its scheme, and the steps after which its image may enter the mixture."""

    equation: PeronaMalik
    scheme: Scheme
    steps: tuple[int, ...]

    def frames(self, u: Image, grid: Grid, last: int) -> Iterator[Image]:
        """Yield the images after ``steps``, up to the last that is wanted."""
        every = int(np.gcd.reduce(self.steps))
        frames = march(
            u, self.equation, scheme=self.scheme, until=Steps(last), every=every,
            channel_axis=0, spacing=grid.spacing, tiling=grid.tiling,
        )  # fmt: skip
        yield from (frame.u for frame in frames if frame.step in self.steps)


def flows_for(sigma: float, contrast: float | None, u: Image, grid: Grid) -> tuple[Flow, ...]:
    """Return the two flows: contrast in proportion to the noise, lengths and times to the pixel."""
    pixel = min(grid.spacing)
    usual, smoothed = CONTRAST[grid.ndim], SMOOTHED_CONTRAST[grid.ndim]
    if contrast is None:  # channels add up their squared slopes
        contrast = usual * sigma * float(np.sqrt(u.shape[0])) / pixel
    plain = PeronaMalik(contrast)
    gentle = PeronaMalik(smoothed / usual * contrast, presmoothing=PRESMOOTHING * pixel)
    return Flow(plain, Explicit(), STEPS), Flow(gentle, FSI(tau=CYCLE * pixel**2), CYCLES)


def versions(u: Image, flows: Sequence[Flow], grid: Grid) -> list[Image]:
    """Return the images of all flows that may enter the mixture."""
    return [frame for flow in flows for frame in flow.frames(u, grid, flow.steps[-1])]


def mix(u: Image, flows: Sequence[Flow], parts: Sequence[float], grid: Grid) -> Image:
    """Return the weighted sum; images without weight are not made where nothing follows them."""
    mixed: Image = u.dtype.type(parts[0]) * u
    first = 1
    for flow in flows:
        some = parts[first : first + len(flow.steps)]
        first += len(flow.steps)
        used = [step for step, part in zip(flow.steps, some, strict=True) if part > 0]
        if used:
            for part, frame in zip(some, flow.frames(u, grid, used[-1]), strict=False):
                mixed += u.dtype.type(part) * frame
    return mixed
