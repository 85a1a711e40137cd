"""Flows matched to a kind of noise, robust and complex: against formulas, limits and closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from divgrad import (
    FED,
    FSI,
    Adaptive,
    ComplexDiffusion,
    DetailPreservingSpeckle,
    Explicit,
    Fidelity,
    Heat,
    Implicit,
    Masked,
    PeronaMalik,
    Robust,
    SpeckleReducing,
    Steps,
    Sum,
    Time,
    evolve,
    march,
    scale_space,
)
from divgrad.conductances import tukey
from divgrad.equations.detail_preserving_speckle import kuan
from divgrad.equations.speckle_reducing import lee
from divgrad.errors import ImageError, ParameterError, SchemeError
from divgrad.estimate import robust_contrast
from divgrad.grid import Grid
from divgrad.kernels.variation import Window, conductances, squared, typical
from divgrad.layout import enter
from divgrad.testing import check_axioms, check_equation
from divgrad.testing.case import Case
from divgrad.testing.phantoms import disc, scene

SPECKLE_FLOWS = [SpeckleReducing(), DetailPreservingSpeckle()]
BY_NAME = pytest.mark.parametrize("flow", SPECKLE_FLOWS, ids=lambda flow: type(flow).__name__)


def speckle(shape: Any, looks: float = 16.0, mean: Any = 100.0, seed: int = 0) -> Any:
    """Fully developed speckle of some looks: its standard deviation is the mean over sqrt(looks)."""
    return mean * np.random.default_rng(seed).gamma(looks, 1.0 / looks, shape)


def next_to(u: Any, axis: int) -> tuple[Any, Any]:
    """The neighbours ahead and behind along an axis, the border pixel repeated."""
    padded = np.pad(u, [(1, 1) if k == axis else (0, 0) for k in range(u.ndim)], mode="edge")
    n = u.shape[axis]
    return np.take(padded, range(2, n + 2), axis), np.take(padded, range(n), axis)


def published(u: Any, q0: float) -> Any:
    """The published c of an image with pixels a unit apart, in 2-D."""
    ahead, behind = zip(*(next_to(u, axis) for axis in range(2)), strict=True)
    forward, backward = sum((a - u) ** 2 for a in ahead), sum((u - b) ** 2 for b in behind)
    gradient = (0.5 * (forward + backward)) / u**2
    laplacian = (sum(ahead) + sum(behind) - 4.0 * u) / u
    q2 = (gradient / 2.0 - laplacian**2 / 16.0) / (1.0 + laplacian / 4.0) ** 2
    return np.minimum(1.0, 1.0 / (1.0 + (q2 - q0**2) / (q0**2 * (1.0 + q0**2))))


def step_with(c: Any, u: Any, tau: float) -> Any:
    """An explicit step of div(c grad u), c at an edge the mean of both sides."""
    change = np.zeros_like(u)
    for axis in range(u.ndim):
        for beside, c_beside in zip(next_to(u, axis), next_to(c, axis), strict=True):
            change += 0.5 * (c + c_beside) * (beside - u)
    return u + tau * change


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_are_those_of_the_published_formula(dtype: str) -> None:
    image = speckle((23, 31), mean=50.0 + 100.0 * disc((23, 31)))
    wanted = image.copy()
    for n in range(3):
        wanted = step_with(published(wanted, 0.3 * math.exp(-2.0 * 0.2 * n)), wanted, 0.2)
    flow = SpeckleReducing(speckle=0.3)
    got = evolve(image.astype(dtype), flow, scheme=Explicit(tau=0.2), until=Steps(3)).u
    assert got.dtype == dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-12 if dtype == "float64" else 1e-5)


@pytest.mark.parametrize(("reach", "shape"), [(1, (9, 8)), (2, (6, 9, 8))])
def test_windows_are_those_of_plain_statistics(reach: int, shape: Any) -> None:
    image = speckle(shape)
    views = np.lib.stride_tricks.sliding_window_view(
        np.pad(image, reach, mode="symmetric"), (2 * reach + 1,) * image.ndim
    )
    window = tuple(range(image.ndim, 2 * image.ndim))
    wanted = (views.std(axis=window) / views.mean(axis=window)) ** 2
    got = conductances(image[None], Window(reach), squared, 1.0, Grid((1.0,) * image.ndim))[0]
    np.testing.assert_allclose(got, wanted, rtol=1e-11)
    flow = DetailPreservingSpeckle(speckle=0.3, reach=reach)
    c = np.minimum(1.0, (1.0 + 1.0 / wanted) / (1.0 + 1.0 / 0.09))
    once = evolve(image, flow, scheme=Explicit(tau=0.1), until=Steps(1)).u
    np.testing.assert_allclose(once, step_with(c, image, 0.1), rtol=1e-12)


def test_a_slope_of_a_geometric_ramp_is_the_same_variation_in_any_units() -> None:
    # u = exp(a x): all neighbours are multiples of the pixel, so q is one constant, known by hand.
    x = np.arange(12.0)[None, :] * np.ones((9, 1))
    u = np.exp(0.3 * x)
    up, down = math.exp(0.3) - 1.0, math.exp(-0.3) - 1.0
    for spacing in ((1.0, 1.0), (4.0, 2.0)):
        along = 0.5 * spacing[1] ** -2 / (spacing[0] ** -2 + spacing[1] ** -2)
        mean, square = along * (up + down), along * (up**2 + down**2)
        wanted = (square - mean**2) / (1.0 + mean) ** 2
        got = conductances(u[None], Window(), squared, 1.0, Grid(spacing))[0]
        np.testing.assert_allclose(got[:, 1:-1], wanted, rtol=1e-12)


@pytest.mark.parametrize("c", [lee, kuan])
def test_no_more_than_the_speckle_flows_freely_and_much_more_hardly(c: Any) -> None:
    for noise in (0.05, 0.5, 1.0):
        assert c(0.0, noise) == c(0.9 * noise**2, noise) == 1.0
        assert c(noise**2, noise) == pytest.approx(1.0)
        falling = [c(r * noise**2, noise) for r in (1.0, 2.0, 8.0, 1e9)]
        assert falling == sorted(falling, reverse=True)
    assert lee(1e9, 0.5) < 1e-8
    assert kuan(1e9, 0.5) == pytest.approx(0.2)


@BY_NAME
@pytest.mark.parametrize("looks", [4.0, 25.0])
def test_the_speckle_is_measured_whatever_the_edges(flow: Any, looks: float) -> None:
    shape = (300, 300)
    scene_of_discs = 20.0 + 200.0 * disc(shape, 60.0) + 60.0 * disc(shape, 110.0)
    image = speckle(shape, looks, scene_of_discs)
    found = flow.begin(*enter(image)[:2], None).speckle
    assert found == pytest.approx(looks**-0.5, rel=0.1)


def test_even_speckle_comes_to_its_mean_as_the_expected_variation_decays() -> None:
    image = speckle((128, 128), 9.0)
    smooth = evolve(image, SpeckleReducing(decay=1.0 / 6.0), until=Time(60.0)).u
    assert smooth.mean() == pytest.approx(image.mean(), rel=1e-12)
    assert smooth.std() < 0.06 * image.std()
    decays = [
        evolve(image, SpeckleReducing(decay=rho), until=Time(20.0)).u.std()
        for rho in (0.0, 0.3, 1.0, 3.0)
    ]
    assert decays == sorted(decays)  # the sooner none is expected, the sooner all stays as it is


@BY_NAME
def test_dark_and_bright_edges_are_kept_and_even_regions_smoothed_alike(flow: Any) -> None:
    # The same ratio across both edges; in the bright part the noise is larger than the dark step.
    columns = np.repeat([4.0, 20.0, 20.0, 100.0], 24)
    truth = np.ones((96, 1)) * columns
    image = speckle(truth.shape, 25.0, truth)
    smooth = evolve(image, flow, until=Time(8.0)).u
    for at in (24, 72):
        before, after = smooth[:, at - 3 : at - 1].mean(), smooth[:, at + 1 : at + 3].mean()
        assert after - before > 0.8 * (columns[at] - columns[at - 1])
    even = [smooth[:, 4:20] / 4.0, smooth[:, 78:92] / 100.0]
    assert max(part.std() for part in even) < 0.06  # of 0.2
    contrast = robust_contrast(image)
    plain = evolve(image, PeronaMalik(contrast), until=Time(8.0)).u
    assert plain[:, 78:92].std() / 100.0 > 2.0 * even[1].std()  # one contrast cannot fit both


@BY_NAME
@pytest.mark.parametrize("scheme", [Explicit(), FSI()], ids=["explicit", "fsi"])
def test_multiplying_the_image_multiplies_the_result(flow: Any, scheme: Any) -> None:
    image = speckle((33, 21), mean=20.0 + 80.0 * disc((33, 21)))
    wanted = evolve(image, flow, scheme=scheme, until=Steps(7)).u
    for factor in (2.0**-9, 2.0**12):
        got = evolve(factor * image, flow, scheme=scheme, until=Steps(7)).u
        assert np.array_equal(got, factor * wanted)
    got = evolve(3.7e4 * image, flow, scheme=scheme, until=Steps(7)).u
    np.testing.assert_allclose(got, 3.7e4 * wanted, rtol=1e-11)


def test_speckle_flows_keep_the_laws_with_channels() -> None:
    colour = np.stack([100.0 * scene((6, 7)), 30.0 + 9.0 * scene((6, 7), 1)], axis=-1)
    laws = ("constant", "mean", "range", "turn", "spacing", "tiling")
    for scheme in (Explicit(), FSI()):
        case = Case(SpeckleReducing(), scheme, colour, channel_axis=-1, spacing=(0.5, 2.0))
        check_axioms(case, laws)


def test_speckle_may_be_measured_for_every_step() -> None:
    image = speckle((64, 64), 9.0)
    u = evolve(image, SpeckleReducing(decay=None), until=Time(10.0)).u
    assert u.std() < 0.25 * image.std()
    with pytest.raises(ParameterError, match=r"measured for every step; leave out speckle=0\.5"):
        SpeckleReducing(speckle=0.5, decay=None)


@BY_NAME
def test_negative_images_are_refused_with_what_to_do_and_dark_ones_are_not(flow: Any) -> None:
    image = speckle((9, 9))
    with pytest.raises(ImageError, match=r"needs an image >= 0, got a minimum of -3: .* \(dB\)"):
        evolve(np.where(disc((9, 9)), -3.0, image), flow, until=Steps(1))
    dark = np.where(disc((9, 9)), 0.0, image).astype("float32")
    u = evolve(dark, flow, until=Steps(5)).u
    assert np.isfinite(u).all()
    assert u.min() >= 0.0
    assert np.array_equal(evolve(np.zeros((5, 5)), flow, until=Steps(2)).u, np.zeros((5, 5)))


def test_the_median_of_large_images_is_that_of_a_mirrored_sample() -> None:
    q2 = np.random.default_rng(0).random((1, 701, 600))
    window, grid = Window(), Grid((1.0, 1.0))
    assert typical(q2, window, grid) == typical(q2[:, ::-1], window, grid)
    assert typical(q2, window, grid) == typical(q2[:, :, ::-1], window, grid)


# Robust.


@pytest.mark.parametrize("presmoothing", [None, 0.7])
def test_robust_is_perona_malik_with_tukey_and_the_scale_of_the_slopes(
    presmoothing: float | None,
) -> None:
    image = 100.0 * scene((24, 17))
    scale = robust_contrast(image, presmoothing=presmoothing, spacing=(1.0, 0.5))
    contrast = math.sqrt(5.0) * scale
    flow = Robust(factor=0.8, presmoothing=presmoothing)
    found = flow.begin(*enter(image, spacing=(1.0, 0.5))[:2], None)
    assert found.contrast == pytest.approx(0.8 * contrast, rel=2.0**-12)
    plain = PeronaMalik(found.contrast, tukey, presmoothing)
    got, wanted = (
        evolve(image, equation, until=Time(3.0), spacing=(1.0, 0.5)).u for equation in (flow, plain)
    )
    assert np.array_equal(got, wanted)


def test_outliers_keep_edges_for_ever() -> None:
    truth = 100.0 * disc((48, 48))
    image = truth + np.random.default_rng(0).normal(0.0, 2.0, truth.shape)
    u = evolve(image, Robust(factor=2.0), scheme=FSI(tau=20.0), until=Time(2000.0)).u
    inside = truth > 0
    for part in (inside, ~inside):
        assert u[part].std() < 0.6
    assert u[inside].mean() - u[~inside].mean() == pytest.approx(100.0, abs=0.5)
    assert np.abs(u - truth).max() < 6.0  # no pixel of the edge has gone to the other side


def test_a_robust_flow_of_an_image_without_noise_changes_nothing() -> None:
    for image in (100.0 * disc((9, 9)), np.full((5, 5), 7.0), np.zeros((4, 4))):
        assert np.array_equal(evolve(image, Robust(), until=Steps(3)).u, image)


# Complex.


def test_small_angles_give_the_heat_flow_and_t_times_its_laplacian() -> None:
    image = evolve(100.0 * scene((40, 36)), Heat(), until=Time(2.0)).u
    spacing, t, angle = (1.0, 1.5), 4.0, 1e-4
    flow = ComplexDiffusion(contrast=1e9, angle=angle)
    steps = Explicit(tau=0.02)
    complex_one = evolve(image, flow, scheme=steps, until=Time(t), spacing=spacing).u
    heat = evolve(image, Heat(), scheme=steps, until=Time(t), spacing=spacing).u
    laplacian = sum(
        (a + b - 2.0 * heat) / h**2
        for axis, h in enumerate(spacing)
        for a, b in [next_to(heat, axis)]
    )
    np.testing.assert_allclose(complex_one.real, heat, atol=1e-5)
    off = np.abs(complex_one.imag / angle - t * laplacian).max()
    assert off < 0.05 * np.abs(t * laplacian).max()


def test_linear_complex_flow_is_its_closed_form() -> None:
    from scipy.fft import dctn, idctn

    from divgrad.testing.schemes import eigenvalues

    image, angle, tau, spacing = 100.0 * scene((11, 14)), 0.7, 0.1, (1.0, 0.8)
    factor = (1.0 + tau * np.exp(1j * angle) * eigenvalues(image.shape, spacing)) ** 12
    spectrum = factor * dctn(image, norm="ortho")
    wanted = idctn(spectrum.real, norm="ortho") + 1j * idctn(spectrum.imag, norm="ortho")
    flow = ComplexDiffusion(contrast=1e12, angle=angle)
    got = evolve(image, flow, scheme=Explicit(tau=tau), until=Steps(12), spacing=spacing).u
    np.testing.assert_allclose(got, wanted, atol=1e-10)


@pytest.mark.parametrize("shape", [(15, 16), (5, 6, 7)])
def test_a_step_is_that_of_the_formula_with_channels_coupled(shape: Any) -> None:
    rng = np.random.default_rng(0)
    image = rng.normal(size=(*shape, 2)) + 0.1j * rng.normal(size=(*shape, 2))
    flow = ComplexDiffusion(contrast=0.8, angle=0.2)
    got = evolve(image, flow, scheme=Explicit(tau=0.1), until=Steps(1), channel_axis=-1).u
    d = np.exp(0.2j) / (1.0 + (image.imag**2).sum(axis=-1) / (0.8 * 0.2) ** 2)
    for c in range(2):
        np.testing.assert_allclose(got[..., c], step_with(d, image[..., c], 0.1), atol=1e-13)


def test_the_bound_is_the_stable_step_and_no_more() -> None:
    # A checkerboard has the largest eigenvalue but one: it grows beyond the bound, and not up to it.
    board = (np.indices((40, 40)).sum(axis=0) % 2 - 0.5).astype(complex)
    for angle in (math.pi / 30.0, 1.0):
        flow = ComplexDiffusion(contrast=1e9, angle=angle)
        bound = flow.bound(board.real[None], 0.0, Grid((1.0, 1.0)))
        assert bound == pytest.approx(8.0 / math.cos(angle))
        operator = flow.operator(np.stack([board.real, board.imag]), 0.0, Grid((1.0, 1.0)))
        assert operator.bound() == bound
        for part, grows in ((0.999, False), (1.03, True)):
            v = np.stack([board.real, board.imag])
            for _ in range(200):
                v = operator.axpy(part * 2.0 / bound, v)
            assert (np.linalg.norm(v) > np.linalg.norm(board)) == grows


def test_edges_are_zero_crossings_between_the_extremes_of_the_imaginary_part() -> None:
    edge = np.where(np.arange(40) < 20, 10.0, 90.0) * np.ones((8, 1))
    u = evolve(edge, ComplexDiffusion(contrast=5.0), until=Time(4.0)).u
    assert u.imag[0, 19] > 0.0 > u.imag[0, 20]
    ramp = np.arange(40.0) * np.ones((8, 1))  # not taken for an edge: smoothed at full speed
    v = evolve(ramp, ComplexDiffusion(contrast=0.01), until=Time(1.0)).u
    assert np.abs(v.imag[:, 12:28]).max() < 1e-4


def test_complex_images_go_in_and_come_out_of_every_flow() -> None:
    rng = np.random.default_rng(0)
    image = (rng.normal(size=(7, 2, 9)) + 1j * rng.normal(size=(7, 2, 9))).astype("complex64")
    u = evolve(image, Heat(), until=Time(3.0), channel_axis=1).u
    assert u.dtype == np.complex64
    for part in ("real", "imag"):
        alone = evolve(getattr(image, part).copy(), Heat(), until=Time(3.0), channel_axis=1).u
        np.testing.assert_allclose(getattr(u, part), alone, atol=1e-6)
    for frame in march(image, PeronaMalik(0.5), until=Steps(2), channel_axis=1):
        assert frame.u.shape == image.shape
    assert np.array_equal(
        evolve(image, Heat(), until=Steps(1) | Time(1e-30), channel_axis=1).u, image
    )
    several = scale_space(image[:, 0], [0.0, 1.0], equation=ComplexDiffusion(0.5))
    assert np.array_equal(several[0], image[:, 0])
    u, _, layout = enter(image, channel_axis=1, imaginary=None)
    assert u.shape == (4, 7, 9)
    assert np.array_equal(layout.leave(u), image)
    weights = layout.arrange(image.real, "weights", u.dtype)
    assert np.array_equal(weights[:2], weights[2:])
    with pytest.raises(ImageError, match="real numbers is needed, got dtype complex64"):
        enter(image, channel_axis=1)
    with pytest.raises(ImageError, match="1 pixels that are NaN or infinite"):
        evolve(np.array([1.0, complex(0.0, math.nan)]), Heat(), until=Steps(1))


def test_complex_flows_can_be_wrapped() -> None:
    image = 100.0 * scene((9, 8))
    for flow in (
        Fidelity(ComplexDiffusion(5.0), weight=0.2),
        Sum([ComplexDiffusion(5.0), Heat(diffusivity=0.5)]),
        Masked(ComplexDiffusion(5.0), disc((9, 8))),
    ):
        u = evolve(image, flow, until=Steps(4)).u
        assert u.dtype == np.complex128
        assert np.abs(u.imag).max() > 0.0
        with pytest.raises(SchemeError, match=r"those of .* are complex"):
            evolve(image, flow, scheme=FSI(), until=Steps(1))
    outside = disc((9, 8)) == 0
    assert np.array_equal(u[outside], image[outside])


def test_schemes_that_count_on_real_eigenvalues_refuse_complex_flows() -> None:
    image = 100.0 * scene((7, 9))
    for scheme in (FED(), FSI(), Adaptive()):
        with pytest.raises(SchemeError, match="complex: use Explicit or Implicit"):
            evolve(image, ComplexDiffusion(5.0), scheme=scheme, until=Steps(1))
    many = evolve(image, ComplexDiffusion(5.0), scheme=Explicit(tau=0.01), until=Time(1.0)).u
    few = evolve(image, ComplexDiffusion(5.0), scheme=Implicit(tau=0.01), until=Time(1.0)).u
    assert np.abs(many - few).max() < 0.5


def test_complex_flow_keeps_the_laws_with_channels() -> None:
    colour = np.stack([100.0 * scene((6, 7)), 9.0 * scene((6, 7), 1)], axis=0)
    check_equation(
        ComplexDiffusion(5.0), images=[colour], channel_axis=0, spacing=(0.5, 2.0),
        schemes=[Explicit()],
    )  # fmt: skip
