"""The training loop: Adam, warm-up, cosine decay, clipping; checkpoints, and resuming after a kill."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from divgrad.learned.data import Picture, patches
from divgrad.learned.model import Architecture, Diffusion
from divgrad.metrics import psnr


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Parameters
    ----------
    steps
        Steps of the optimiser.
    batch, patch
        Patches in a step, and their width.
    rate
        Largest learning rate, of the filters; splines take 0.6 of it, scalars twice.
    least, most
        Range of the noise's standard deviation, in grey values of 0..255.
    warm_up
        Steps until the largest learning rate.
    clip
        Largest norm of the gradient.
    every
        Steps between two looks at validation, each with a checkpoint.
    seed
        Of patches, noise and first filters.
    """

    steps: int = 20000
    batch: int = 8
    patch: int = 64
    rate: float = 5e-3
    least: float = 1.0
    most: float = 75.0
    warm_up: int = 100
    clip: float = 1.0
    every: int = 500
    seed: int = 0


def levels(recipe: Recipe, batch: int, rng: np.random.Generator) -> Tensor:
    """Return standard deviations: a quarter spread evenly in logarithm, the others evenly."""
    low, high = recipe.least, recipe.most
    even = rng.uniform(low, high, batch)
    logarithmic = np.exp(rng.uniform(math.log(low), math.log(high), batch))
    return torch.from_numpy(
        np.where(rng.random(batch) < 0.25, logarithmic, even).astype(np.float32)
    )


def loss_of(out: Tensor, clean: Tensor, sigma: Tensor) -> Tensor:
    """Return the mean squared error, over what is usual at each level: decibels count the same everywhere."""
    usual = sigma**2 / (1 + 0.28 * sigma)
    return ((out - clean).square().mean((1, 2, 3)) / usual).mean()


class Training:
    """A training under way; its state is on disk after every ``recipe.every`` steps."""

    def __init__(
        self, pictures: Sequence[Picture], validation: Sequence[Picture], architecture: Architecture,
        recipe: Recipe, folder: str | Path,
    ) -> None:  # fmt: skip
        self.pictures, self.validation = list(pictures), list(validation)
        self.recipe, self.folder = recipe, Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model = Diffusion(architecture, recipe.seed)
        groups: dict[float, list[Any]] = {1.0: [], 0.6: [], 2.0: []}
        for name, p in self.model.named_parameters():
            last = name.rpartition(".")[2]
            groups[{"filters": 1.0, "values": 0.6}.get(last, 2.0)].append(p)
        self.optimiser = torch.optim.Adam(
            [{"params": ps, "factor": factor} for factor, ps in groups.items()],
            lr=recipe.rate,
            betas=(0.9, 0.99),
        )
        self.step, self.best = 0, -math.inf
        self.history: list[list[float]] = []
        self.seconds = 0.0
        if self.checkpoint.exists():
            self.resume()

    @property
    def checkpoint(self) -> Path:
        """Where the state is kept."""
        return self.folder / "checkpoint.pt"

    def resume(self) -> None:
        """Go on from the state on disk."""
        state = torch.load(self.checkpoint, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.best, self.seconds = state["step"], state["best"], state["seconds"]
        self.history = json.loads(state["history"])

    def save(self) -> None:
        """Write the state, whole or not at all."""
        state = {
            "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(), "step": self.step,
            "best": self.best, "seconds": self.seconds, "history": json.dumps(self.history),
            "architecture": asdict(self.model.architecture), "recipe": asdict(self.recipe),
        }  # fmt: skip
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)

    def rate(self) -> float:
        """Return the learning rate now: warm-up, then half a cosine."""
        r = self.recipe
        if self.step < r.warm_up:
            return r.rate * (self.step + 1) / r.warm_up
        return r.rate * (
            0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, self.step / r.steps)))
        )

    def run(self, seconds: float = math.inf) -> None:
        """Train to the end, or for some seconds."""
        r = self.recipe
        rng = np.random.default_rng([r.seed, self.step])
        source = patches(self.pictures, r.patch, r.batch, rng)
        begin, running = time.perf_counter(), []
        parameters = list(self.model.parameters())
        while self.step < r.steps:
            clean = torch.from_numpy(np.ascontiguousarray(next(source)))
            sigma = levels(r, r.batch, rng)
            noise = torch.from_numpy(rng.standard_normal(clean.shape, np.float32))
            loss = loss_of(
                self.model(clean + noise * sigma[:, None, None, None], sigma), clean, sigma
            )
            for group in self.optimiser.param_groups:
                group["lr"] = self.rate() * group["factor"]
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, r.clip)
            self.optimiser.step()
            running.append(float(loss.detach()))
            self.step += 1
            spent = time.perf_counter() - begin
            if self.step % r.every == 0 or self.step == r.steps or spent > seconds:
                self.seconds += spent
                seconds -= spent
                begin = time.perf_counter()
                scores = validate(self.model, self.validation)
                self.history.append([self.step, float(np.mean(running)), *scores.values()])
                running = []
                self.best = max(self.best, float(np.mean(list(scores.values()))))
                self.save()
                said = " ".join(f"{s:g}: {v:.3f}" for s, v in scores.items())
                print(
                    f"{self.step} {self.seconds:.0f} s loss {self.history[-1][1]:.4f} dB {said}",
                    flush=True,
                )
                if seconds <= 0:
                    return


def validate(
    model: Diffusion, pictures: Sequence[Picture], sigmas: Sequence[float] = (5, 15, 25, 50)
) -> dict[float, float]:
    """Return the mean PSNR of pictures with noise that is always the same."""
    out = {}
    for sigma in sigmas:
        rng = np.random.default_rng(int(sigma))
        scores = []
        for clean in pictures:
            noisy = torch.from_numpy(
                clean + np.float32(sigma) * rng.standard_normal(clean.shape, np.float32)
            )
            with torch.no_grad():
                result = model(noisy[None], torch.tensor([float(sigma)]))[0].numpy()
            scores.append(float(psnr(clean, result, data_range=255.0)))
        out[float(sigma)] = float(np.mean(scores))
    return out
