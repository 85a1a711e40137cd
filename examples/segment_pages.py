"""A page in uneven light: as it is; by one threshold (Otsu's); by thresholds that spread from the strokes."""

from __future__ import annotations

import sys
from pathlib import Path

from skimage import data
from skimage.filters import threshold_otsu

import divgrad
from divgrad.cli.drawing import side_by_side, visible
from divgrad.io import write

page = data.page()[:190, :320]
text = divgrad.segment_pages(page)
fine = divgrad.segment_pages(page, 2.5)
panels = {
    "page": visible(page),
    "one threshold": visible(page > threshold_otsu(page)),
    "the default, for strokes of 5 pixels": visible(text == 0),
    "stroke 2.5": visible(fine == 0),
}
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "segment_pages.png", side_by_side(panels), channel_axis=-1)
