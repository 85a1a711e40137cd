"""Print the requirements of one dependency group of pyproject.toml (pip older than 25.1 cannot)."""

import sys
import tomllib
from pathlib import Path

groups = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
print(" ".join(groups["dependency-groups"][sys.argv[1]]))
