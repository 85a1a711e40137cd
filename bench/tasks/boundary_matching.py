"""Boundaries found against boundaries drawn by people: one-to-one matching within a distance, at every threshold.

The protocol of BSDS: a found pixel is right if it can be matched, one to one, to a drawn one within 0.0075 of the
diagonal. Found pixels are added from the strongest on, and each looks once for an augmenting path: that gives the
largest matching at all thresholds in one pass. (The assignment of least cost that BSDS' own code solves has as many
pairs, since no pair costs more than a pixel left alone; ``pyEdgeEval`` compiles that code and is asked as well.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from skimage.morphology import thin

THRESHOLDS = np.arange(1, 101) / 100.0
REACH = 0.0075


@njit(cache=True)
def matched(rows: Any, cols: Any, truth: Any, steps: Any) -> Any:
    """Which found pixels, in their order, are matched; truth numbers the drawn pixels, -1 elsewhere."""
    drawn = truth.max() + 1
    partner = np.full(drawn, -1)
    seen = np.full(drawn, -1)
    right = np.zeros(rows.size, np.bool_)
    stack = np.empty(drawn + 2, np.int64)
    tried = np.empty(drawn + 2, np.int64)
    through = np.empty(drawn + 2, np.int64)
    for new in range(rows.size):
        top = 0
        stack[0], tried[0] = new, 0
        while top >= 0:
            pixel = stack[top]
            deeper = False
            while tried[top] < steps.shape[0]:
                step = steps[tried[top]]
                tried[top] += 1
                y, x = rows[pixel] + step[0], cols[pixel] + step[1]
                if y < 0 or x < 0 or y >= truth.shape[0] or x >= truth.shape[1]:
                    continue
                goal = truth[y, x]
                if goal < 0 or seen[goal] == new:
                    continue
                seen[goal] = new
                through[top] = goal
                if partner[goal] < 0:
                    for level in range(top, -1, -1):
                        partner[through[level]] = stack[level]
                    right[new] = True
                    top = -1
                else:
                    top += 1
                    stack[top], tried[top] = partner[goal], 0
                deeper = True
                break
            if not deeper:
                top -= 1
    return right


def counts(strength: Any, truths: list[Any]) -> Any:
    """Matched drawn, drawn, matched found and found pixels at each threshold, as an array (4, thresholds)."""
    rows, cols = strength.shape
    reach = REACH * np.hypot(rows, cols)
    near = np.arange(-int(reach), int(reach) + 1)
    steps = np.array([(y, x) for y in near for x in near if y * y + x * x <= reach * reach])
    steps = steps[np.argsort((steps**2).sum(axis=1), kind="stable")]
    y, x = np.nonzero(strength * thin(strength > 0))
    order = np.argsort(-strength[y, x], kind="stable")
    y, x = y[order], x[order]
    values = strength[y, x].astype(np.float64)
    recalled, drawn, right = np.zeros(100), 0, np.zeros(len(values), bool)
    for truth in truths:
        numbers = np.where(truth, np.cumsum(truth).reshape(truth.shape) - 1, -1)
        found = matched(y, x, numbers, steps)
        recalled += above(values[found])
        drawn += int(truth.sum())
        right |= found
    return np.array([recalled, np.full(100, float(drawn)), above(values[right]), above(values)])


def above(values: Any) -> Any:
    """How many values reach each threshold."""
    return len(values) - np.searchsorted(np.sort(values), THRESHOLDS - 1e-6)


def measures(total: Any) -> tuple[Any, Any, Any]:
    """F, precision and recall at each threshold."""
    recall, precision = total[0] / np.maximum(total[1], 1), total[2] / np.maximum(total[3], 1)
    return 2 * precision * recall / np.maximum(precision + recall, 1e-9), precision, recall


def summary(each: list[Any]) -> dict[str, float]:
    """ODS (one threshold for all images), OIS (the best for each), area under the curve."""
    total = np.sum(each, axis=0)
    f, precision, recall = measures(total)
    best = int(f.argmax())
    own = [int(measures(one)[0].argmax()) for one in each]
    ois = measures(np.sum([one[:, k] for one, k in zip(each, own, strict=True)], axis=0))[0]
    order = np.argsort(recall)
    levels = np.arange(0.0, 1.0, 0.01)
    area = np.interp(levels, recall[order], precision[order], left=precision[order][0], right=0.0)
    return {
        "ODS": float(f[best]), "P": float(precision[best]), "R": float(recall[best]), "at": float(THRESHOLDS[best]),
        "OIS": float(ois), "AUC": float(area.mean()),
    }  # fmt: skip
