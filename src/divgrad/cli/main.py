"""Read the command line, run one sub-command, turn failures into one line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import ModuleType

from divgrad import __version__
from divgrad.cli import ending
from divgrad.cli.complaint import complain
from divgrad.errors import DivgradError
from divgrad.tasks import TASKS

# name -> what it does. Tasks share one module; the others have one each, with add_arguments(parser) and
# run(arguments) -> exit code.
COMMANDS = {
    **{name.replace("_", "-"): sentence for name, sentence in TASKS.items()},
    "flow": "run any equation by any scheme until any stopping rule",
    "batch": "follow a recipe over many files, and go on after an interrupt",
    "info": "say what an image is: size, kind and level of noise, contrast",
    "train": "learn a diffusion from images of your own",
    "demo": "denoise a photograph and a micrograph that ship with divgrad",
}

EXIT_CODES = """\
exit codes:
  0  done
  1  done in part: some of several files failed
  2  not done: wrong usage, an image or a file that cannot be treated
  130, 143  interrupted, terminated
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    if argv is None:  # the program itself, not a call from another one
        with ending.soon():
            return _run(sys.argv[1:])
    return _run(argv)


def _run(argv: Sequence[str]) -> int:
    words = list(argv)
    parser = _parser(words)
    logging.getLogger("divgrad").handlers = [_notices()]
    logging.getLogger("divgrad").setLevel(logging.INFO)
    try:
        if hasattr(signal, "SIGTERM") and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _terminated)
        arguments = parser.parse_args(words)
        code = int(_module(arguments.command).run(arguments))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print(ending.SAID, file=sys.stderr)
        return 130
    except DivgradError as error:
        complain(error)
        return 2
    except MemoryError:
        print("divgrad: error: not enough memory for this image", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:  # no room, no permission, ...
        complain(error)
        return 2


class _Overview(argparse.RawDescriptionHelpFormatter):
    """Sentences beside the names of all commands: argparse forgets how far these are indented."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = max(len(name) for name in COMMANDS) + 4


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser; only the sub-command that is asked for is loaded."""
    parser = argparse.ArgumentParser(
        prog="divgrad",
        description="PDE diffusion for people who measure with images.",
        epilog="examples:\n  divgrad denoise my.tif\n  divgrad info my.tif --json\n"
        "  divgrad denoise --help\n\n" + EXIT_CODES,
        formatter_class=_Overview,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"divgrad {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    asked = next((word for word in words if word in COMMANDS), None)
    for name, sentence in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=sentence,
            description=sentence[0].upper() + sentence[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if name == asked:
            add = _module(name).add_arguments
            add(sub, _task(name)) if _task(name) in TASKS else add(sub)
            sub.add_argument("--json", action="store_true", help="print one JSON object instead")
    return parser


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"divgrad.cli.{'task' if _task(name) in TASKS else name}")


def _task(command: str) -> str:
    """Return the name of a task as Python has it."""
    return command.replace("-", "_")


def _terminated(*_: object) -> None:
    raise SystemExit(143)


def _notices() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("divgrad: %(message)s"))
    return handler
