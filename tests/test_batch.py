"""Recipes and batches: read strictly, replayed to the bit, resumed after kill -9, shared by processes."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import divgrad
from divgrad import PeronaMalik, Steps, evolve
from divgrad.batches import batch
from divgrad.batches.ledger import FOLDER, Ledger
from divgrad.cli import main
from divgrad.errors import ImageWriteError, ParameterError, RecipeError
from divgrad.grid import Tiling, at_most_threads, cores
from divgrad.io import read, to_dtype, write
from divgrad.recipes import load, loads

SOURCE = Path(divgrad.__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SOURCE)}
PROGRAM = "import sys; from divgrad.cli import main; sys.exit(main())"
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
FLOW = "perona-malik:contrast=20"
RECIPE = f"""\
divgrad: 1
steps:
  - flow: {{equation: "{FLOW}", until: "steps:3"}}
  - flow:
      equation: {FLOW}
      until: [steps:9, time:0.5]   # whichever comes first
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)


def images(count, size=24, into="in"):
    Path(into).mkdir(exist_ok=True)
    for n in range(count):
        noise = np.random.default_rng(n).normal(120.0, 30.0, (size, size))
        write(Path(into) / f"{n:03d}.{('tif', 'png')[n % 2]}", to_dtype(noise, "uint8"))


def hashes(place="out"):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in Path(place).iterdir()
        if path.suffix in (".tif", ".png")
    }


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "batch", *words], env=ENVIRONMENT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def noted(place="out"):
    """The outputs in the order in which the ledger says that they were made."""
    path = Path(place) / FOLDER / "ledger.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line)["output"] for line in lines]


def left(place="out"):
    """What lies in the batch's own folder beside the ledger."""
    return sorted(p.name for p in (Path(place) / FOLDER).iterdir() if p.name != "ledger.jsonl")


# --- recipes ----------------------------------------------------------------------------------


def test_a_chain_is_its_steps_after_each_other_unrounded():
    image = to_dtype(np.random.default_rng(0).normal(120.0, 30.0, (24, 24)), "uint8")
    first = evolve(image, PeronaMalik(20.0), until=Steps(3)).u
    wanted = evolve(first, PeronaMalik(20.0), until=Steps(9) | divgrad.Time(0.5)).u
    made = loads(RECIPE).run(image, report=True)
    np.testing.assert_array_equal(made.image, wanted)
    assert [said.split(":")[0] for said in made.report] == ["flow", "flow"]
    assert loads(loads(RECIPE).text()) == loads(RECIPE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the recipe is empty"),
        ("- denoise", "this is no recipe"),
        ("divgrad: 2\nsteps: [denoise]", "divgrad: 2 is another version of recipes; here is 1"),
        ("divgrad: 1\nsteps: [denoise]\nmore: 1", "'more' is unknown"),
        ("divgrad: 1\nsteps: denoise", "steps must be a list"),
        ("divgrad: 1\nsteps: [denoize]", "step 1: 'denoize' is no task; there are: denoise"),
        ("divgrad: 1\nsteps: [denoise: {sigma: -1}]", "sigma must be a finite number >= 0; got -1.0"),
        ("divgrad: 1\nsteps: [denoise: {sigma: yes}]", "must be a finite number >= 0; got 'yes'"),
        ("divgrad: 1\nsteps: [denoise: {sigma: [1, 2]}]", "sigma needs one value; got 2"),
        ("divgrad: 1\nsteps: [denoise: {sigma: {a: 1}}]", "a value is needed"),
        ("divgrad: 1\nsteps: [denoise: {speed: 1}]", "denoise has no parameter 'speed'"),
        ("divgrad: 1\nsteps: [denoise: {report: true}]", "denoise has no parameter 'report'"),
        ("divgrad: 1\nsteps: [denoise: 3]", "parameters are needed"),
        ("divgrad: 1\nsteps: [denoise: {sigma: 1, sigma: 2}]", "'sigma' is given twice"),
        ("divgrad: 1\nsteps: [flow: {until: 'steps:1'}]", "flow needs equation: write equation: per"),
        ("divgrad: 1\nsteps: [flow: {equation: heat2, until: 'steps:1'}]", "'heat2' is no equation"),
        ("divgrad: 1\nsteps: [inpaint: {mask: none.png}]", "there is no file"),
        ("divgrad: 1\nsteps: [&a denoise, *a]", "references (& and *) are not used"),
        ("divgrad: 1\nsteps: [!!python/name:os.system denoise]", "tags such as"),
        ("divgrad: 1\n---\nsteps: [denoise]", "line 2: a second document begins"),
        ("divgrad: 1\nsteps: " + "[" * 5000, "nested deeper than a recipe is"),
        ("divgrad: 1\nsteps: [denoise", "this is no YAML"),
        ("divgrad: 1\nsteps: \0", "this is no YAML"),
        ("divgrad: 1\nsteps: [" + "denoise, " * 20_000 + "]", "at most 65,536 characters"),
        ("divgrad: 1\nsteps: [" + "denoise, " * 200 + "]", "a recipe has 1 to 100 steps"),
        ("? [a]\n: 1", "a name is needed before the colon"),
    ],
)  # fmt: skip
def test_recipes_that_cannot_be_followed(text, words):
    with pytest.raises(RecipeError) as caught:
        loads(text)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


