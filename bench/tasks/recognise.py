"""Classes told by features of diffused images: hand-written digits, few examples, clean and noisy.

Run ``python bench/tasks/recognise.py`` (half a minute; ``--write`` puts the table into docs/benchmarks.md). The first
3000 of the training part of MNIST teach, its last 2000 are asked; needs scikit-learn.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.svm import SVC, LinearSVC

sys.path.insert(0, str(Path(__file__).parents[1]))

import divgrad
from measure import publish, table

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist" / "mnist_train.npz"


def pixels(images: Any) -> Any:
    return images.reshape(len(images), -1) / 2040.0


FEATURES = {
    "pixels": pixels,
    "slopes of the image (time 0)": lambda images: divgrad.diffused_features(images, times=[0.0]),
    "diffused_features": divgrad.diffused_features,
}


def main() -> None:
    stored = np.load(MNIST)
    images, digits = stored["x"].reshape(-1, 28, 28), stored["y"]
    chosen = np.r_[:3000, len(images) - 2000 : len(images)]
    images, digits = images[chosen].astype(np.float32), digits[chosen]
    noisy = images + np.random.default_rng(0).normal(0, 60, images.shape).astype(np.float32)
    rows = []
    for title, make in FEATURES.items():
        row, start = [title], time.process_time()
        for some in (images, noisy):
            numbers = make(some)
            for model in (LinearSVC(), SVC(C=10.0)):
                told = model.fit(numbers[:3000], digits[:3000]).predict(numbers[3000:])
                row.append(f"{100 * (told == digits[3000:]).mean():.1f}")
        rows.append([*row, f"{time.process_time() - start:.0f}"])
        print(rows[-1], flush=True)
    head = [
        "right, %",
        "clean, linear",
        "clean, kernel",
        "noise 60, linear",
        "noise 60, kernel",
        "CPU s",
    ]
    publish("recognise", table(head, rows))


if __name__ == "__main__":
    main()
