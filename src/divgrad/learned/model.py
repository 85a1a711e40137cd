"""The trainable diffusion, in PyTorch."""
# mypy: allow-subclassing-any

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from divgrad.kernels import tiles
from divgrad.learned import fused
from divgrad.learned.influence import KNOTS, ramps
from divgrad.learned.weights import Model, shipped

REFERENCE = 25.0  # sigma at which ln(sigma / 25) is zero
OPPONENT = np.array([[1, 0, -1], [1, -2, 1]]) / np.sqrt([[2], [6]])  # two differences of colours


@dataclass(frozen=True)
class Architecture:
    """What a learned diffusion is made of.

    Parameters
    ----------
    stages
        Number of steps, each with parameters of its own.
    filters
        Filters of each step.
    size
        Their width, odd.
    channels
        Channels of the image: 1 grey, 3 colour.
    fold
        Pixels are taken together in squares of this width, as channels: wide filters at less work.
    hidden
        Further channels, which begin at zero and flow along.
    luma
        Of colours: the shipped grey model that denoises their mean before the stages, and does not learn.
    """

    stages: int = 5
    filters: int = 24
    size: int = 5
    channels: int = 1
    fold: int = 1
    hidden: int = 0
    luma: str | None = None

    @property
    def visible(self) -> int:
        """Channels of the folded image."""
        return self.channels * self.fold**2

    @property
    def width(self) -> int:
        """All channels."""
        return self.visible + self.hidden

    @property
    def work(self) -> float:
        """Multiply-adds per pixel of the image."""
        return 2.0 * self.stages * self.filters * self.width * self.size**2 / self.fold**2


def mirror(u: Tensor, by: int, architecture: Architecture) -> Tensor:
    """Return u continued by its mirror image beyond the border, whose pixels are repeated."""
    u = torch.cat(
        [_flip(u[..., :by, :], -2, architecture), u, _flip(u[..., -by:, :], -2, architecture)], -2
    )
    return torch.cat(
        [_flip(u[..., :by], -1, architecture), u, _flip(u[..., -by:], -1, architecture)], -1
    )


def _flip(u: Tensor, axis: int, architecture: Architecture) -> Tensor:
    """Mirror: in folded channels the pixels of a square change places too."""
    u = u.flip(axis)
    fold, visible = architecture.fold, architecture.visible
    if fold == 1:
        return u
    squares = (
        u[:, :visible]
        .unflatten(1, (architecture.channels, fold, fold))
        .flip(2 if axis == -2 else 3)
    )
    return torch.cat([squares.flatten(1, 3), u[:, visible:]], 1)


