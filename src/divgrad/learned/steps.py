"""Time steps of div(g grad u) that PyTorch can differentiate; the same discretisation as the kernels'."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

# mypy: allow-subclassing-any

#: (image, g across rows, g across cols, tau) -> image
Stepper = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]

TOLERANCE = 1e-8  # of the residual, relative


def diffused(
    u: Tensor,
    tau: Tensor,
    count: int,
    step: Stepper,
    conductance: Callable[[Tensor, Tensor], Tensor],
    contrast: Tensor,
    sigma: Any,
) -> Tensor:
    """Return u[row, col] after ``count`` steps, with conductances made anew for each."""
    for _ in range(count):
        u = step(u, *conductances(u, conductance, contrast, sigma), tau)
    return u


def conductances(
    u: Tensor, conductance: Callable[[Tensor, Tensor], Tensor], contrast: Tensor, sigma: Any
) -> tuple[Tensor, Tensor]:
    """Return g at the edges between rows and between cols; sigma None: from the differences across them."""
    if sigma is None:
        s2 = [u.diff(dim=axis).square() for axis in (0, 1)]
        return conductance(s2[0], contrast), conductance(s2[1], contrast)
    v = smoothed(u, sigma)
    w = continued(v, 1)
    half_y, half_x = 0.5 * (w[2:, 1:-1] - w[:-2, 1:-1]), 0.5 * (w[1:-1, 2:] - w[1:-1, :-2])
    g = conductance(half_y.square() + half_x.square(), contrast)
    return 0.5 * (g[1:] + g[:-1]), 0.5 * (g[:, 1:] + g[:, :-1])


def continued(u: Tensor, by: int) -> Tensor:
    """Return u mirrored beyond its border, the border pixel repeated."""
    for axis in (0, 1):
        n = u.shape[axis]
        index = torch.arange(-by, n + by) % (2 * n)
        u = u.index_select(axis, torch.where(index >= n, 2 * n - 1 - index, index))
    return u


def smoothed(u: Tensor, sigma: Any) -> Tensor:
    """Return u smoothed by a Gaussian, differentiable with respect to sigma too."""
    width = float(sigma.detach()) if isinstance(sigma, Tensor) else float(sigma)
    if width <= 0.02:
        return u
    reach = math.ceil(4.0 * width)
    offsets = torch.arange(-reach, reach + 1, dtype=u.dtype)
    weights = torch.exp(-0.5 * (offsets / sigma) ** 2)
    weights = weights / weights.sum()
    v = continued(u, reach)
    rows, cols = u.shape
    v = torch.stack([w * v[k : k + rows] for k, w in enumerate(weights)]).sum(0)
    return torch.stack([w * v[:, k : k + cols] for k, w in enumerate(weights)]).sum(0)


def flow(u: Tensor, gy: Tensor, gx: Tensor) -> Tensor:
    """Return div(g grad u)."""
    fy, fx = gy * u.diff(dim=0), gx * u.diff(dim=1)
    out = torch.zeros_like(u)
    out[:-1] += fy
    out[1:] -= fy
    out[:, :-1] += fx
    out[:, 1:] -= fx
    return out


def explicit_step(u: Tensor, gy: Tensor, gx: Tensor, tau: Tensor) -> Tensor:
    """Return u + tau div(g grad u)."""
    return u + tau * flow(u, gy, gx)


def implicit_step(u: Tensor, gy: Tensor, gx: Tensor, tau: Tensor) -> Tensor:
    """Return the v with v - tau div(g grad v) = u."""
    out: Tensor = _Implicit.apply(u, gy, gx, tau)
    return out


class _Implicit(torch.autograd.Function):
    """A linear solve; its gradient is another one, with the same symmetric matrix."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, gy: Tensor, gx: Tensor, tau: Tensor) -> Tensor:
        v = solved(u, gy, gx, float(tau))
        ctx.save_for_backward(v, gy, gx, tau)
        return v

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        """With w the solution for the gradient: dL/dg = -tau (D w)(D v) and dL/dtau = w . div(g grad v)."""
        v, gy, gx, tau = ctx.saved_tensors
        w = solved(gradient, gy, gx, float(tau))
        return (
            w,
            -tau * w.diff(dim=0) * v.diff(dim=0),
            -tau * w.diff(dim=1) * v.diff(dim=1),
            (w * flow(v, gy, gx)).sum(),
        )


def solved(b: Tensor, gy: Tensor, gx: Tensor, tau: float) -> Tensor:
    """Return v with v - tau div(g grad v) = b, by conjugate gradients."""
    v = b.clone()
    r = tau * flow(b, gy, gx)
    p, rho = r.clone(), float((r * r).sum())
    enough = TOLERANCE**2 * max(float((b * b).sum()), 1e-300)
    for _ in range(10 * sum(b.shape)):
        if rho <= enough:
            break
        q = p - tau * flow(p, gy, gx)
        alpha = rho / float((p * q).sum())
        v = v + alpha * p
        r = r - alpha * q
        rho, before = float((r * r).sum()), rho
        p = r + (rho / before) * p
    return v
