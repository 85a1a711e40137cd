"""A slightly soft, slightly noisy photograph: crisper edges and less noise at once, before and after."""

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad import ForwardBackward, Heat, Time, evolve
from divgrad.io import write

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
man = data.camera()[60:260, 130:380].astype("float32")
soft = evolve(man, Heat(), scheme=divgrad.FSI(), until=Time(0.5)).u
soft += np.random.default_rng(0).normal(0.0, 4.0, man.shape).astype("float32")
crisp = evolve(soft, ForwardBackward(contrast=10.0), until=Time(2.0)).u
pair = np.clip(np.hstack([soft, crisp]), 0, 255).round().astype("uint8")
write(folder / "forward_backward.png", pair)
