"""How strong an edge each pixel is, by regions or by slopes, with what was chosen in plain sentences."""

from __future__ import annotations

from divgrad.equations.perona_malik import PeronaMalik
from divgrad.errors import ParameterError
from divgrad.estimate import contrast, noise_level
from divgrad.estimate.boundaries import RADIUS, Boundaries, boundaries
from divgrad.estimate.tracked_edges import TIMES, tracked_edges
from divgrad.grid import Grid
from divgrad.operators import Equation, Image

NOISY = 0.03  # of the range: noise above it is removed first
SMALL = 8  # pixels along an axis, below which the noise cannot be told
FAINT = 12.0  # times the noise: an image of less contrast is not stretched, so that rests of noise stay faint
LEAST, MOST = 0.02, 0.1  # of the range per pixel: smaller slopes are no edges, larger ones are


def by_regions(u: Image, radius: float | None, grid: Grid) -> tuple[Boundaries, tuple[str, ...]]:
    """Compare what lies on both sides, after strong noise was removed."""
    u, noise, said = quiet(u, grid)
    h = min(grid.spacing)
    radius = RADIUS * h if radius is None else radius
    sizes = ", ".join(f"{radius * size:.3g}" for size in (1, 2, 4))
    what = "Lightness and colour" if u.shape[0] == 3 else "Grey values"
    said += (
        f"{what} were compared in the halves of discs of radius {sizes}; then the image diffused for a time of "
        f"{4 * radius**2:.3g}, held by the boundaries found, and steps that outlast this counted as well.",
    )
    return boundaries(u, grid, radius, least=FAINT * noise), said


def by_flow(
    u: Image, flow: Equation | None, scale: float | None, grid: Grid
) -> tuple[Boundaries, tuple[str, ...]]:
    """Follow the crests of the slope through the scale space of a flow."""
    if scale is not None:
        raise ParameterError("scale is of discs in images: it goes with neither using= nor volumes")
    h = min(grid.spacing)
    noise = _level(u, grid)
    span = float(u.max()) - float(u.min())
    slope = contrast(u, presmoothing=h, channel_axis=0, spacing=grid.spacing)
    slope = max(min(slope, MOST * span / h), noise / h, LEAST * span / h) if span > 0.0 else 1.0
    chosen = PeronaMalik(slope, presmoothing=h) if flow is None else flow
    times = ", ".join(f"{t * h * h:.3g}" for t in TIMES)
    said = (
        f"Slopes were followed through the scale space of {chosen} at the times {times}; a strength of 0.5 is a slope "
        f"of {slope:.3g} per length unit that lasts: from the image's steepest tenth, its range, and its noise.",
    )
    return tracked_edges(u, grid, chosen, slope), said


def quiet(u: Image, grid: Grid) -> tuple[Image, float, tuple[str, ...]]:
    """Return the image without strong noise, how strong it is, and a sentence."""
    from divgrad.tasks.denoise import denoise

    noise, span = _level(u, grid), float(u.max()) - float(u.min())
    if noise <= NOISY * span:
        return u, noise, (f"Noise of standard deviation {noise:.3g} is too weak to matter.",)
    clean = denoise(u, noise, model="fast", channel_axis=0, spacing=grid.spacing)
    return clean, noise, (f"Noise of standard deviation {noise:.3g} was removed first.",)


def _level(u: Image, grid: Grid) -> float:
    if grid.ndim == 1 or min(u.shape[1:]) < SMALL:
        return 0.0
    return noise_level(u, channel_axis=0)