def test_values_are_what_is_written_not_what_yaml_makes_of_it():
    (step,) = loads("divgrad: 1\nsteps:\n- denoise: {sigma: 010, model: fast}").steps
    assert step.options() == {"sigma": 10.0, "model": "fast"}
    (step,) = loads("divgrad: 1\nsteps:\n- denoise:\n    sigma: 1e1\n    model: ~").steps
    assert step.options() == {"sigma": 10.0, "model": None}
    assert loads("divgrad: 1\nsteps: [repair_jpeg: ]").steps[0].name == "repair-jpeg"


def test_files_are_looked_for_beside_the_recipe_and_count_by_content():
    Path("deep").mkdir()
    write("deep/hole.png", np.eye(8, dtype=np.uint8))
    Path("deep/my.yaml").write_text("divgrad: 1\nsteps: [inpaint: {mask: hole.png}]")
    recipe = load("deep/my.yaml")
    assert recipe.steps[0].options()["mask"].sum() == 8
    before = recipe.digest()
    write("deep/hole.png", np.eye(9, dtype=np.uint8))
    assert recipe.digest() != before
    assert "#ff0000" in loads('divgrad: 1\nsteps: [inpaint: {mask: "#ff0000"}]').text()


@pytest.mark.parametrize(
    "words",
    [
        ["flow", "-e", FLOW, "-u", "steps:4", "-u", "time:9", "-s", "explicit:tau=0.1"],
        ["denoise", "--using", FLOW, "--until", "steps:3", "--sigma", "20"],
    ],
    ids=lambda words: words[0],
)
def test_every_command_prints_its_recipe_which_does_the_same(words, capsys):
    images(1)
    assert main([*words, "--recipe"]) == 0
    text = capsys.readouterr().out
    Path("my.yaml").write_text(text)
    assert main([*words, "in/000.tif", "-o", "by_command.tif", "-q"]) == 0
    assert main(["batch", "my.yaml", "in", "-o", "by_batch", "-q", "--workers", "1"]) == 0
    assert Path("by_command.tif").read_bytes() == Path("by_batch/000.tif").read_bytes()
    image = read("in/000.tif").array
    made = to_dtype(load("my.yaml").run(image), image.dtype)
    np.testing.assert_array_equal(made, read("by_command.tif").array)


def test_the_recipes_of_the_page_can_be_followed():
    page = (Path(__file__).parents[1] / "docs" / "recipes.md").read_text(encoding="utf-8")
    found = [loads(text) for text in re.findall(r"```yaml\n(.*?)```", page, flags=re.S)]
    assert [len(recipe.steps) for recipe in found] == [1, 3]


