"""The training loop: Adam, warm-up, cosine decay, clipping, L-BFGS; checkpoints, and resuming after a kill."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from divgrad.errors import ParameterError
from divgrad.learned.colouring import recoloured
from divgrad.learned.curve import draw
from divgrad.learned.data import Sample, patches
from divgrad.learned.influence import KNOTS
from divgrad.learned.model import Architecture, Diffusion
from divgrad.learned.noises import GaussianNoise, Noise
from divgrad.learned.validation import deviation, validate
from divgrad.learned.weights import Model, write


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
    warm_up
        Steps until the largest learning rate.
    clip
        Largest norm of the gradient.
    every
        Steps between two looks at validation, each with a checkpoint.
    seed
        Of patches, noise and first filters.
    polish
        Steps of L-BFGS at the end, over 8 batches that stay: worth it for small models.
    normalise
        Whether filter responses are batch-normalised in training.
    recolour
        Whether colours are turned, faded and blurred at random, and made up for grey images among colour ones.
    """

    steps: int = 20000
    batch: int = 8
    patch: int = 64
    rate: float = 5e-3
    warm_up: int = 100
    clip: float = 1.0
    every: int = 500
    seed: int = 0
    polish: int = 0
    normalise: bool = False
    recolour: bool = False


@dataclass(frozen=True)
class Look:
    """How far a training is.

    Parameters
    ----------
    step, seconds
        Steps of the optimiser, and seconds that they took.
    loss
        Mean loss since the look before.
    scores
        PSNR of the validation images in dB, by the level of noise or its kind.
    """

    step: int
    seconds: float
    loss: float
    scores: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        scores = ", ".join(f"{dB:.2f} dB at {level}" for level, dB in self.scores.items())
        return f"step {self.step}, {self.seconds:.0f} s: loss {self.loss:.4f}, {scores}"


def loss_of(out: Tensor, clean: Tensor, sigma: Tensor) -> Tensor:
    """Return the mean squared error, over what is usual at each level: decibels count the same everywhere."""
    usual = sigma**2 / (1 + 0.28 * sigma)
    return ((out - clean).square().mean((1, 2, 3)) / usual).mean()


