"""What the image says of itself: how noisy it is, with what kind of noise, and how steep its edges.

Nothing here but `edge_blur` needs more than NumPy, nor more memory than the image and a few megabytes: large
images are sampled evenly.

>>> import numpy as np
>>> noisy = np.random.default_rng(0).normal(100.0, 15.0, (128, 128))
>>> noise_kind(noisy).kind, round(noise_level(noisy))
('gaussian', 15)
"""

from divgrad.estimate.contrast import contrast
from divgrad.estimate.edge_blur import edge_blur
from divgrad.estimate.noise_kind import NoiseKind, noise_kind
from divgrad.estimate.noise_level import noise_level
from divgrad.estimate.robust_contrast import robust_contrast

__all__ = ["NoiseKind", "contrast", "edge_blur", "noise_kind", "noise_level", "robust_contrast"]