def test_labels_end_a_chain(monkeypatch):
    recipe = loads("divgrad: 1\nsteps: [segment-phases, flatten]")
    labels = SimpleNamespace(image=np.zeros((16, 16), np.uint8), report=())
    monkeypatch.setattr("divgrad.recipes.recipe.call", lambda *_: labels)
    with pytest.raises(divgrad.errors.ImageError, match="must be the last step"):
        recipe.run(np.random.default_rng(0).normal(size=(16, 16)))
    assert recipe.suffix(".jpg") == ".png"
    assert recipe.suffix(".TIF") == ".TIF"


# --- batches ----------------------------------------------------------------------------------


def test_threads_are_shared():
    with at_most_threads(1):
        assert Tiling().workers == 1
        assert Tiling(threads=3).workers == 3
    assert Tiling().workers == cores()
    with pytest.raises(ParameterError), at_most_threads(0):
        pass


def test_summary_errors_and_resume(capsys):
    images(4)
    Path("in/001.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    Path("my.yaml").write_text(RECIPE)
    words = ["batch", "my.yaml", "in", "missing.tif", "-o", "out", "--workers", "1"]
    assert main(words) == 1
    out, err = capsys.readouterr()
    assert out.count("  -> out/0") == 3
    assert out.endswith("5 files: 3 done, 2 failed\n  -> out/divgrad-batch.csv\n")
    errors = [line for line in err.splitlines() if "compiling" not in line]
    assert ["001.png" in errors[0], "missing.tif" in errors[1], len(errors)] == [True, True, 2]
    rows = list(csv.DictReader(Path("out/divgrad-batch.csv").read_text().splitlines()))
    assert [row["status"] for row in rows] == ["done", "failed", "done", "done", "failed"]
    assert rows == [
        {key: str(value) if not isinstance(value, list) else " ".join(value) for key, value in row.items()}
        for row in json.loads(Path("out/divgrad-batch.json").read_text())
    ]  # fmt: skip
    before = hashes()
    images(2)  # repaired; the first one is as it was, but newer
    write("in/002.tif", np.full((9, 9), 3, np.uint8))  # another image
    assert main([*words, "--json"]) == 1
    status = [row["status"] for row in json.loads(capsys.readouterr().out)["files"]]
    assert status == ["done before", "done", "done", "done before", "failed"]
    assert left() == []
    assert hashes()["000.tif"] == before["000.tif"]
    assert read("out/002.tif").array.shape == (9, 9)
    assert main(["batch", "my.yaml", "missing.tif", "-o", "other", "-q"]) == 2


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: images(1, into="other"), "would both be written to out/000.tif: rename one"),
        (lambda: images(1, 20, "out"), "exists and is not from this batch"),
        (lambda: Path("out").symlink_to("in"), "is an input itself"),
        (lambda: (Path("out").mkdir(), os.link("in/000.tif", "out/000.tif")), "is an input itself"),
        (lambda: (Path("out").mkdir(), Path("out/000.tif").symlink_to("/x")), "is a link: remove it"),
        (lambda: (Path("out").mkdir(), Path("out/000.tif").mkdir()), "is no file"),
        (lambda: Path("out").write_text(""), "the folder out cannot be made"),
    ],
)  # fmt: skip
def test_refused_before_any_work(make, words, monkeypatch):
    images(2)
    make()
    monkeypatch.setattr("divgrad.batches.treating.follow", lambda *_: pytest.fail("worked"))
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    given = ["in", *(["other"] if Path("other").exists() else [])]
    with pytest.raises((ParameterError, ImageWriteError), match=words):
        batch(loads(RECIPE), given, "out", workers=1)
    assert before == {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def test_a_folder_that_is_closed(monkeypatch):
    images(1)
    Path("out", FOLDER).mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda *_: False)  # as of a read-only disk, for root too
    with pytest.raises(ImageWriteError, match="the folder out cannot be written to"):
        batch(loads(RECIPE), ["in"], "out", workers=1)


