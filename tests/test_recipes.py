"""CONTRIBUTING.md's recipes, followed to the letter in a copy of the package."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECIPES = re.split(r"^## ", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), flags=re.M)[1:]
TRIALS = {
    "Add a conductance": "",
    "Add an equation": """
import numpy as np, divgrad, divgrad.testing
from divgrad.recipes.specs import parse
from divgrad.equations import EQUATIONS
divgrad.testing.check_equation(parse("dark-blur:level=100", EQUATIONS, "equation"))
""",
    "Add a scheme": """
import divgrad, divgrad.testing
from divgrad.recipes.specs import parse
from divgrad.schemes import SCHEMES
divgrad.testing.check_scheme(parse("heun", SCHEMES, "scheme"))
""",
    "Add a task": """
import sys, numpy as np, divgrad
from divgrad.cli import main
from divgrad.io import read, write
ramp = np.add.outer(np.arange(48), np.zeros(64)).astype("u1")
assert divgrad.subtract_light(ramp).std() < ramp.std()
write("ramp.tif", ramp)
assert main(["subtract-light", "ramp.tif", "-o", "flat.tif", "--scale", "5"]) == 0
assert read("flat.tif").array.dtype == np.uint8
assert main(["subtract-light", "ramp.tif", "-o", "x.tif", "--scale", "-1"]) == 2
""",
}


def follow(recipe: str, folder: Path) -> list[Path]:
    """Do what a recipe says in a copy of the sources; return the files that it adds."""
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    added = []
    for code in re.findall(r"```python\n(.*?)```", recipe, flags=re.S):
        first, _, rest = code.partition("\n")
        if register := re.fullmatch(r"# register: (\w+) in (\S+)", first):
            table, path = register[1], folder / register[2]
            text = path.read_text(encoding="utf-8")
            *imports, line = rest.rstrip().splitlines()
            for statement in imports:
                text = text.replace("\nfrom divgrad", f"\n{statement}\nfrom divgrad", 1)
            text, count = re.subn(rf"(^{table}\b.*= [{{(]\n)", rf"\1{line}\n", text, flags=re.M)
            assert count == 1, f"{table} is not a table of {register[2]}"
            path.write_text(text, encoding="utf-8")
        else:
            path = folder / first.removeprefix("# ")
            path.write_text(rest, encoding="utf-8")
            added.append(path)
    return added


def run(*command: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "HOME": str(Path.home()), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", TRIALS)
def test_recipe_works_as_written(name: str, tmp_path: Path) -> None:
    recipe = next(text for text in RECIPES if text.startswith(name))
    added = follow(recipe, tmp_path)
    if TRIALS[name]:
        for path in added:
            module = ".".join(path.relative_to(tmp_path / "src").with_suffix("").parts)
            doctest = f"import doctest, {module} as m; assert doctest.testmod(m) == (0, doctest.testmod(m)[1])"
            run("-c", doctest, folder=tmp_path)
        run("-c", TRIALS[name], folder=tmp_path)
    else:
        run(str(added[0]), folder=tmp_path)


def test_there_are_four_recipes() -> None:
    assert [text.partition("\n")[0] for text in RECIPES] == list(TRIALS)
