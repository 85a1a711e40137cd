"""The command line: every command, its files and exit codes; whatever goes wrong is one line on stderr."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile

import divgrad
from divgrad import FSI, Explicit, Heat, PeronaMalik, Steps, Time, evolve
from divgrad.cli import main
from divgrad.cli.main import COMMANDS
from divgrad.cli.progress import Progress
from divgrad.equations import EQUATIONS
from divgrad.io import Picture, read, to_dtype, write
from divgrad.parameters import declared_in
from divgrad.schemes import SCHEMES
from divgrad.stopping import STOPS
from divgrad.tasks import TASKS

SOURCE = Path(divgrad.__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SOURCE)}
PROGRAM = "import sys; from divgrad.cli import main; sys.exit(main())"
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")
HEAT = ["--equation", "heat", "--until", "steps:2"]


@pytest.fixture(autouse=True)
def clean(tmp_path, monkeypatch):
    """In a folder of its own; what main() sets for its process is set back."""
    monkeypatch.chdir(tmp_path)
    logger, before = logging.getLogger("divgrad"), signal.getsignal(signal.SIGTERM)
    handlers, level = logger.handlers, logger.level
    yield
    logger.handlers = handlers
    logger.setLevel(level)
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def call(capsys):
    """Run a command line: -> exit code, stdout, stderr without the notice that kernels are compiled."""

    def run(*words):
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as error:  # argparse leaves in this way
            code = error.code
        out, err = capsys.readouterr()
        kept = [line for line in err.splitlines() if "compiling kernels" not in line]
        return code, out, "\n".join(kept)

    return run


def noise(shape, top=255.0, seed=0):
    y, x = np.indices(shape[:2]) / 8.0
    smooth = (0.5 + 0.4 * np.sin(y) * np.cos(x)).reshape(shape[:2] + (1,) * (len(shape) - 2))
    return np.clip(smooth + np.random.default_rng(seed).normal(0.0, 0.06, shape), 0.0, 1.0) * top


def micrograph(path="cells.tif"):
    """A 16-bit TIFF with a measured pixel size."""
    image = to_dtype(noise((40, 52), 4095.0), "uint16")
    write(path, image, like=Picture(image, spacing=(0.5, 0.25), unit="um"))
    return image


def photograph(path="photo.png", channels=3, dtype="uint8"):
    image = to_dtype(noise((30, 33, channels)) * (257 if dtype == "uint16" else 1), dtype)
    write(path, image, channel_axis=-1)
    return image


def assert_one_error(err):
    """One line, from divgrad."""
    assert err.startswith("divgrad: error: ")
    assert len(err.splitlines()) == 1
    assert len(err) <= 300
    return err


def files(folder="."):
    return sorted(str(path) for path in Path(folder).rglob("*") if path.is_file())


# --- help -------------------------------------------------------------------------------------


def test_help_names_every_command(call):
    code, out, err = call("--help")
    assert (code, err) == (0, "")
    for name, sentence in COMMANDS.items():
        assert f"\n    {name} " in out
        assert sentence in " ".join(out.split())
    for meaning in ("0  done", "1  done in part", "2  not done", "130, 143  interrupted"):
        assert meaning in out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(call, command):
    code, out, err = call(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: divgrad {command} ")
    sentence = COMMANDS[command]
    assert sentence[0].upper() + sentence[1:] + "." in " ".join(out.split())
    assert "--json" in out
    assert f"divgrad {command}" in out.partition("example")[2]
    assert max(len(line) for line in out.splitlines()) < 250


def test_help_of_flow_is_made_of_the_declarations(call):
    _, out, _ = call("flow", "--help")
    for table in (EQUATIONS, SCHEMES, STOPS):
        for name, cls in table.items():
            assert f"  {name}: " in out
            for key, fact in declared_in(cls).items():
                assert f"      {key}: {fact.describe()[:-1]}; " in out
    assert "weickert" in out


@pytest.mark.parametrize("task", TASKS)
def test_help_of_a_task_is_made_of_the_declarations(call, task):
    _, out, _ = call(task.replace("_", "-"), "--help")
    module = __import__(f"divgrad.tasks.{task}", fromlist=["PARAMETERS"])
    words = " ".join(out.split())
    answered = ("channel_axis", "dtype", "report", *getattr(module, "FROM_FILE", ()))
    for key, fact in module.PARAMETERS.items():
        if key not in answered:
            assert f"--{key.replace('_', '-')}" in out
            assert " ".join(fact.describe().split()) in words


def test_version(call):
    assert call("--version") == (0, f"divgrad {divgrad.__version__}\n", "")


HEAVY = [
    "yaml",
    "numba",
    "llvmlite",
    "scipy",
    "skimage",
    "tifffile",
    "imagecodecs",
    "PIL",
    "torch",
    "dask",
]


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS), None], ids=str
)
def test_help_loads_nothing_heavy(words):
    program = "import sys, divgrad\n"
    if words is not None:
        program += (
            "from divgrad.cli import main\n"
            f"try:\n    main({words})\nexcept SystemExit as error:\n    assert error.code == 0\n"
        )
    program += f"print('LOADED', [name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], env=ENVIRONMENT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.endswith("LOADED []\n"), done.stdout[-300:] + done.stderr


# --- usage ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        [], ["nothing"], ["flow"], ["flow", "a.tif", "-e", "heat"], ["info"], ["flow", "--unknown"],
        ["flow", "a.tif", "--equat", "heat", "-u", "steps:1"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage(call, words):
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert err.startswith("usage: divgrad ")
    assert "error: " in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-e", "heat2", "-u", "steps:1"], "'heat2' is no equation; there are: heat"),
        (["-e", "perona-malik", "-u", "steps:1"], "write perona-malik:contrast=20"),
        (["-e", "perona-malik:contrast=-1", "-u", "steps:1"], "contrast must be a finite number > 0"),
        (["-e", "heat:speed=2", "-u", "steps:1"], "heat has no parameter 'speed'; it has: diff"),
        (["-e", "heat", "-u", "soon"], "'soon' is no stopping rule; there are: time, steps"),
        (["-e", "heat", "-u", "steps:two"], "steps must be a whole number >= 0; got 'two'"),
        (["-e", "heat", "-s", "magic", "-u", "steps:1"], "'magic' is no scheme; there are: explicit"),
        (["-e", "heat", "-s", "explicit:tau=9,split=false", "-u", "steps:1"], "a step of 9 is unstable"),
        ([*HEAT, "-o", "out.gif"], "out.gif: the suffix '.gif' is unknown; use one of .png"),
        ([*HEAT, "-o", "out"], "out: the suffix '' is unknown"),
        ([*HEAT, "-o", "nowhere/out.tif"], "nowhere/out.tif: its folder does not exist"),
        ([*HEAT, "-o", "cells.tif/sub/"], "the folder cells.tif/sub cannot be made"),
        ([*HEAT, "-o", "cells.tif"], "cells.tif exists (the input itself)"),
        ([*HEAT, "-o", "./cells.tif"], "cells.tif exists (the input itself)"),
        ([*HEAT, "-o", "."], "cells.tif exists (the input itself)"),
    ],
)  # fmt: skip
def test_refused(call, options, words):
    micrograph()
    before = Path("cells.tif").read_bytes()
    code, out, err = call("flow", "cells.tif", *options)
    assert (code, out) == (2, "")
    assert words in assert_one_error(err)
    assert files() == ["cells.tif"]
    assert Path("cells.tif").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--sigma", "-1"], "--sigma must be a finite number >= 0; got -1"),
        (["--sigma", "much"], "--sigma must be a finite number >= 0; got 'much'"),
        (["--contrast", "0"], "--contrast must be a finite number > 0; got 0"),
        (["--spacing", "a,b"], "--spacing needs lengths such as 0.5,0.1,0.1"),
        (["--spacing", "1,2,3"], "spacing needs one length, or one for each of the 2"),
        (["--until", "never"], "'never' is no stopping rule"),
    ],
)
def test_refused_by_denoise(call, options, words):
    micrograph()
    code, out, err = call("denoise", "cells.tif", *options)
    assert (code, out) == (2, "")
    assert words in assert_one_error(err)
    assert files() == ["cells.tif"]


def broken(path="broken.png"):
    Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))


def not_finite(path="nan.tif"):
    write(path, np.full((9, 9), np.nan, np.float32))


def stack(path="four.npy"):
    np.save(path, np.zeros((2, 3, 4, 5)))


def text(path="text.tif"):
    Path(path).write_text("not an image")


@pytest.mark.parametrize("command", [["flow", *HEAT], ["info"], ["denoise"]], ids=lambda c: c[0])
@pytest.mark.parametrize("make", [broken, not_finite, stack, text, None])
def test_images_that_cannot_be_treated(call, command, make):
    name = "missing.tif"
    if make is not None:
        make()
        (name,) = files()
    before = files()
    code, out, err = call(*command, name)
    assert (code, out) == (2, "")
    assert_one_error(err)
    assert files() == before
    code, out, err = call(*command, name, "--json")
    assert code == 2
    assert json.loads(out)["input"] == name
    assert json.loads(out)["error"] in assert_one_error(err)


# --- from file to file ------------------------------------------------------------------------


def test_16_bits_and_spacing_are_kept(call):
    image = micrograph()
    code, out, err = call(
        "flow", "cells.tif", "-e", "perona-malik:contrast=900", "-s", "fsi", "-u", "time:0.5"
    )
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("cells.tif: PeronaMalik(contrast=900.0")
    assert "  -> cells_flow.tif (" in out
    result = read("cells_flow.tif")
    assert result.array.dtype == np.uint16
    assert result.spacing == pytest.approx((0.5, 0.25))
    assert result.unit == "um"
    wanted = evolve(
        image, PeronaMalik(900.0), scheme=FSI(), until=Time(0.5), spacing=(0.5, 0.25)
    ).u  # fmt: skip
    np.testing.assert_array_equal(result.array, to_dtype(wanted, "uint16"))
    assert not np.array_equal(result.array, image)


def test_a_print_resolution_is_no_spacing(call):
    image = to_dtype(noise((20, 22)), "uint8")
    tifffile.imwrite("scan.tif", image, resolution=(300, 300), resolutionunit="INCH")
    code, out, _ = call("flow", "scan.tif", *HEAT, "-s", "explicit:tau=0.2", "--json")
    assert code == 0
    assert json.loads(out)["time"] == 0.4
    wanted = evolve(image, Heat(), scheme=Explicit(0.2), until=Steps(2)).u
    np.testing.assert_array_equal(read("scan_flow.tif").array, to_dtype(wanted, "uint8"))


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize(
    "command", [["flow", "-e", "perona-malik:30", "-u", "steps:4"], ["denoise"]]
)
def test_colours_and_opacity(call, command, channels, dtype):
    image = photograph("in.png", channels, dtype)
    code, _, err = call(*command, "in.png", "-o", "out.png")
    assert (code, err) == (0, "")
    result = read("out.png").array
    assert (result.dtype, result.shape) == (image.dtype, image.shape)
    colours = channels - (channels in (2, 4))
    np.testing.assert_array_equal(result[..., colours:], image[..., colours:])
    assert not np.array_equal(result[..., :colours], image[..., :colours])
    if command[0] == "flow":
        axis = -1 if colours > 1 else None
        flowing = image[..., :colours] if colours > 1 else image[..., 0]
        wanted = evolve(flowing, PeronaMalik(30.0), until=Steps(4), channel_axis=axis).u
        wanted = to_dtype(wanted, dtype).reshape(result[..., :colours].shape)
        np.testing.assert_array_equal(result[..., :colours], wanted)


def test_a_volume(call):
    image = to_dtype(noise((20, 22, 8)).transpose(2, 0, 1), "uint16")
    write("stack.tif", image, like=Picture(image, spacing=(2.0, 0.5, 0.5), unit="um"))
    assert call("flow", "stack.tif", *HEAT, "-s", "explicit:tau=0.01")[0] == 0
    result = read("stack_flow.tif")
    assert result.spacing == pytest.approx((2.0, 0.5, 0.5))
    wanted = evolve(
        image, Heat(), scheme=Explicit(tau=0.01), until=Steps(2), spacing=(2.0, 0.5, 0.5)
    ).u  # fmt: skip
    np.testing.assert_array_equal(result.array, to_dtype(wanted, "uint16"))


def test_volumes_are_denoised_as_volumes(call):
    image = to_dtype(60.0 + 90.0 * noise((9, 24, 24)), "uint8")
    write("stack.tif", image, like=Picture(image, spacing=(2.0, 0.5, 0.5), unit="um"))
    code, out, _ = call("denoise", "stack.tif", "--sigma", "20", "--json")
    assert code == 0
    assert any(said.startswith("Mixed") for said in json.loads(out)["report"])
    wanted = divgrad.denoise_volume(image, 20.0, spacing=(2.0, 0.5, 0.5), dtype="same")
    np.testing.assert_array_equal(read("stack_denoised.tif").array, wanted)


def test_whichever_rule_comes_first(call):
    micrograph()
    code, out, _ = call("flow", "cells.tif", "-e", "heat", "-s", "explicit:tau=0.01", "-u", "time:9",
                        "-u", "steps:33", "-u", "discrepancy:4000", "--json")  # fmt: skip
    found = json.loads(out)
    assert code == 0
    assert (found["steps"], found["until"].count("|")) == (33, 2)


def test_denoise_explains_itself(call):
    image = micrograph()
    code, out, err = call("denoise", "cells.tif")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "cells.tif"
    assert len(out.splitlines()) >= 3
    assert "  -> cells_denoised.tif (" in out.splitlines()[-1]
    result = read("cells_denoised.tif")
    assert result.array.dtype == np.uint16
    assert result.spacing == pytest.approx((0.5, 0.25))
    wanted = divgrad.denoise(image, spacing=(0.5, 0.25), dtype="uint16")
    np.testing.assert_array_equal(result.array, wanted)


def test_denoise_with_everything_stated(call):
    image = micrograph()
    code, out, _ = call("denoise", "cells.tif", "--sigma", "250", "--contrast", "800", "--until", "steps:3",
                        "--until", "time:50", "--spacing", "2,1", "--json")  # fmt: skip
    assert code == 0
    found = json.loads(out)
    assert found["sigma"] == 250.0
    wanted = divgrad.denoise(
        image,
        250.0,
        contrast=800.0,
        until=Steps(3) | Time(50.0),
        spacing=(2.0, 1.0),
        dtype="uint16",
    )
    np.testing.assert_array_equal(read(found["output"]).array, wanted)


def test_info(call):
    micrograph()
    code, out, err = call("info", "cells.tif")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "cells.tif"
    assert "40 x 52, uint16, 1 channel(s)" in out
    assert "0.5 x 0.25 um" in out
    code, out, err = call("info", "cells.tif", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["shape"], found["dtype"]) == ([40, 52], "uint16")
    assert found["spacing"] == pytest.approx([0.5, 0.25])
    assert found["noise_level"] == pytest.approx(0.06 * 4095, rel=0.25)
    assert files() == ["cells.tif"]


def test_info_of_an_image_without_contrast(call):
    write("flat.png", np.full((20, 20), 7, np.uint8))
    code, out, _ = call("info", "flat.png", "--json")
    assert code == 0
    assert json.loads(out, parse_constant=pytest.fail)["range"] == [7.0, 7.0]


# --- outputs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["flow", *HEAT], ["denoise"]], ids=lambda c: c[0])
def test_nothing_is_overwritten_unasked(call, command):
    micrograph()
    Path("kept.tif").write_text("precious")
    code, out, err = call(*command, "cells.tif", "-o", "kept.tif")
    assert (code, out) == (2, "")
    assert "kept.tif exists: choose another -o, or add --force" in assert_one_error(err)
    assert Path("kept.tif").read_text() == "precious"
    for force in ("-f", "--force"):
        assert call(*command, "cells.tif", "-o", "kept.tif", force)[0] == 0
    assert read("kept.tif").array.shape == (40, 52)
    assert files() == ["cells.tif", "kept.tif"]


def test_several_inputs_are_checked_before_any_work(call, monkeypatch):
    monkeypatch.setattr("divgrad.cli.flow._treat", lambda *_: pytest.fail("worked"))
    for name in ("a.tif", "b.tif"):
        micrograph(name)
    Path("b_flow.tif").write_text("precious")
    code, _, err = call("flow", "a.tif", "b.tif", *HEAT)
    assert code == 2
    assert "b_flow.tif exists" in assert_one_error(err)
    Path("x").mkdir()
    micrograph("x/a.tif")
    code, _, err = call("flow", "a.tif", "x/a.tif", *HEAT, "-o", "out")
    assert code == 2
    assert "two inputs would be written to" in assert_one_error(err)
    code, _, err = call("flow", "a.tif", "b.tif", *HEAT, "-o", "a.tif")
    assert code == 2
    assert "a.tif is a file: several inputs need a folder after -o" in assert_one_error(err)


@pytest.mark.parametrize("folder", ["there", "new", "new/deep", "new/"])
def test_outputs_in_a_folder(call, folder):
    Path("there").mkdir()
    micrograph("a.tif")
    photograph("b.png")
    assert call("flow", "a.tif", "b.png", *HEAT, "-o", folder)[0] == 0
    assert read(Path(folder) / "a.tif").array.dtype == np.uint16
    assert read(Path(folder) / "b.png").array.shape == (30, 33, 3)


def test_one_output_in_a_folder(call):
    micrograph("a.tif")
    assert call("flow", "a.tif", *HEAT, "-o", "new/")[0] == 0
    assert files("new") == ["new/a.tif"]


def test_one_of_several_is_broken(call):
    micrograph("a.tif")
    broken("b.png")
    photograph("c.png")
    code, out, err = call("flow", "a.tif", "b.png", "missing.tif", "c.png", *HEAT)
    assert code == 1
    errors = err.splitlines()
    assert len(errors) == 2
    assert "b.png" in assert_one_error(errors[0])
    assert "missing.tif" in assert_one_error(errors[1])
    assert out.count("  -> ") == 2
    assert files() == ["a.tif", "a_flow.tif", "b.png", "c.png", "c_flow.png"]
    code, out, err = call("flow", "a.tif", "b.png", *HEAT, "-f", "--json")
    assert code == 1
    first, second = json.loads(out)["files"]
    assert first["output"] == "a_flow.tif"
    assert "b.png" in second["error"]
    assert call("info", "a.tif", "b.png")[0] == 1
    assert call("info", "b.png", "missing.tif")[0] == 2


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (["flow", *HEAT], "input output equation scheme until time steps notes seconds"),
        (["denoise"], "input output report sigma noise notes seconds"),
    ],
    ids=["flow", "denoise"],
)
def test_json_is_all_there_is_on_stdout(call, command, keys):
    micrograph("a.tif")
    micrograph("b.tif")
    code, out, err = call(*command, "a.tif", "--json")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 1
    assert set(json.loads(out)) == set(keys.split())
    code, out, _ = call(*command, "a.tif", "b.tif", "--json", "-f")
    assert code == 0
    assert [found["input"] for found in json.loads(out)["files"]] == ["a.tif", "b.tif"]


def test_quiet(call):
    micrograph()
    assert call("flow", "cells.tif", *HEAT, "-q") == (0, "", "")
    assert call("denoise", "cells.tif", "--quiet") == (0, "", "")


def test_what_cannot_be_kept_is_said(call):
    micrograph()
    code, out, _ = call("flow", "cells.tif", *HEAT, "-o", "out.png", "--json")
    assert code == 0
    assert read("out.png").array.dtype == np.uint16
    assert all(isinstance(note, str) for note in json.loads(out)["notes"])


# --- demo -------------------------------------------------------------------------------------


def test_demo(call):
    code, out, err = call("demo", "--json")
    assert (code, err) == (0, "")
    for found in json.loads(out)["images"]:
        before, after = found["psnr"]
        assert after > before + 3.0
        assert found["ssim"][1] > found["ssim"][0]
        assert found["report"]
        assert read(found["picture"]).array.ndim == 2
    assert files() == ["divgrad-demo/micrograph.png", "divgrad-demo/photograph.png"]
    code, out, err = call("demo", "--folder", "look")
    assert (code, err) == (0, "")
    assert out.count("PSNR") == 2
    assert "look/photograph.png" in out
    Path("file").write_text("in the way")
    code, _, err = call("demo", "--folder", "file")
    assert code == 2
    assert_one_error(err)


# --- interrupted, terminated, cut off ---------------------------------------------------------


def start(*words, **options):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words], env=ENVIRONMENT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


@POSIX
@pytest.mark.parametrize(
    ("sent", "code", "said"),
    [
        (signal.SIGINT, 130, "divgrad: interrupted; nothing was written half-way\n"),
        (signal.SIGTERM, 143, ""),
    ],
)
def test_signals(call, sent, code, said):
    write("a.tif", noise((8, 9)).astype(np.float32))
    write("b.tif", np.zeros((2000, 2000), np.float32) + noise((2000, 2000)).astype(np.float32))
    assert call("flow", "a.tif", "-e", "heat", "-u", "steps:40", "-q", "-o", "warm.tif")[0] == 0
    with start("flow", "a.tif", "b.tif", "-e", "heat", "-u", "steps:20000") as process:
        assert process.stdout.readline().startswith("a.tif: ")  # then b.tif is next
        process.stdout.readline()
        time.sleep(0.7)
        process.send_signal(sent)
        began = time.monotonic()
        _, err = process.communicate(timeout=20)
        assert time.monotonic() - began < 5.0
    assert process.returncode == code, err
    assert err == said
    assert files() == ["a.tif", "a_flow.tif", "b.tif", "warm.tif"]


@POSIX
@pytest.mark.parametrize(
    "words", [["info", "a.tif"], ["info", "a.tif", "--json"], ["info", "--help"]]
)
def test_whoever_reads_may_leave(words):
    micrograph("a.tif")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], env=ENVIRONMENT, text=True, timeout=60,
        stdout=writing, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(writing)
    assert "Traceback" not in done.stderr
    if words[-1] != "--help":
        assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_no_room_for_what_is_said():
    micrograph("a.tif")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "info", "a.tif"], env=ENVIRONMENT, text=True,
            stdout=full, stderr=subprocess.PIPE, timeout=60,
        )  # fmt: skip
    assert done.returncode == 2
    assert_one_error(done.stderr)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (MemoryError(), 2, "not enough memory"),
        (PermissionError(13, "Permission denied"), 2, "Permission denied"),
        (KeyboardInterrupt(), 130, "divgrad: interrupted"),
    ],
)
def test_other_ends(call, monkeypatch, error, code, words):
    def fail(*_):
        raise error

    micrograph()
    monkeypatch.setattr("divgrad.cli.flow._treat", fail)
    got, out, err = call("flow", "cells.tif", *HEAT)
    assert (got, out) == (code, "")
    assert words in err
    assert len(err.splitlines()) == 1


def test_mistakes_of_divgrad_itself_are_not_hidden(call, monkeypatch):
    micrograph()
    monkeypatch.setattr("divgrad.cli.flow._treat", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["flow", "cells.tif", *HEAT])


def test_from_another_thread():
    micrograph()
    codes = []
    words = ["flow", "cells.tif", *HEAT, "-q"]
    thread = threading.Thread(target=lambda: codes.append(main(words)))
    thread.start()
    thread.join()
    assert codes == [0]


# --- the progress bar -------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_progress_bar_shows_itself_on_a_terminal_only():
    for stream, wait, shown in [
        (Terminal(), 0.02, True),
        (Terminal(), 60.0, False),
        (io.StringIO(), 0.0, False),
    ]:
        with Progress("denoise", stream, wait) as bar:
            bar(0.5)
            time.sleep(0.1)
        text = stream.getvalue()
        assert bool(text) == shown
        if shown:
            assert "denoise [###############               ]  50 %" in text
            assert text.endswith("\r\x1b[K")  # it wipes itself out


def test_of_several_files_the_one_that_fails_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, value in (("a.tif", 1.0), ("b.tif", np.nan)):
        write(name, np.full((8, 8), value, np.float32))
    flow = ["flow", "-e", "heat", "-u", "steps:1", "-o", "out/"]
    assert main([*flow, "a.tif", "b.tif"]) == 1
    assert capsys.readouterr().err.startswith("divgrad: error: b.tif: the image has 64 pixels")
    assert main([*flow, "b.tif"]) == 2
    assert capsys.readouterr().err.startswith("divgrad: error: the image has 64 pixels")


def test_the_command_is_there_as_a_module_too():
    words = [sys.executable, "-m", "divgrad", "--version"]
    said = subprocess.run(words, check=True, env=ENVIRONMENT, capture_output=True, text=True).stdout
    assert divgrad.__version__ in said