def test_another_recipe_and_force():
    images(1)
    assert [o.status for o in batch(loads(RECIPE), ["in"], "out", workers=1)] == ["done"]
    other = loads(RECIPE.replace("steps:3", "steps:2"))
    with pytest.raises(ImageWriteError, match="was made by another recipe"):
        batch(other, ["in"], "out", workers=1)
    first = hashes()
    assert [o.status for o in batch(other, ["in"], "out", workers=1, force=True)] == ["done"]
    assert hashes() != first
    with pytest.raises(ParameterError, match=f"workers must be from 1 to {cores()}"):
        batch(other, ["in"], "out", workers=cores() + 1)


def test_a_ledger_that_was_cut_is_read_as_far_as_it_goes():
    images(2)
    list(batch(loads(RECIPE), ["in"], "out", workers=1))
    path = Path("out") / FOLDER / "ledger.jsonl"
    path.write_bytes(path.read_bytes()[:-20] + b"\xff\n{}\n[1]\nnull\n" + b'{"output"')
    Path("out/001.png").unlink()  # its line is lost: it would be nobody's
    done = sorted(o.status for o in batch(loads(RECIPE), ["in"], "out", workers=1))
    assert done == ["done", "done before"]
    assert sorted(o.status for o in batch(loads(RECIPE), ["in"], "out")) == ["done before"] * 2


@POSIX
def test_no_room(capsys):
    import resource

    images(3, 96)
    write("in/000.tif", np.zeros((9, 9), np.uint8))  # this one fits
    Path("my.yaml").write_text(RECIPE)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, hard))
    try:
        assert main(["batch", "my.yaml", "in", "-o", "out", "--workers", "1", "-q"]) == 1
        assert main(["flow", "in/001.png", "-e", FLOW, "-u", "steps:3", "-o", "out.tif"]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    lines = [line for line in capsys.readouterr().err.splitlines() if "compiling" not in line]
    assert len(lines) == 3
    assert all("cannot be written (" in line and len(line) <= 220 for line in lines)
    assert "out/001.png" in lines[0]
    assert (list(hashes()), left(), Path("out.tif").exists()) == (["000.tif"], [], False)
    assert main(["batch", "my.yaml", "in", "-o", "out", "--workers", "1", "-q"]) == 0
    assert len(hashes()) == 3


def test_folders_that_are_images():
    pytest.importorskip("numcodecs")
    image = to_dtype(np.random.default_rng(0).normal(120.0, 30.0, (24, 24)), "uint8")
    Path("in").mkdir()
    write("in/a.zarr", image)
    (done,) = batch(loads(RECIPE), ["in"], "out", workers=1)
    assert (done.status, done.output) == ("done", str(Path("out/a.zarr")))
    np.testing.assert_array_equal(
        read("out/a.zarr").array, to_dtype(loads(RECIPE).run(image), "uint8")
    )
    assert [o.status for o in batch(loads(RECIPE), ["in/a.zarr"], "out")] == ["done before"]
    write("in/a.zarr", image[:20])
    assert [o.status for o in batch(loads(RECIPE), ["in"], "out", workers=1)] == ["done"]
    assert read("out/a.zarr").array.shape == (20, 24)
    assert left() == []


@POSIX
def test_what_is_killed_goes_on_where_it_was():
    images(10, 96)
    text = RECIPE.replace("steps:3", "steps:300")
    Path("my.yaml").write_text(text)
    list(batch(loads(text), ["in"], "whole", workers=1))
    wanted = hashes("whole")
    chance = random.Random(1)
    for n in range(2):
        with start("my.yaml", "in", "-o", "out") as process:
            until = time.monotonic() + 20
            while len(noted()) < 3 * (n + 1) and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.03))
            if n:
                os.killpg(process.pid, signal.SIGKILL)  # all at once, as by a power failure
            else:
                process.kill()  # the parent alone: its workers notice
        assert hashes().items() <= wanted.items()  # none of them partial
    outcomes = list(batch(loads(text), ["in"], "out"))
    assert {o.status for o in outcomes} <= {"done", "done before", "done by another process"}
    assert all(isinstance(o.report, tuple) and o.report for o in outcomes)
    assert hashes() == wanted
    assert left() == []
    assert len(noted()) <= 10 + 2 * 2  # those whose name was not yet given when they were noted