class Influence(torch.autograd.Function):
    """scale phi(inverse z), with phi a spline for each filter."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, inverse: Tensor, scale: Tensor, d: Tensor) -> Tensor:
        """Of z[batch, filter, row, col], inverse and scale[batch, filter], d[filter, ramp]."""
        z = z.contiguous()
        ctx.save_for_backward(z, inverse, scale, d)
        out = torch.empty_like(z)
        views = [t.numpy() for t in (z.flatten(2), inverse, scale, out.flatten(2))]
        dn = d.numpy()

        def work(box: tiles.Box) -> None:
            b = box[0]
            fused.forward(views[0][b], views[1][b], views[2][b], dn, views[3][b])

        tiles.run(work, list(tiles.boxes((z.shape[0], 1, 1), (1, 1, 1))), torch.get_num_threads())
        return out

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        """Return the gradients of all four."""
        z, inverse, scale, d = ctx.saved_tensors
        gz, gi, gs = torch.empty_like(z), torch.empty_like(inverse), torch.empty_like(scale)
        gd = torch.empty((z.shape[0], *d.shape))
        zn, gn, gzn = z.flatten(2).numpy(), g.contiguous().flatten(2).numpy(), gz.flatten(2).numpy()
        small = [t.numpy() for t in (inverse, scale, gi, gs, gd)]
        dn = d.numpy()

        def work(box: tiles.Box) -> None:
            b = box[0]
            i, s, gib, gsb, gdb = (t[b] for t in small)
            fused.backward(zn[b], i, s, dn, gn[b], gzn[b], gib, gsb, gdb)

        tiles.run(work, list(tiles.boxes((z.shape[0], 1, 1), (1, 1, 1))), torch.get_num_threads())
        return gz, gi, gs, gd.sum(0)


def plain_influence(z: Tensor, inverse: Tensor, scale: Tensor, d: Tensor) -> Tensor:
    """Return the same in operations of PyTorch, for accelerators and float64."""
    x = z * inverse[:, :, None, None]
    a = x.abs().clamp(max=KNOTS[-1])
    y = sum(d[:, k, None, None] * (a - t).clamp(min=0) for k, t in enumerate(KNOTS[:-1]))
    return torch.sign(x) * y * scale[:, :, None, None]


class Stage(nn.Module):
    r"""One step: ``u - sum_i K_i^T phi_i(K_i u) - lambda (u - f)``, in units of sigma.

    With batch normalisation the responses ``K_i u`` are divided by their root mean square: in training by that of
    the batch, afterwards by its running mean.
    """

    def __init__(
        self, architecture: Architecture, generator: torch.Generator, normalise: bool = False
    ) -> None:
        super().__init__()
        if normalise:
            self.register_buffer("spread", torch.ones(architecture.filters))
        self.normalise = normalise
        self.architecture = a = architecture
        self.filters = nn.Parameter(_first_filters(a, generator))
        t = torch.tensor(KNOTS[1:])
        first = 0.4 * a.width / a.filters * t / (1 + (t / 2) ** 2)
        self.values = nn.Parameter(first.repeat(a.filters, 1))
        inner = torch.zeros(a.filters, 3)
        inner[:, 0] = math.log(1.5)
        self.contrast = nn.Parameter(inner)
        self.strength = nn.Parameter(torch.zeros(a.filters, 2))
        self.reaction = nn.Parameter(torch.tensor([math.log(0.05), 0.0, 0.0]))

    def kernels(self) -> Tensor:
        """Return the filters: unit norm, zero mean over each colour."""
        v = self.architecture.visible
        image, hidden = self.filters[:, :v], self.filters[:, v:]
        colours = image.unflatten(1, (self.architecture.channels, -1))
        image = (colours - colours.mean((2, 3, 4), keepdim=True)).flatten(1, 2)
        k = torch.cat([image, hidden], 1)
        return k / k.square().sum((1, 2, 3), keepdim=True).sqrt()

    def _spread(self, z: Tensor) -> Tensor:
        if not self.training:
            return self.spread
        now = (z.square().mean((0, 2, 3)) + 1e-6).sqrt()
        self.spread.lerp_(now.detach(), 0.05)
        return now

    def fold(self) -> dict[str, Tensor]:
        """Return its parameters without normalisation: contrasts and values that do the same."""
        state = dict(self.state_dict())
        if self.normalise:
            spread = state.pop("spread")
            state["contrast"] = state["contrast"].clone()
            state["contrast"][:, 0] += spread.log()
            state["values"] = state["values"] / spread[:, None]
        return state

    def forward(self, u: Tensor, f: Tensor, s: Tensor) -> Tensor:
        """Return u after the step; s[batch, 1] = ln(sigma / 25)."""
        a = self.architecture
        reach = a.size // 2
        k = self.kernels()
        z = F.conv2d(mirror(u, 2 * reach, a), k)
        if self.normalise:
            z = z / self._spread(z)[:, None, None]
        logs = self.contrast
        contrast = torch.exp(logs[:, 0] + logs[:, 1] * s + logs[:, 2] * s * s)
        scale = contrast * torch.exp(self.strength[:, 0] * s + self.strength[:, 1] * s * s)
        d = ramps(self.values)
        plain = z.device.type != "cpu" or z.dtype != torch.float32
        r = (plain_influence if plain else Influence.apply)(z, 1 / contrast, scale, d)
        flow = F.conv_transpose2d(r, k, padding=2 * reach)
        p = self.reaction
        pull = torch.exp(p[0] + p[1] * s + p[2] * s * s)[:, :, None, None]
        v = a.visible
        image = u[:, :v]
        moved = image - flow[:, :v] - pull * (image - f)
        return torch.cat([moved, u[:, v:] - flow[:, v:]], 1) if a.hidden else moved


def _first_filters(a: Architecture, generator: torch.Generator) -> Tensor:
    """Return the low frequencies of a cosine transform over the square that a filter sees, folded."""
    n = a.size * a.fold
    x = np.arange(n)
    basis = np.cos(np.pi / n * (x[:, None] + 0.5) * x)  # [position, frequency]
    order = sorted(
        ((p, q) for p in range(n) for q in range(n) if p + q),
        key=lambda w: (w[0] ** 2 + w[1] ** 2, w),
    )
    out = np.zeros((a.filters, a.channels, n, n), np.float32)
    rng = np.random.default_rng(int(torch.randint(1 << 30, (1,), generator=generator)))
    for i in range(a.filters):
        p, q = order[(i // a.channels) % len(order)]
        if a.channels == 3:  # differences of colours, and how they go with brightness
            p, q = order[(i // 4) % len(order)]
            colour = OPPONENT[i % 2] + (1 - i % 4 // 2 * 2) * 0.3 / math.sqrt(3)
            out[i] = colour[:, None, None] * np.outer(basis[:, p], basis[:, q])
        else:
            out[i, i % a.channels] = np.outer(basis[:, p], basis[:, q])
    out /= np.sqrt((out**2).sum((1, 2, 3), keepdims=True))
    if a.fold > 1:
        out += 0.3 / n * rng.standard_normal(out.shape).astype(np.float32)
    folded = F.pixel_unshuffle(torch.from_numpy(out), a.fold)
    hidden = torch.from_numpy(
        rng.standard_normal((a.filters, a.hidden, a.size, a.size)).astype(np.float32)
    )
    return torch.cat([folded, 0.5 / n * hidden], 1)


class Diffusion(nn.Module):
    """A learned diffusion: stages one after the other; one model for all sigma."""

    def __init__(self, architecture: Architecture, seed: int = 0, normalise: bool = False) -> None:
        super().__init__()
        self.architecture = architecture
        # in a tuple, so that its parameters are not found among those that learn
        self.before = (Diffusion.of(shipped(architecture.luma)),) if architecture.luma else ()
        generator = torch.Generator().manual_seed(seed)
        self.stages = nn.ModuleList(
            Stage(architecture, generator, normalise) for _ in range(architecture.stages)
        )

    def forward(self, f: Tensor, sigma: Tensor) -> Tensor:
        """Return f[batch, channel, row, col] without its noise of standard deviation sigma[batch]."""
        a = self.architecture
        for grey in self.before:
            with torch.no_grad():
                mean = f.mean(1, keepdim=True)
                f = f + (grey.to(f.device, f.dtype)(mean, sigma / math.sqrt(a.channels)) - mean)
        rows, cols = f.shape[-2:]
        scale = sigma[:, None, None, None]
        more = (-cols % a.fold, -rows % a.fold)
        v = f / scale
        if any(more):
            v = F.pad(v, (0, more[0], 0, more[1]), mode="replicate")
        v = F.pixel_unshuffle(v, a.fold)
        u = torch.cat([v, v.new_zeros(v.shape[0], a.hidden, *v.shape[2:])], 1) if a.hidden else v
        s = torch.log(sigma / REFERENCE)[:, None]
        for stage in self.stages:
            u = stage(u, v, s)
        out = F.pixel_shuffle(u[:, : a.visible], a.fold) * scale
        return out[..., :rows, :cols]

    @classmethod
    def of(cls, model: Model) -> Diffusion:
        """Return a trained model as a network."""
        out = cls(Architecture(**json.loads(model.metadata["architecture"])))
        out.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in model.arrays.items()})
        out.eval()
        return out

    def arrays(self) -> dict[str, Any]:
        """Return all parameters, as they are kept in a file: normalisation is folded into them."""
        return {
            f"stages.{number}.{name}": p.numpy()
            for number, stage in enumerate(self.stages)
            for name, p in stage.fold().items()
        }

    def count(self) -> int:
        """Return the number of parameters."""
        return sum(p.numel() for p in self.parameters())

    def describe(self) -> dict[str, Any]:
        """Return the architecture as plain values."""
        return asdict(self.architecture)
