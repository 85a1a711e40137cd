"""A picture of how a training goes: loss, and PSNR of the validation images, over the steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw

WIDTH, HEIGHT, MARGIN = 900, 320, 60
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e")


def draw(path: str | Path, looks: Sequence[tuple[int, float, Mapping[str, float]]]) -> None:
    """Write the picture: above the loss, on a logarithmic scale, below the PSNR at each level in dB.

    Parameters
    ----------
    path
        A PNG file.
    looks
        (step, loss, level -> PSNR), in order.
    """
    if not looks:
        return
    panels = 2 if looks[-1][2] else 1
    picture = Image.new("RGB", (WIDTH, panels * HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    steps = [look[0] for look in looks]
    _panel(pen, 0, steps, {"loss": [math.log10(max(look[1], 1e-12)) for look in looks]}, power=True)
    levels = list(looks[-1][2])
    first = {level: looks[0][2].get(level, 0.0) for level in levels}
    gains = {
        f"dB at {level} - {first[level]:.2f}": [
            k[2].get(level, math.nan) - first[level] for k in looks
        ]
        for level in levels
    }
    if gains:
        _panel(pen, HEIGHT, steps, gains, power=False)
    temporary = Path(path).with_suffix(".tmp")
    picture.save(temporary, format="PNG")
    temporary.replace(path)


def _panel(
    pen: ImageDraw.ImageDraw,
    top: int,
    steps: Sequence[int],
    lines: Mapping[str, Sequence[float]],
    *,
    power: bool,
) -> None:
    values = [v for line in lines.values() for v in line if math.isfinite(v)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    high = max(high, low + 1e-3)
    right, bottom = WIDTH - 20, top + HEIGHT - 40

    def place(step: int, value: float) -> tuple[float, float]:
        x = MARGIN + (right - MARGIN) * step / max(1, steps[-1])
        return x, bottom - (bottom - top - 20) * (value - low) / (high - low)

    pen.rectangle((MARGIN, top + 20, right, bottom), outline="#888888")
    for part in (0.0, 0.5, 1.0):
        value = low + part * (high - low)
        text = f"{10**value:.3g}" if power else f"{value:+.2f}"
        pen.text((6, place(0, value)[1] - 6), text, fill="black")
        step = round(part * steps[-1])
        pen.text((place(step, low)[0] - 12, bottom + 6), str(step), fill="black")
    for n, (name, line) in enumerate(lines.items()):
        colour = COLOURS[n % len(COLOURS)]
        points = [place(s, v) for s, v in zip(steps, line, strict=True) if math.isfinite(v)]
        if len(points) > 1:
            pen.line(points, fill=colour, width=2)
        pen.text((MARGIN + 10 + 160 * n, top + 4), name, fill=colour)
