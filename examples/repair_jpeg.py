"""A photograph compressed as JPEG at quality 10: as it is, repaired by Perona-Malik diffusion, and by a learned one."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

import divgrad
from divgrad.io import write

file = io.BytesIO()
Image.fromarray(data.astronaut()).save(file, "JPEG", quality=10)
spoilt = np.asarray(Image.open(file))
made = [
    divgrad.repair_jpeg(spoilt, model=model, channel_axis=-1, dtype="same")
    for model in (None, "jpeg")
]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(
    folder / "repair_jpeg.png",
    np.hstack([one[:256, 96:352] for one in (spoilt, *made)]),
    channel_axis=-1,
)
