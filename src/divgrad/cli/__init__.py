"""The ``divgrad`` command: argv -> task -> file.

Nothing here is imported by the rest of divgrad. Sub-commands load what they need when they run, so that
``divgrad --help`` answers at once.
"""

from __future__ import annotations

from divgrad.cli.main import main

__all__ = ["main"]
