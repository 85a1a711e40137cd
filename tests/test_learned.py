"""Learned diffusion on divgrad's own kernels, and against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import divgrad
from divgrad.errors import ImageError, ParameterError
from divgrad.grid import Tiling
from divgrad.kernels.learned import Step, folded, step, unfolded
from divgrad.learned import Learned, Model, read, run, shipped
from divgrad.learned.influence import KNOTS, influence, ramps

NAMES = ("fast", "best", "fast-colour", "best-colour")


def random_step(channels: int, count: int, size: int, seed: int = 0) -> Step:
    rng = np.random.default_rng(seed)
    inner, outer = rng.standard_normal((2, count, channels, size, size)) / size
    return Step(inner, outer, 0.05 * rng.standard_normal((count, 12)), 0.1)


def mirrored(u: np.ndarray, by: int, fold: int) -> np.ndarray:
    """What surrounds an image, in channels of folded squares: unfold, mirror, fold."""
    shape = (u.shape[0] // fold**2, u.shape[1] * fold, u.shape[2] * fold)
    wide = np.pad(
        unfolded(u, fold, shape), ((0, 0), (by * fold,) * 2, (by * fold,) * 2), mode="symmetric"
    )
    return folded(wide, fold)


def oracle(u: np.ndarray, f: np.ndarray, parameters: Step, fold: int) -> np.ndarray:
    """The step by sums over shifted images, in float64."""
    size, reach = parameters.inner.shape[-1], parameters.inner.shape[-1] // 2
    near = mirrored(u[: f.shape[0]].astype(float), 2 * reach, fold)
    more = np.pad(
        u[f.shape[0] :].astype(float),
        ((0, 0), (2 * reach,) * 2, (2 * reach,) * 2),
        mode="symmetric",
    )
    near = np.concatenate([near, more])
    rows, cols = (n - 2 * reach for n in near.shape[1:])
    flow = np.zeros_like(near)
    for k, back, d in zip(parameters.inner, parameters.outer, parameters.ramps, strict=True):
        z = sum(
            np.einsum("c,cyx->yx", k[:, y, x], near[:, y : y + rows, x : x + cols])
            for y in range(size)
            for x in range(size)
        )
        r = influence(z, d)
        for y in range(size):
            for x in range(size):
                flow[:, y : y + rows, x : x + cols] += back[:, y, x][:, None, None] * r
    inside = slice(2 * reach, -2 * reach)
    out = u - flow[:, inside, inside]
    out[: f.shape[0]] -= parameters.pull * (u[: f.shape[0]] - f)
    return out


@pytest.mark.parametrize(("size", "fold", "hidden"), [(3, 2, 3), (5, 1, 0), (7, 1, 1)])
def test_step_is_its_formula(size: int, fold: int, hidden: int) -> None:
    rng = np.random.default_rng(1)
    visible = 2 * fold**2
    u = rng.normal(0, 3, (visible + hidden, 23, 150))
    f = rng.normal(0, 3, (visible, 23, 150))
    parameters = random_step(visible + hidden, 5, size)
    expected = oracle(u, f, parameters, fold)
    np.testing.assert_allclose(step(u, f, parameters, fold, Tiling()), expected, atol=1e-12)
    small = step(u.astype(np.float32), f.astype(np.float32), parameters, fold, Tiling())
    np.testing.assert_allclose(small, expected, atol=3e-5)


@pytest.mark.parametrize("block", [(1, 1, 1), (5, 1, 40), (100, 1, 1000)])
def test_bits_do_not_depend_on_blocks(block: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(2)
    u = rng.normal(0, 3, (5, 13, 140)).astype(np.float32)
    parameters = random_step(5, 4, 3)
    expected = step(u, u[:4], parameters, 2, Tiling(threads=1))
    got = step(u, u[:4], parameters, 2, Tiling(block=block, threads=2))
    assert (got == expected).all()


def test_an_influence_function_goes_through_its_values() -> None:
    values = np.random.default_rng(4).standard_normal(12)
    d = ramps(values)
    knots = np.array(KNOTS[1:])
    np.testing.assert_allclose(influence(knots, d), values, atol=1e-12)
    np.testing.assert_allclose(influence(-knots, d), -values, atol=1e-12)
    assert influence(np.array([50.0]), d) == pytest.approx(values[-1])


def test_equation_is_the_stages_wherever_it_pauses() -> None:
    noisy = np.random.default_rng(5).normal(100, 20, (31, 45)).astype(np.float32)
    model = shipped("fast")
    expected = run(noisy[None], model, 20.0)[0]
    whole = divgrad.evolve(noisy, Learned(20.0), until=divgrad.Steps(model.stages))
    assert (whole.u == expected).all()
    *_, last = divgrad.march(noisy, Learned(20.0), until=divgrad.Time(model.stages))
    assert last.step == model.stages
    assert (last.u == expected).all()
    more = divgrad.evolve(noisy, Learned(20.0), until=divgrad.Steps(model.stages + 3))
    assert (more.u == expected).all()


def test_what_it_cannot_do_is_said() -> None:
    with pytest.raises(ImageError, match="2-D"):
        divgrad.evolve(np.zeros((4, 4, 4)), Learned(20.0), until=divgrad.Steps(1))
    with pytest.raises(ParameterError, match="whole stages"):
        divgrad.evolve(
            np.eye(8), Learned(20.0), scheme=divgrad.Explicit(0.5), until=divgrad.Steps(2)
        )
    with pytest.raises(ParameterError, match="no model 'slow'"):
        divgrad.evolve(np.eye(8), Learned(20.0, "slow"), until=divgrad.Steps(1))


def test_a_file_that_is_no_model_is_refused(tmp_path) -> None:
    for number, data in enumerate((b"", b"\x89PNG....", (2).to_bytes(8, "little") + b"{}")):
        path = tmp_path / f"{number}.safetensors"
        path.write_bytes(data)
        with pytest.raises(ParameterError, match="holds no learned diffusion"):
            read(path)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 2), (40, 33)])
@pytest.mark.parametrize("value", [0.0, 255.0, 77.0])
def test_flat_and_tiny_images_stay(shape: tuple[int, int], value: float) -> None:
    flat = np.full((1, *shape), value, np.float32)
    for sigma in (1.0, 25.0, 75.0):
        np.testing.assert_allclose(run(flat, shipped("fast"), sigma), flat, atol=2e-3)


def test_noise_goes_and_the_mean_stays() -> None:
    clean = np.zeros((96, 96), np.float32)
    clean[:, 48:] = 200.0
    clean[20:40, 20:70] = 90.0
    for sigma in (10.0, 25.0, 50.0):
        noise = np.random.default_rng(6).normal(0, sigma, clean.shape).astype(np.float32)
        out = run((clean + noise)[None], shipped("fast"), sigma)[0]
        assert ((out - clean) ** 2).mean() < 0.12 * sigma**2
        assert abs(float(out.mean() - (clean + noise).mean())) < 1e-3 * float(clean.mean())
        inverted = run((-clean - noise)[None], shipped("fast"), sigma)[0]
        np.testing.assert_allclose(inverted, -out, atol=1e-3)


@pytest.mark.parametrize(
    "architecture",
    [
        {"stages": 2, "filters": 7, "size": 3, "fold": 2, "hidden": 3},
        {"stages": 2, "filters": 5, "size": 5, "channels": 3},
        {"stages": 2, "filters": 6, "size": 3, "channels": 3, "fold": 2, "luma": "fast"},
        {"stages": 1, "filters": 6, "size": 7},
    ],
)
def test_agrees_with_pytorch(architecture: dict[str, Any], tmp_path) -> None:
    torch = pytest.importorskip("torch")
    from divgrad.learned.model import Architecture, Diffusion
    from divgrad.learned.weights import write

    torch.manual_seed(0)
    network = Diffusion(Architecture(**architecture))
    with torch.no_grad():
        for p in network.parameters():
            p += 0.1 * torch.randn_like(p)
    path = tmp_path / "model.safetensors"
    write(
        path,
        {k: v.numpy() for k, v in network.state_dict().items()},
        {"architecture": network.describe(), "knots": list(KNOTS)},
    )
    model: Model = read(path)
    image = np.random.default_rng(7).uniform(0, 255, (model.channels, 37, 50)).astype(np.float32)
    for sigma in (3.0, 40.0):
        with torch.no_grad():
            expected = network(torch.from_numpy(image)[None], torch.tensor([sigma]))[0].numpy()
        assert np.abs(expected - image).max() > 1.0
        np.testing.assert_allclose(run(image, model, sigma), expected, rtol=0, atol=1e-4 * 255)


def test_fused_gradients_are_those_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    from divgrad.learned.model import Influence, plain_influence

    torch.manual_seed(0)
    given = (
        4 * torch.randn(2, 3, 9, 9),
        torch.rand(2, 3) + 0.5,
        torch.rand(2, 3) + 0.5,
        torch.randn(3, 12),
    )
    weight = torch.randn(2, 3, 9, 9)
    found = []
    for function in (Influence.apply, plain_influence):
        leaves = [t.clone().requires_grad_() for t in given]
        (function(*leaves) * weight).sum().backward()
        found.append([leaf.grad for leaf in leaves])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_clean_image_stays_within_its_rounding(name: str) -> None:
    y, x = np.mgrid[:80, :80]
    clean = np.rint(120 + 60 * np.sin(x / 3) * np.cos(y / 7) + 50 * (x + y > 90)).astype(np.float32)
    model = shipped(name)
    image = np.stack([clean, clean[::-1], 0.5 * clean][: model.channels])
    assert np.abs(run(image, model, 0.1) - image).max() < 0.5
    louder = np.random.default_rng(9).normal(100, 200, (model.channels, 64, 64)).astype(np.float32)
    assert run(louder, model, 200.0).std() < 60


@pytest.mark.parametrize("name", NAMES)
def test_large_images_go_slab_by_slab_to_the_same_bits(monkeypatch, name):
    model = shipped(name)
    shape = (model.channels, 401, 60)
    image = np.random.default_rng(0).normal(100, 20, shape).astype(np.float32)
    whole = run(image, model, 20.0)
    tiles = Tiling(block=(23, 1, 17), threads=2)
    np.testing.assert_array_equal(run(image, model, 20.0, tiling=tiles), whole)
    monkeypatch.setattr("divgrad.learned.running.SMALL", 10)
    np.testing.assert_array_equal(run(image, model, 20.0), whole)


def scene(size: int = 96) -> np.ndarray:
    """A scene of three colours with edges in all of them."""
    y, x = np.mgrid[:size, :size] / size
    light = 90 + 70 * (x + 0.3 * y > 0.6) + 30 * np.sin(9 * y)
    tint = np.array([1.1, 1.0, 0.8])[:, None, None] + 0.15 * np.array([1, 0, -1])[:, None, None] * (
        (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.1
    )
    return (light * tint).astype(np.float32)


@pytest.mark.parametrize("name", ["fast-colour", "best-colour"])
def test_colours_go_together_and_each_keeps_its_mean(name: str) -> None:
    clean, grey = scene(), shipped(name.removesuffix("-colour"))
    noisy = clean + np.random.default_rng(1).normal(0, 20, clean.shape).astype(np.float32)
    together = run(noisy, shipped(name), 20.0)
    alone = np.concatenate([run(part[None], grey, 20.0) for part in noisy])
    assert ((together - clean) ** 2).mean() < 0.8 * ((alone - clean) ** 2).mean()
    moved = together.mean(axis=(1, 2)) - noisy.mean(axis=(1, 2))
    assert np.abs(moved / clean.mean(axis=(1, 2))).max() < 1e-3
    whole = divgrad.evolve(
        noisy, Learned(20.0, name), until=divgrad.Steps(shipped(name).stages), channel_axis=0
    )
    np.testing.assert_array_equal(whole.u, together)


def test_denoise_takes_colours_together_and_other_channels_one_by_one() -> None:
    rng = np.random.default_rng(2)
    clean = np.moveaxis(scene(), 0, -1)
    noisy = clean + rng.normal(0, 20, clean.shape).astype(np.float32)
    made = divgrad.denoise(noisy, 20.0, model="fast", channel_axis=-1, report=True)
    assert any("taken together" in sentence for sentence in made.report)
    assert made.image.shape == clean.shape
    np.testing.assert_allclose(made.image.mean((0, 1)), noisy.mean((0, 1)), rtol=1e-3)
    unlike = np.stack([clean[..., 0], clean[::-1, :, 1].T, np.roll(clean[..., 2], 40, 0)], -1)
    noisy = unlike + rng.normal(0, 20, clean.shape).astype(np.float32)
    made = divgrad.denoise(noisy, 20.0, model="fast", channel_axis=-1, report=True)
    assert not any("taken together" in sentence for sentence in made.report)
    poisson = rng.poisson(clean / 4).astype(np.float32)
    made = divgrad.denoise(poisson, model="fast", channel_axis=-1, report=True)
    assert ((4 * made.image - clean) ** 2).mean() < 0.15 * ((4 * poisson - clean) ** 2).mean()
