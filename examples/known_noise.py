"""Photon noise, speckle and magnetic resonance: noise of a known kind, and the tasks made for it."""

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

clean = data.camera()[80:272, 140:332].astype("float32")
random = np.random.default_rng(0)
photons = random.poisson(clean / 40.0)  # six at most
speckled = clean * random.gamma(2.0, 0.5, clean.shape)
magnitudes = np.hypot(clean + random.normal(0, 25, clean.shape), random.normal(0, 25, clean.shape))
noisy = [photons * 40.0, speckled, magnitudes]
found = [
    divgrad.denoise_poisson(photons) * 40.0,
    divgrad.denoise_speckle(speckled, looks=2),
    divgrad.denoise_rician(magnitudes, sigma=25),
]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
picture = np.vstack([np.hstack(noisy), np.hstack(found)])
write(folder / "known_noise.png", np.clip(picture, 0, 255).round().astype("uint8"))
