"""Trained models on disk (safetensors) and in memory: NumPy arrays, no PyTorch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ParameterError
from divgrad.kernels.learned import Step
from divgrad.learned.influence import KNOTS, ramps

MODELS = Path(__file__).with_name("models")
LEVELS = (1.0, 75.0)  # of the noise in training
REFERENCE = 25.0  # sigma at which the logarithm that conditions a model is zero


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model.

    Parameters
    ----------
    arrays
        What training learned, by name.
    channels, fold, hidden, size
        See :class:`divgrad.learned.model.Architecture`.
    stages
        Number of steps.
    metadata
        How it was trained: architecture, data, recipe, scores.
    """

    arrays: Mapping[str, NDArray[Any]]
    channels: int
    fold: int
    hidden: int
    size: int
    stages: int
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def visible(self) -> int:
        """Channels of the folded image."""
        return self.channels * self.fold**2

    @property
    def luma(self) -> Model | None:
        """What denoises the mean of the colours first, if anything does."""
        name = json.loads(self.metadata.get("architecture", "{}")).get("luma")
        return shipped(name) if name else None

    def steps(self, sigma: float) -> list[Step]:
        """Return the steps for noise of a standard deviation in grey values of 0..255.

        The image is divided by sigma before; beyond the levels of training a model takes it for that of the
        nearest one, of an image that is so much brighter or darker.
        """
        s = float(np.log(min(max(sigma, LEVELS[0]), LEVELS[1]) / REFERENCE))
        return [self._step(f"stages.{n}.", s) for n in range(self.stages)]

    def _step(self, name: str, s: float) -> Step:
        filters, values, contrast, strength, reaction = (
            self.arrays[name + part].astype(np.float64)
            for part in ("filters", "values", "contrast", "strength", "reaction")
        )
        v = self.visible
        k = filters.copy()
        colours = k[:, :v].reshape(len(k), self.channels, -1)
        k[:, :v] = (colours - colours.mean(axis=2, keepdims=True)).reshape(k[:, :v].shape)
        k /= np.sqrt((k**2).sum(axis=(1, 2, 3), keepdims=True))
        inner = np.exp(contrast @ [1.0, s, s * s])
        outer = inner * np.exp(strength @ [s, s * s])
        pull = float(np.exp(reaction @ [1.0, s, s * s]))
        return Step(
            k / inner[:, None, None, None], k * outer[:, None, None, None], ramps(values), pull
        )


def read(path: str | Path) -> Model:
    """Return a model from a safetensors file.

    Raises
    ------
    ParameterError
        If it is no such file, or not a model of divgrad.
    """
    data = Path(path).read_bytes()
    try:
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        metadata = header.pop("__metadata__")
        body = data[8 + length :]
        arrays = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            kind = {"F32": "<f4", "F64": "<f8", "F16": "<f2"}[entry["dtype"]]
            arrays[name] = np.frombuffer(body[begin:end], kind).reshape(entry["shape"])
        if json.loads(metadata["knots"]) != list(KNOTS):
            raise ValueError("knots")
        architecture = json.loads(metadata["architecture"])
        shape = {
            key: int(architecture[key]) for key in ("channels", "fold", "hidden", "size", "stages")
        }
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise ParameterError(
            f"{path} holds no learned diffusion: give a .safetensors file that `divgrad train` wrote"
        ) from error
    return Model(arrays, metadata=metadata, **shape)


def write(
    path: str | Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any]
) -> None:
    """Write arrays and metadata as safetensors; values of metadata that are no text become JSON."""
    header: dict[str, Any] = {
        "__metadata__": {k: v if isinstance(v, str) else json.dumps(v) for k, v in metadata.items()}
    }
    body = bytearray()
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array, "<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [len(body), len(body) + len(raw)],
        }
        body += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = Path(path)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(len(text).to_bytes(8, "little") + text + body)
    temporary.replace(path)


@lru_cache(maxsize=8)
def shipped(name: str) -> Model:
    """Return a model that comes with divgrad, by its name; those for colours end in ``-colour``.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    path = MODELS / f"{name}.safetensors"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in MODELS.glob("*.safetensors")))
        raise ParameterError(f"there is no model {name!r}: take {known}, or read() a file of yours")
    return read(path)
