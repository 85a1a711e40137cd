"""Training of learned diffusion."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import divgrad.io
from divgrad.cli import main
from divgrad.errors import ParameterError
from divgrad.learned import read, run
from divgrad.learned.colouring import recoloured
from divgrad.learned.curve import draw
from divgrad.learned.data import held_out, load, patches
from divgrad.learned.noises import GaussianNoise, PoissonNoise

torch = pytest.importorskip("torch")

from divgrad.learned.model import Architecture  # noqa: E402
from divgrad.learned.trainer import train  # noqa: E402
from divgrad.learned.training import Recipe, Training  # noqa: E402

TINY = Architecture(stages=2, filters=6, size=3, fold=2, hidden=1)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def picture(seed: int = 0, size: int = 96) -> np.ndarray:
    """Discs of many sizes and greys."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    out = np.full((size, size), 128.0)
    for _ in range(40):
        cy, cx, r = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(3, 20)
        out[(y - cy) ** 2 + (x - cx) ** 2 < r * r] = rng.uniform(0, 255)
    return out.astype(np.float32)


def test_training_learns_and_its_model_runs_without_pytorch(tmp_path: Path) -> None:
    images = [picture(seed) for seed in range(3)]
    looks = list(
        train(
            images,
            tmp_path,
            architecture=TINY,
            recipe=Recipe(steps=60, batch=4, patch=48, every=20),
        )
    )
    assert [look.step for look in looks] == [20, 40, 60]
    assert looks[-1].loss < 0.8 * looks[0].loss
    model = read(tmp_path / "model.safetensors")
    assert model.metadata["step"] == "60"
    assert "GaussianNoise" in model.metadata["noise"]
    clean = picture(9)
    noisy = clean + np.random.default_rng(1).normal(0, 25, clean.shape).astype(np.float32)
    out = run(noisy[None], model, 25.0)[0]
    assert ((out - clean) ** 2).mean() < 0.75 * 25**2
    assert (tmp_path / "loss.png").stat().st_size > 1000


def test_batch_normalisation_is_folded_into_the_model_that_is_kept(tmp_path: Path) -> None:
    recipe = Recipe(steps=30, batch=4, patch=32, every=30, normalise=True)
    training = Training([(picture(1)[None], None)], [], tmp_path, architecture=TINY, recipe=recipe)
    list(training.run())
    assert not np.allclose(training.model.stages[0].spread, 1.0, atol=0.05)
    noisy = picture(9)[None] + np.random.default_rng(1).normal(0, 25, (1, 96, 96)).astype("f4")
    training.model.eval()
    with torch.no_grad():
        wanted = training.model(torch.from_numpy(noisy)[None], torch.tensor([25.0]))[0].numpy()
    got = run(noisy, read(tmp_path / "model.safetensors"), 25.0)
    assert float(np.abs(got - wanted).max()) < 0.01


def test_l_bfgs_goes_on_where_adam_ends(tmp_path: Path) -> None:
    def last(name: str, polish: int) -> float:
        recipe = Recipe(steps=5, batch=2, patch=32, every=5, polish=polish)
        training = Training(
            [(picture(1)[None], None)], [], tmp_path / name, architecture=TINY, recipe=recipe
        )
        list(training.run())
        batches = [next(training._batches(np.random.default_rng(7))) for _ in range(8)]
        with torch.no_grad():
            return float(np.mean([float(training._loss(batch)) for batch in batches]))

    assert last("polished", 15) < 0.9 * last("not", 0)


def test_a_killed_training_goes_on(tmp_path: Path) -> None:
    images, out = tmp_path / "images", tmp_path / "out"
    images.mkdir()
    for seed in range(2):
        divgrad.io.write(images / f"{seed}.png", picture(seed).astype(np.uint8))
    words = ["train", str(images), "-o", str(out), "--every", "1", "--steps", "100000"]
    code = "import sys, torch; torch.set_num_threads(1); from divgrad.cli import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code, *words], env=environment) as process:
        until = time.monotonic() + 120
        while not (out / "checkpoint.pt").exists() and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    step = torch.load(out / "checkpoint.pt", weights_only=True)["step"]
    assert step >= 1
    assert main([*words[:-1], str(step + 2)]) == 0
    assert torch.load(out / "checkpoint.pt", weights_only=True)["step"] == step + 2
    with pytest.raises(ParameterError, match="another architecture"):
        list(train(images, out, architecture=TINY))


