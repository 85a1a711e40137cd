"""The command: what it prints, writes and refuses, and what it costs to ask it for help."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from divgrad import __version__
from divgrad.cli import main
from divgrad.cli.progress import Progress
from divgrad.io import Picture, read, write

COMMAND = [sys.executable, "-c", "import sys; from divgrad.cli import main; sys.exit(main())"]


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    ramp = np.add.outer(np.linspace(40, 120, 64), np.repeat([0.0, 80.0], 40))
    image = np.clip(ramp + np.random.default_rng(0).normal(0, 12, ramp.shape), 0, 255)
    path = tmp_path / "noisy.png"
    write(path, image.round().astype(np.uint8))
    return path


def run(*words: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def one_line(text: str) -> bool:
    return text.startswith("divgrad: error: ") and text.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["denoise", "--help"], ["flow", "--help"], ["info", "--help"]],
)
def test_help_does_not_import_numba(words):
    code = (
        "import sys\nfrom divgrad.cli import main\n"
        f"try: main({words!r})\nexcept SystemExit as end: assert end.code == 0\n"
        "assert 'numba' not in sys.modules and 'scipy' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "divgrad" in done.stdout


def test_importing_divgrad_loads_nothing_heavy():
    code = "import sys, divgrad; assert not {'numba', 'numpy', 'torch', 'dask'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"divgrad {__version__}\n"


def test_denoise_writes_beside_its_input_and_says_why(noisy, capsys):
    code, out, err = run("denoise", noisy, capsys=capsys)
    assert (code, err) == (0, "")
    result = read(noisy.with_name("noisy_denoised.png")).array
    assert result.dtype == np.uint8
    assert result[:, :36].astype(float).std(axis=1).mean() < 4
    assert "Grain" in out
    assert "noisy_denoised.png" in out


def test_denoise_as_json(noisy, tmp_path, capsys):
    code, out, _ = run("denoise", noisy, "-o", tmp_path / "a.png", "--json", capsys=capsys)
    found = json.loads(out)
    assert code == 0
    assert found["output"] == str(tmp_path / "a.png")
    assert found["sigma"] == pytest.approx(12, rel=0.15)
    assert len(found["report"]) >= 3


def test_options_are_checked_by_their_declarations(noisy, tmp_path, capsys):
    for words, said in (
        (["--sigma", "-3"], ">= 0"),
        (["--sigma", "loud"], "number"),
        (["--contrast", "0"], "> 0"),
        (["--until", "never"], "stopping rule"),
        (["--spacing", "1,x"], "--spacing"),
        (["--spacing", "1,2,3"], "2 spatial axes"),
    ):
        code, out, err = run("denoise", noisy, "-o", tmp_path / "a.png", *words, capsys=capsys)
        assert (code, out) == (2, "")
        assert one_line(err)
        assert said in err
    assert not (tmp_path / "a.png").exists()


def test_nothing_is_overwritten_unasked(noisy, tmp_path, capsys):
    before = noisy.read_bytes()
    flow = ["flow", noisy, "-e", "heat", "-u", "steps:2"]
    assert run(*flow, "-o", noisy, capsys=capsys)[0] == 2
    assert noisy.read_bytes() == before
    out = tmp_path / "out.png"
    assert run(*flow, "-o", out, capsys=capsys)[0] == 0
    written = out.read_bytes()
    code, _, err = run(*flow, "-o", out, capsys=capsys)
    assert code == 2
    assert one_line(err)
    assert "--force" in err
    assert out.read_bytes() == written
    assert run(*flow, "-o", out, "--force", capsys=capsys)[0] == 0


def test_flow_runs_any_equation_scheme_and_rule(noisy, tmp_path, capsys):
    import divgrad

    words = [
        "-e",
        "perona-malik:contrast=20,conductance=charbonnier",
        "-s",
        "fsi:2",
        "-u",
        "time:6",
    ]
    code, out, _ = run("flow", noisy, *words, "-o", tmp_path / "a.png", "--json", capsys=capsys)
    assert code == 0
    assert json.loads(out)["time"] == 6.0
    equation = divgrad.PeronaMalik(20.0, divgrad.conductances.charbonnier)
    image = read(noisy).array
    solution = divgrad.evolve(image, equation, scheme=divgrad.FSI(2.0), until=divgrad.Time(6))
    np.testing.assert_array_equal(read(tmp_path / "a.png").array, solution.u.round())


def test_flow_until_the_first_of_two_rules(noisy, tmp_path, capsys):
    words = ["-e", "heat", "-u", "time:100", "-u", "steps:3", "-o", tmp_path / "a.png", "--json"]
    code, out, _ = run("flow", noisy, *words, capsys=capsys)
    assert (code, json.loads(out)["steps"]) == (0, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-e", "boiling", "-u", "steps:1"], "heat"),
        (["-e", "perona-malik", "-u", "steps:1"], "contrast"),
        (["-e", "perona-malik:contrast=20,colour=3", "-u", "steps:1"], "colour"),
        (["-e", "perona-malik:contrast=20,conductance=mine", "-u", "steps:1"], "rational"),
        (["-e", "heat", "-u", "steps:many"], "whole number"),
        (["-e", "heat", "-s", "explicit:100,split=false", "-u", "steps:1"], "unstable"),
    ],
)
def test_flow_refuses_on_one_line(noisy, tmp_path, capsys, words, said):
    code, _, err = run("flow", noisy, *words, "-o", tmp_path / "a.png", capsys=capsys)
    assert code == 2
    assert one_line(err)
    assert said in err


def test_info(noisy, capsys):
    code, out, _ = run("info", noisy, "--json", capsys=capsys)
    found = json.loads(out)
    assert (code, found["shape"], found["dtype"], found["noise"]) == (
        0,
        [64, 80],
        "uint8",
        "gaussian",
    )
    assert found["noise_level"] == pytest.approx(12, rel=0.15)
    assert found["suggested_contrast"] > 0
    code, out, _ = run("info", noisy, capsys=capsys)
    assert "64 x 80, uint8" in out


def test_depth_spacing_and_metadata_are_kept(tmp_path, capsys):
    ramp = np.add.outer(np.linspace(1000, 40000, 12), np.zeros((40, 48)))
    stack = (ramp + np.random.default_rng(0).normal(0, 900, ramp.shape)).astype(np.uint16)
    like = Picture(stack, spacing=(2.0, 0.5, 0.5), unit="um")
    write(tmp_path / "stack.tif", stack, like=like)
    assert run("denoise", tmp_path / "stack.tif", capsys=capsys)[0] == 0
    result = read(tmp_path / "stack_denoised.tif")
    assert (result.array.dtype, result.array.shape) == (np.dtype(np.uint16), stack.shape)
    assert result.spacing == pytest.approx((2.0, 0.5, 0.5))
    assert result.unit == "um"


def test_opacity_is_left_alone(tmp_path, capsys):
    image = np.random.default_rng(0).integers(0, 255, (40, 40, 4), dtype=np.uint8)
    write(tmp_path / "a.png", image, channel_axis=-1)
    words = ["-e", "heat", "-u", "steps:3", "-o", tmp_path / "b.png"]
    assert run("flow", tmp_path / "a.png", *words, capsys=capsys)[0] == 0
    result = read(tmp_path / "b.png").array
    np.testing.assert_array_equal(result[..., 3], image[..., 3])
    assert result[..., 0].std() < image[..., 0].std()


def test_one_bad_file_does_not_stop_the_rest(noisy, tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_bytes(noisy.read_bytes()[:200])
    words = ["-e", "heat", "-u", "steps:1", "-o", tmp_path / "out"]
    code, out, err = run("flow", bad, noisy, *words, "--json", capsys=capsys)
    assert code == 1
    assert one_line(err)
    assert ["error" in found for found in json.loads(out)["files"]] == [True, False]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["noisy.png"]
    assert run("info", bad, capsys=capsys)[0] == 2


def test_two_inputs_never_go_to_one_output(noisy, tmp_path, capsys):
    code, _, err = run("denoise", noisy, noisy, "-o", tmp_path / "out", capsys=capsys)
    assert code == 2
    assert one_line(err)


def test_salt_and_pepper_is_refused_with_a_way_out(tmp_path, capsys):
    image = np.add.outer(np.arange(96), np.arange(96)).astype(np.uint8)
    hit = np.random.default_rng(0).random(image.shape)
    image[hit < 0.1], image[hit > 0.9] = 0, 255
    write(tmp_path / "a.png", image)
    code, _, err = run("denoise", tmp_path / "a.png", capsys=capsys)
    assert code == 2
    assert one_line(err)
    assert "sigma" in err
    assert not (tmp_path / "a_denoised.png").exists()


def test_demo(tmp_path, capsys):
    code, out, _ = run("demo", "--folder", tmp_path / "demo", "--json", capsys=capsys)
    images = json.loads(out)["images"]
    assert code == 0
    for found in images:
        assert found["psnr"][1] > found["psnr"][0] + 5
        assert found["ssim"][1] > found["ssim"][0]
        assert read(found["picture"]).array.ndim == 2


@pytest.mark.skipif(os.name == "nt", reason="signals of another kind")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_leaves_nothing(tmp_path, number, code):
    write(tmp_path / "a.tif", np.random.default_rng(0).random((1500, 1500), dtype=np.float32))
    words = ["flow", "a.tif", "-e", "heat", "-u", "steps:100000000", "-o", "b.tif"]
    process = subprocess.Popen(
        [*COMMAND, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(6)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


def test_progress_is_silent_where_nobody_watches(capsys):
    with Progress("work", wait=0.0) as bar:
        bar(0.5)
        time.sleep(0.05)
    said = capsys.readouterr()
    assert said.out + said.err == ""
