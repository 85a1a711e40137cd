"""Fuzz recipes: whatever the text, a recipe or one RecipeError of one line, in time; what is read is written so.

    nice -n 10 python bench/fuzz/recipes.py --seconds 600 [--corpus FOLDER]

Needs atheris (pip install atheris). A finding ends the run, with the text that leads to it kept in FOLDER.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["divgrad.recipes", "divgrad.parameters", "yaml"]):
    import yaml  # noqa: F401

    from divgrad.recipes import loads
    from divgrad.recipes.text import parse_text

from divgrad.errors import RecipeError
from divgrad.parameters import Parameter
from divgrad.recipes.step import known, needed, parameters
from divgrad.recipes.written import WRITTEN

SECONDS = 3.0  # for the longest text
WORDS = (
    "divgrad: 1",
    "steps:",
    "- ",
    "flow",
    "&a",
    "*a",
    "!!str",
    "---",
    "? ",
    "|",
    ">",
    "~",
    "none",
)


def example(key: str, fact: Parameter) -> str:
    if key in WRITTEN:
        texts = {
            "until": "[steps:3, time:1]",
            "spacing": "0.5,0.5",
            "model": "fast",
            "mask": "255,0,0",
            "scheme": "fsi",
        }
        return texts.get(key, "perona-malik:contrast=20")
    return "true" if fact.kind is bool else fact.example or str(fact.least or 3)


def seed(folder: Path) -> None:
    """Write a recipe of every task with all its parameters, and of all tasks."""
    for name in known():
        lines = ["divgrad: 1", "steps:", f"  - {name}:"]
        for key, fact in parameters(name).items():
            if key not in ("seeds", "border", "target"):
                lines.append(f"      {key}: {example(key, fact)}")
        (folder / f"{name}.yaml").write_text("\n".join(lines))
    names = [name for name in known() if not needed(name)]
    (folder / "all.yaml").write_text(f"divgrad: 1\nsteps: [{', '.join(names)}]")
    (folder / "words.dict").write_text("\n".join(f'"{word}"' for word in (*WORDS, *known())))


def one(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    began = time.process_time()
    try:
        recipe = loads(text, "/nowhere")
    except RecipeError as refusal:
        said = str(refusal)
        assert said, "an empty message"
        assert len(said) <= 400, said
        assert "\n" not in said, said
    else:
        again = recipe.text()
        assert loads(again) == recipe, again
        recipe.digest()
        parse_text(again)
    assert time.process_time() - began < SECONDS, "too slow"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    corpus = options.corpus or Path(tempfile.mkdtemp(prefix="fuzz-recipes-"))
    corpus.mkdir(parents=True, exist_ok=True)
    seed(corpus)
    words = corpus / "words.dict"
    atheris.Setup(
        [
            sys.argv[0], str(corpus), f"-dict={words}", f"-max_total_time={options.seconds}", "-max_len=4096",
            f"-artifact_prefix={corpus}/found-", "-rss_limit_mb=2048",
        ],
        one,
    )  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
