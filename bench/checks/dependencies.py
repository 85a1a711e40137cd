"""The pinned lock of everything divgrad depends on: whole, hashed, and without known holes.

    python bench/checks/dependencies.py [--lock]

`requirements.lock` beside this file is made by uv for all platforms, with the extras, from the registry that uv is set
to (`--lock` makes it anew), and names no registry itself. Install exactly that by
`pip install --require-hashes --no-deps -r bench/checks/requirements.lock`.

Exit 0: the lock is sound and pip-audit knows of no vulnerability. Exit 1: something is wrong. Exit 3: the lock is
sound, but the database of vulnerabilities cannot be reached from here, or does not know the packages.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LOCK = HERE / "requirements.lock"
EXTRAS = ("cluster", "formats", "learn")
_PINNED = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def lock() -> None:
    """Make the lock anew."""
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    command = [
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
    ]
    subprocess.run([*command, *extras, "pyproject.toml", "-o", str(LOCK)], check=True, cwd=ROOT)


def pinned(text: str) -> dict[str, set[str]]:
    """Return name -> versions of a lock; raise SystemExit where a line has no version or hash."""
    found: dict[str, set[str]] = {}
    for entry in re.split(r"\n(?=\S)", text.strip()):
        match = _PINNED.match(entry)
        if match is None or not _HASH.search(entry):
            raise SystemExit(f"not pinned, or without hash: {entry.splitlines()[0]}")
        found.setdefault(match[1], set()).add(match[2])
    if "://" in text or "--index" in text or "--find" in text:
        raise SystemExit("the lock names a registry")
    return found


def missing(found: dict[str, set[str]]) -> list[str]:
    """Return what pyproject.toml asks for and the lock does not give."""
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = list(project["dependencies"])
    for extra in EXTRAS:
        asked += project["optional-dependencies"][extra]
    lacking = []
    for text in asked:
        wanted = Requirement(text)
        name = re.sub(r"[-_.]+", "-", wanted.name).lower()
        if not found.get(name) or not all(wanted.specifier.contains(v) for v in found[name]):
            lacking.append(text)
    return lacking


def main() -> int:
    if "--lock" in sys.argv:
        lock()
    found = pinned(LOCK.read_text(encoding="utf-8"))
    lacking = missing(found)
    if lacking:
        print("not in the lock, make it anew with --lock:", ", ".join(lacking))
        return 1
    print(
        f"{len(found)} packages pinned, each with its hashes; all that pyproject.toml asks for is there"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "-r", str(LOCK), "--disable-pip", "--require-hashes",
         "--progress-spinner", "off", "--format", "json"],
        capture_output=True, text=True,
    )  # fmt: skip
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        print(
            "pip-audit reached no database:",
            (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:150],
        )
        return 3
    unknown = [p["name"] for p in packages if "skip_reason" in p]
    holes = [(p["name"], p["version"], v["id"]) for p in packages for v in p.get("vulns", ())]
    for name, version, which in holes:
        print(f"{name} {version}: {which}")
    print(
        f"pip-audit: {len(packages) - len(unknown)} looked up, {len(unknown)} unknown, {len(holes)} holes"
    )
    return 1 if holes else 3 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