class Training:
    """A training under way; its state is on disk after every ``recipe.every`` steps.

    Parameters
    ----------
    samples, validation
        Clean images, or pairs of noisy and clean ones: see :mod:`divgrad.learned.data`.
    architecture, recipe, noise
        What is trained, how, and what it is to remove.
    folder
        Where ``checkpoint.pt``, ``model.safetensors`` and ``loss.png`` go; where there is a checkpoint, it is
        gone on with.
    facts
        What else the model's file is to say: its data, for instance.
    start
        A model of the same architecture that it begins with, instead of low frequencies.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        validation: Sequence[Sample],
        folder: str | Path,
        *,
        architecture: Architecture | None = None,
        recipe: Recipe | None = None,
        noise: Noise | None = None,
        facts: dict[str, Any] | None = None,
        start: Model | None = None,
    ) -> None:
        self.samples, self.validation = list(samples), list(validation)
        self.recipe, self.noise = recipe or Recipe(), noise or GaussianNoise()
        self.folder, self.facts = Path(folder), facts or {}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.model = Diffusion(
            architecture or Architecture(), self.recipe.seed, self.recipe.normalise
        )
        if start is not None:
            self._begin(start)
        groups: dict[float, list[Any]] = {1.0: [], 0.6: [], 2.0: []}
        for name, p in self.model.named_parameters():
            groups[{"filters": 1.0, "values": 0.6}.get(name.rpartition(".")[2], 2.0)].append(p)
        self.optimiser = torch.optim.Adam(
            [{"params": ps, "factor": factor} for factor, ps in groups.items()],
            lr=self.recipe.rate,
            betas=(0.9, 0.99),
        )
        self.step, self.seconds = 0, 0.0
        self.history: list[Look] = []
        if self.checkpoint.exists():
            self._resume()

    def _begin(self, start: Model) -> None:
        """Take over the parameters of a model."""
        own, given = self.model.state_dict(), start.arrays
        if {k: tuple(v.shape) for k, v in own.items()} != {k: v.shape for k, v in given.items()}:
            raise ParameterError(
                "the model to start from is of another architecture: take its --size, without --normalise"
            )
        self.model.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in given.items()})

    @property
    def checkpoint(self) -> Path:
        """Where the state is kept."""
        return self.folder / "checkpoint.pt"

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        if state["architecture"] != asdict(self.model.architecture):
            raise ParameterError(
                f"{self.checkpoint} is of another architecture, {state['architecture']}: take another folder"
            )
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.history = [Look(**look) for look in json.loads(state["history"])]

    def save(self) -> None:
        """Write checkpoint, model and the curve of the loss, each whole or not at all."""
        history = [asdict(look) for look in self.history]
        state = {
            "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(),
            "step": self.step, "seconds": self.seconds, "history": json.dumps(history),
            "architecture": asdict(self.model.architecture),
        }  # fmt: skip
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)
        arrays = self.model.arrays()
        metadata = {
            **self.facts,
            "architecture": self.model.describe(),
            "parameters": self.model.count(),
            "knots": list(KNOTS),
            "recipe": asdict(self.recipe),
            "noise": str(self.noise),
            "step": self.step,
            "seconds": round(self.seconds),
            "validation": self.history[-1].scores if self.history else {},
        }
        write(self.folder / "model.safetensors", arrays, metadata)
        draw(self.folder / "loss.png", [(k.step, k.loss, k.scores) for k in self.history])

    def rate(self) -> float:
        """Return the learning rate now: warm-up, then half a cosine down to a hundredth."""
        r = self.recipe
        if self.step < r.warm_up:
            return r.rate * (self.step + 1) / r.warm_up
        return r.rate * (
            0.01 + 0.495 * (1 + math.cos(math.pi * min(1.0, self.step / max(1, r.steps))))
        )

    def run(self) -> Iterator[Look]:
        """Train to the end, and yield every look at validation: after each the state is on disk."""
        r = self.recipe
        rng = np.random.default_rng([r.seed, self.step])
        source = self._batches(rng)
        parameters = list(self.model.parameters())
        losses: list[float] = []
        begin = time.perf_counter()
        while self.step < r.steps:
            loss = self._loss(next(source))
            for group in self.optimiser.param_groups:
                group["lr"] = self.rate() * group["factor"]
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, r.clip)
            self.optimiser.step()
            losses.append(float(loss.detach()))
            self.step += 1
            if self.step % r.every == 0 or self.step == r.steps:
                yield self._look(losses, begin)
                losses, begin = [], time.perf_counter()
        if self.step < r.steps + r.polish:
            loss = self._polish([next(source) for _ in range(8)])
            self.step = r.steps + r.polish
            yield self._look([loss], begin)

    def _batches(self, rng: np.random.Generator) -> Iterator[list[Tensor]]:
        """Yield patches: noisy, the deviation of each, clean."""
        r, colours = self.recipe, self.model.architecture.channels == 3
        change = recoloured if r.recolour and colours else None
        for clean, noisy in patches(self.samples, r.patch, r.batch, rng, change):
            if noisy is None:
                noisy, sigma = self.noise(clean, rng)
            else:
                sigma = deviation(noisy, clean)
            yield [torch.from_numpy(np.ascontiguousarray(a)) for a in (noisy, sigma, clean)]

    def _loss(self, batch: list[Tensor]) -> Tensor:
        noisy, sigma, clean = batch
        return loss_of(self.model(noisy, sigma), clean, sigma)

    def _polish(self, batches: list[list[Tensor]]) -> float:
        """Go down by L-BFGS, which learns the curvature of the loss; return the loss."""
        self.model.eval()  # a loss that stays the same
        lbfgs = torch.optim.LBFGS(
            self.model.parameters(), max_iter=self.recipe.polish, line_search_fn="strong_wolfe"
        )

        def closure() -> Tensor:
            lbfgs.zero_grad()
            loss = torch.stack([self._loss(batch) for batch in batches]).mean()
            loss.backward()
            return loss

        lbfgs.step(closure)
        with torch.no_grad():
            return float(torch.stack([self._loss(batch) for batch in batches]).mean())

    def _look(self, losses: list[float], begin: float) -> Look:
        """Return how far it is, with its state on disk."""
        self.seconds += time.perf_counter() - begin
        self.model.eval()
        scores = validate(self.model, self.validation, self.noise)
        self.model.train()
        look = Look(self.step, round(self.seconds, 1), float(np.mean(losses)), scores)
        self.history.append(look)
        self.save()
        return look
