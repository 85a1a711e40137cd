"""Gaussian noise removed by classical flows, which keep range and mean for certain."""

from __future__ import annotations

import numpy as np

from divgrad.evolution import evolve
from divgrad.grid import Grid
from divgrad.operators import Equation, Image
from divgrad.stopping import Decorrelation, Discrepancy, Stop
from divgrad.tasks.least_error import weights
from divgrad.tasks.two_flows import Flow, flows_for, mix, versions

CLIPPED = 0.01  # of the pixels at the ends of the range: less noise is there than sigma says

#: image, sentences, flows, weights
Made = tuple[Image, tuple[str, ...], tuple[Flow, ...], tuple[float, ...]]


def two_flows(
    u: Image, sigma: float, contrast: float | None, until: Stop | None, grid: Grid
) -> Made:
    """Mix the images of two Perona-Malik diffusions so that the expected error is least."""
    flows = flows_for(sigma, contrast, u, grid)
    if until is not None:
        ends = [
            evolve(
                u, flow.equation, scheme=flow.scheme, until=until, channel_axis=0,
                spacing=grid.spacing,
            )
            for flow in flows
        ]  # fmt: skip
        mixed = 0.5 * (ends[0].u + ends[1].u)
        said: tuple[str, ...] = (
            f"Two flows were stopped when told to: {ends[0].reason}. Their mean was taken.",
        )
        parts: tuple[float, ...] = (0.0, 0.5, 0.5)
    else:
        parts, error = weights(u, lambda v: versions(v, flows, grid), sigma, grid)
        mixed = mix(u, flows, parts, grid)
        count = np.count_nonzero(parts[1:])
        outlook = f"expected error {error:.3g}, noise {sigma:.3g}"
        if np.mean((u == u.min()) | (u == u.max())) > CLIPPED:
            outlook = "how small cannot be told where values are clipped"
        said = (
            f"Slopes above {flows[0].equation.contrast:.3g} per unit of length were kept, lesser ones "
            "smoothed.",
            f"The mixture with the least expected error was taken, {count} smoothed images and "
            f"{100 * parts[0]:.0f} % of the noisy one: {outlook}.",
        )
    # A mixture stays in the range; its rounding need not.
    np.clip(mixed, u.min(), u.max(), out=mixed)
    kept = "No value left the range of the image, and its mean is kept."
    return mixed, (*said, kept), flows, parts


def by_flow(u: Image, flow: Equation, sigma: float, until: Stop | None, grid: Grid) -> Made:
    """Let a flow of the user's run until told, or until it has taken away as much as the noise is."""
    stop = until or (Discrepancy(sigma) if sigma > 0 else Decorrelation())
    end = evolve(u, flow, until=stop, channel_axis=0, spacing=grid.spacing)
    said = f"{type(flow).__name__} was taken, as told, and stopped at the time {end.t:.3g}: {end.reason}."
    return np.asarray(end.u), (said,), (), (0.0, 1.0)
