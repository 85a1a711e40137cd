"""A process that treats files of a batch, one after the other, as its parent hands them over.

Lines of JSON come by standard input and go by standard output; nothing is pickled. When the parent is gone, however
that came about, its end of the pipe is closed: then the worker ends as on SIGTERM, and leaves nothing half-written.
"""

from __future__ import annotations

import dataclasses
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from divgrad.batches.plan import Job
from divgrad.batches.treating import Bench
from divgrad.grid import at_most_threads
from divgrad.io.pixels import Opening
from divgrad.io.replacing import abandon
from divgrad.recipes import loads

PATIENCE = 1.0  # seconds that a worker without parent may take to end in order


def serve(task: dict[str, Any]) -> None:
    """Treat files until a line says ``null``.

    Parameters
    ----------
    task
        ``recipe`` (its text), ``folder``, ``opening`` and ``since`` (see :class:`Bench`), and ``threads``.
    """
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who will say
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # whatever prints does not get among the answers
        todo: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=_listen, args=(todo,), daemon=True).start()
        bench = Bench(
            loads(task["recipe"]), Path(task["folder"]), Opening.of(task["opening"]), task["since"]
        )
        with at_most_threads(task["threads"]):
            while (given := todo.get()) is not None:
                job = Job(Path(given["input"]), given["output"], given["replace"])
                outcome = bench.treat(job, wait=given["wait"])
                answers.write(json.dumps(dataclasses.asdict(outcome)) + "\n")
                answers.flush()


def _listen(todo: queue.Queue[dict[str, Any] | None]) -> None:
    for line in sys.stdin:
        given = json.loads(line)
        todo.put(given)
        if given is None:
            return
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(PATIENCE)  # for the ordinary way out, unless it is inside a compiler
    abandon()
    os._exit(143)


def _end(*_: object) -> None:
    raise SystemExit(143)