@POSIX
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_workers_too(sent, code):
    images(2, 600)
    Path("my.yaml").write_text(RECIPE.replace("steps:3", "steps:200000"))
    with start("my.yaml", "in", "-o", "out") as process:
        until = time.monotonic() + 20
        while (
            len(left() if Path("out").exists() else ()) < min(2, cores())
            and time.monotonic() < until
        ):
            time.sleep(0.02)  # until every worker holds a lock
        time.sleep(0.5)
        os.killpg(process.pid, sent) if sent == signal.SIGINT else process.send_signal(sent)
        began = time.monotonic()
        _, err = process.communicate(timeout=20)
        assert time.monotonic() - began < 2.0
    assert process.returncode == code, err
    assert len(err.splitlines()) <= 1
    assert (hashes(), left()) == ({}, [])
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # none of the group is left


@POSIX
def test_two_processes_do_each_file_once():
    images(12, 96)
    Path("my.yaml").write_text(RECIPE.replace("steps:3", "steps:150"))
    words = ["my.yaml", "in", "-o", "out", "--json", "--workers", "1"]
    with start(*words) as one, start(*words) as two:
        said = [json.loads(process.communicate(timeout=60)[0])["files"] for process in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0)
    assert sorted(noted()) == sorted(hashes())
    for row in zip(*said, strict=True):
        assert sorted(found["status"] for found in row)[0] == "done"
        assert {found["status"] for found in row} & {"done by another process", "done before"}
    assert left() == []


def test_the_ledger_says_whether_a_file_is_its_own():
    images(1)
    list(batch(loads(RECIPE), ["in"], "out", workers=1))
    ledger = Ledger(Path("out"))
    ledger.refresh()
    os.utime("out/000.tif", (1, 1))  # copied by a program that does not keep times
    assert ledger.wrote(Path("out/000.tif")) is not None
    Path("out/000.tif").write_bytes(Path("out/000.tif").read_bytes()[:-1] + b"x")
    assert ledger.wrote(Path("out/000.tif")) is None


@pytest.mark.parametrize("workers", ["1", "2"])
def test_how_files_are_read_is_asked_of_the_batch(workers, monkeypatch, capsys):
    images(2)
    image = np.random.default_rng(5).normal(120.0, 30.0, (24, 24)).astype(np.float32)
    image[3, 4:7] = np.nan
    write("in/holed.tif", image)
    Path("in/broken.tif").write_bytes(b"II*\0 and no more")
    Path("my.yaml").write_text(RECIPE)
    words = ["batch", "my.yaml", "in", "-o", "out", "--workers", workers, "--isolated"]
    if workers == "1":
        from divgrad.io import pixels

        seen = []
        plain = pixels.read
        monkeypatch.setattr(
            pixels, "read", lambda path, isolated: seen.append(isolated) or plain(path, isolated=isolated)
        )  # fmt: skip
    assert main(words) == 1
    assert sorted(hashes()) == ["000.tif", "001.png"]
    if workers == "1":
        assert [limits.seconds for limits in seen] == [60.0] * 4
    said = sorted(capsys.readouterr().err.splitlines())
    assert max(map(len, said)) <= 200
    assert [line.split(": ")[2] for line in said] == ["in/broken.tif", "in/holed.tif"]
    assert main([*words, "--keep-nan"]) == 1
    assert sorted(hashes()) == ["000.tif", "001.png", "holed.tif"]
    made = read("out/holed.tif").array
    np.testing.assert_array_equal(np.isnan(made), np.isnan(image))


def test_how_files_are_read_is_no_part_of_a_recipe(capsys):
    for option in ("--isolated", "--keep-nan"):
        assert main(["denoise", "--recipe", option]) == 2
        assert f"{option} is about reading files" in capsys.readouterr().err
