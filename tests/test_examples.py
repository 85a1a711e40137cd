"""Every example runs, and writes its picture."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from divgrad.io import read

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_writes_its_picture(
    example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(example), str(tmp_path)])
    runpy.run_path(str(example), run_name="__main__")
    pictures = list(tmp_path.iterdir())
    assert pictures, "no picture was written"
    for picture in pictures:
        assert np.ptp(read(picture).array) > 0


def test_the_guide_shows_every_picture() -> None:
    docs = Path(__file__).parents[1] / "docs"
    guide = (docs / "choosing.md").read_text()
    for example in EXAMPLES:
        assert f"](pictures/{example.stem}.png)" in guide, example.stem
        assert (docs / "pictures" / f"{example.stem}.png").exists(), "run: make pictures"
