"""Fitting a classical flow through its solver."""

from __future__ import annotations

import numpy as np
import pytest

import divgrad
from divgrad.conductances import exponential, rational, tukey
from divgrad.errors import ParameterError

torch = pytest.importorskip("torch")

from divgrad.learned.fitting import fit, on_tensors  # noqa: E402
from divgrad.learned.steps import diffused, explicit_step, implicit_step  # noqa: E402


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pair(sigma: float = 15.0, size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    from importlib import resources

    with resources.as_file(resources.files("divgrad") / "data" / "photograph.png") as path:
        clean = divgrad.io.read(path).array[150 : 150 + size, 180 : 180 + size].astype(float)
    return clean + np.random.default_rng(0).normal(0, sigma, clean.shape), clean


@pytest.mark.parametrize(
    ("conductance", "sigma", "implicit"),
    [
        (rational, None, False),
        (exponential, None, True),
        (rational, 0.0, True),
        (rational, 0.9, False),
        (rational, 0.9, True),
    ],
)
def test_steps_are_those_of_the_engine(conductance, sigma: float | None, implicit: bool) -> None:
    noisy, _ = pair(size=40)
    tau = 2.0 if implicit else 0.2
    scheme = divgrad.Implicit(tau) if implicit else divgrad.Explicit(tau)
    flow = divgrad.PeronaMalik(20.0, conductance, sigma)
    expected = divgrad.evolve(noisy, flow, scheme=scheme, until=divgrad.Steps(3)).u
    step = implicit_step if implicit else explicit_step
    numbers = torch.tensor([tau, 20.0], dtype=torch.float64)
    out = diffused(
        torch.from_numpy(noisy), numbers[0], 3, step, on_tensors(conductance), numbers[1], sigma
    )
    np.testing.assert_allclose(out.numpy(), expected, atol=2e-4)  # a Gaussian is cut at four sigma


@pytest.mark.parametrize("step", [explicit_step, implicit_step])
def test_gradients_are_differences_of_the_loss(step) -> None:
    noisy, clean = (torch.from_numpy(a) for a in pair(size=20))
    g = on_tensors(rational)

    def loss(values):
        out = diffused(noisy, values[0], 3, step, g, values[1], values[2])
        return (out - clean).square().mean()

    values = torch.tensor([0.2, 20.0, 0.8], dtype=torch.float64, requires_grad=True)
    loss(values).backward()
    for n in range(3):
        shift = torch.zeros(3, dtype=torch.float64)
        shift[n] = 1e-4 * float(values[n].detach())
        with torch.no_grad():
            slope = float(loss(values + shift) - loss(values - shift)) / (2 * float(shift[n]))
        assert float(values.grad[n]) == pytest.approx(slope, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("scheme", [divgrad.Explicit(), divgrad.Implicit()])
def test_a_fit_falls_smoothly_and_the_engine_reaches_it(scheme) -> None:
    noisy, clean = pair(size=48)
    start = divgrad.PeronaMalik(4.0, presmoothing=0.4)
    best = fit(start, [(noisy, clean)], time=0.5, steps=5, scheme=scheme)
    losses = np.array(best.losses)
    assert losses.min() < 0.6 * losses[0]
    assert (np.diff(losses) <= 1e-3 * losses[0]).all()
    assert losses[min(6, len(losses) - 1)] < 1.1 * losses.min()
    out = divgrad.evolve(noisy, best.equation, scheme=best.scheme, until=best.until).u
    assert float(((out - clean) ** 2).mean()) == pytest.approx(losses.min(), rel=1e-3)
    best_by_hand = min(
        float(
            (
                (
                    divgrad.evolve(
                        noisy, divgrad.PeronaMalik(k, presmoothing=s), until=divgrad.Time(t)
                    ).u
                    - clean
                )
                ** 2
            ).mean()
        )
        for k in (10.0, 20.0)
        for s in (0.7,)
        for t in (1.0, 2.0)
    )
    assert losses.min() < 1.02 * best_by_hand


def test_what_cannot_be_fitted_is_refused() -> None:
    noisy, clean = pair(size=16)
    with pytest.raises(ParameterError, match="cannot be differentiated"):
        fit(divgrad.PeronaMalik(20.0, tukey), [(noisy, clean)])
    with pytest.raises(ParameterError, match="Explicit"):
        fit(divgrad.PeronaMalik(20.0), [(noisy, clean)], scheme=divgrad.AOS())
    with pytest.raises(ParameterError, match="pairs"):
        fit(divgrad.PeronaMalik(20.0), [])