def test_pairs_teach_their_own_noise(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for name in ("clean", "noisy"):
        (tmp_path / name).mkdir()
    for seed in range(2):
        clean = picture(seed)
        noisy = np.clip(clean + rng.normal(0, 30, clean.shape), 0, 255)
        divgrad.io.write(tmp_path / "clean" / f"{seed}.png", clean.astype(np.uint8))
        divgrad.io.write(tmp_path / "noisy" / f"{seed}.png", noisy.astype(np.uint8))
    looks = list(
        train(
            tmp_path,
            tmp_path / "out",
            architecture=TINY,
            recipe=Recipe(steps=40, batch=4, every=20),
        )
    )
    assert list(looks[0].scores) == ["pairs"]
    assert looks[-1].scores["pairs"] > looks[0].scores["pairs"]
    (tmp_path / "noisy" / "1.png").unlink()
    with pytest.raises(ParameterError, match="no noisy twin"):
        load(tmp_path)


def test_a_folder_without_images_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert "has no image" in capsys.readouterr().err


def test_patches_of_pairs_belong_together() -> None:
    clean = np.random.default_rng(0).random((1, 40, 50)).astype(np.float32)
    source = patches([(clean, clean + 7)], 16, 5, np.random.default_rng(1))
    for _ in range(5):
        a, b = next(source)
        np.testing.assert_allclose(b, a + 7, atol=1e-5)
    seen, unseen = held_out([(clean, None)] * 20, 16)
    assert (len(seen), len(unseen)) == (18, 2)


def test_noises_have_the_level_that_they_say() -> None:
    clean = np.full((64, 1, 32, 32), 60, np.float32)
    for noise in (GaussianNoise(2.0, 60.0), PoissonNoise(5.0, 500.0)):
        noisy, sigma = noise(clean, np.random.default_rng(5))
        ratio = (noisy - clean).std(axis=(1, 2, 3)) / sigma
        assert np.abs(ratio - 1).max() < 0.15
        assert abs(ratio.mean() - 1) < 0.02
        assert sigma.max() > 3 * sigma.min()


def test_the_curve_is_drawn(tmp_path: Path) -> None:
    draw(tmp_path / "loss.png", [(n, 3 / n, {"25": 20 + n}) for n in range(1, 9)])
    drawn = divgrad.io.read(tmp_path / "loss.png").array
    assert (drawn != 255).any(axis=-1).mean() > 0.01


def test_colours_are_learned_behind_a_grey_model_that_stays(tmp_path: Path) -> None:
    grey = picture(3)
    coloured = np.stack([grey, 0.5 * grey + 40, 255 - grey], -1)
    small = Architecture(stages=1, filters=6, size=3, channels=3, fold=2, luma="fast")
    recipe = Recipe(steps=40, batch=2, patch=32, every=20, recolour=True)
    looks = list(train([coloured, grey], tmp_path, architecture=small, recipe=recipe))
    assert looks[-1].loss < looks[0].loss
    model = read(tmp_path / "model.safetensors")
    assert model.luma is not None
    assert model.luma.stages == 6
    assert {name.split(".")[1] for name in model.arrays} == {"0"}
    noisy = coloured + np.random.default_rng(0).normal(0, 25, coloured.shape)
    noisy = np.ascontiguousarray(np.moveaxis(noisy, -1, 0), np.float32)
    assert np.mean((run(noisy, model, 25.0) - np.moveaxis(coloured, -1, 0)) ** 2) < 0.9 * 25**2


def test_other_colours_have_the_same_brightness() -> None:
    rng = np.random.default_rng(0)
    grey = np.repeat(picture(1)[None], 3, 0)
    for scene in (grey, grey * np.array([1.0, 0.7, 0.4], np.float32)[:, None, None]):
        for _ in range(4):
            out = recoloured(scene, rng)
            np.testing.assert_allclose(out.mean(0), scene.mean(0), atol=1e-3)
            assert np.abs(out - scene).max() > 0.5


def test_a_training_may_begin_with_a_trained_model(tmp_path: Path) -> None:
    recipe = Recipe(steps=2, batch=1, patch=32, every=2)
    list(train([picture()], tmp_path / "a", architecture=TINY, recipe=recipe))
    first = read(tmp_path / "a" / "model.safetensors")
    begun = Training(
        [(picture()[None], None)], [], tmp_path / "b", architecture=TINY, start=first
    ).model.arrays()
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(begun[name], array)
    with pytest.raises(ParameterError, match="another architecture"):
        Training([], [], tmp_path / "c", architecture=Architecture(stages=1), start=first)
