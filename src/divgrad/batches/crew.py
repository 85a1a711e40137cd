"""The processes of a batch: each gets a file, answers, and gets the next; one that dies is replaced."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from divgrad.batches.plan import Job
from divgrad.batches.treating import BUSY, FAILED, Bench, Outcome

# The parent's own way to find modules, and no folder before it.
_PROGRAM = (
    "import json, sys; task = json.loads(sys.stdin.readline()); sys.path[:] = task['path']; "
    "from divgrad.batches.worker import serve; serve(task)"
)
# Libraries that start threads of their own ask these.
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "TIFFFILE_NUM_THREADS",
)  # fmt: skip
GRACE = 0.5  # seconds that workers get to end in order
TRIES = 2  # of a file whose worker dies


class _Worker:
    """A process, and a thread that waits for its answers."""

    def __init__(self, task: dict[str, Any], answers: queue.Queue[tuple[_Worker, str]]) -> None:
        limits = dict.fromkeys(_THREADS, str(task["threads"]))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM], env=os.environ | limits, encoding="utf-8",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.answers = answers
        self.job: Job | None = None
        self.say(task)
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def say(self, given: Any) -> None:
        """Hand over a line; a worker that is dead will be noticed by its silence."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(json.dumps(given) + "\n")
            self.process.stdin.flush()

    def do(self, job: Job, wait: bool) -> None:
        """Hand over a file."""
        self.job = job
        self.say(
            {"input": str(job.input), "output": job.output, "replace": job.replace, "wait": wait}
        )

    def close(self) -> None:
        """Give back what belongs to a process that has ended."""
        self.process.wait()
        self.listener.join(GRACE)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # it has not read all that was handed over
                if pipe is not None:
                    pipe.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.answers.put((self, line))
        self.process.wait()
        self.answers.put((self, ""))


def work(bench: Bench, jobs: list[Job], workers: int, threads: int) -> Iterator[Outcome]:
    """Yield what becomes of each file, as it does; whatever ends the loop ends the processes too.

    Parameters
    ----------
    bench
        Recipe, folder, and how files are opened.
    jobs
        The files.
    workers, threads
        Number of processes, and of threads in each.
    """
    task = {
        "path": sys.path, "recipe": bench.recipe.text(), "folder": str(bench.folder),
        "since": bench.since, "threads": threads, "opening": dataclasses.asdict(bench.opening),
    }  # fmt: skip
    answers: queue.Queue[tuple[_Worker, str]] = queue.Queue()
    todo, later = deque(jobs), deque[Job]()  # later: another process is at them
    tries: dict[str, int] = {}
    crew: list[_Worker] = []
    try:
        for _ in range(min(workers, len(jobs))):
            crew.append(_Worker(task, answers))
            _next(crew[-1], todo, later)
        while any(worker.job for worker in crew):
            worker, line = answers.get()
            job, worker.job = worker.job, None
            if not line:  # it has died
                crew.remove(worker)
                worker.close()
                if job is None:
                    continue
                tries[job.key] = tries.get(job.key, 0) + 1
                if tries[job.key] < TRIES:
                    todo.appendleft(job)
                else:
                    yield _lost(bench, job, worker.process.returncode)
                crew.append(worker := _Worker(task, answers))
            else:
                outcome = _outcome(json.loads(line))
                if outcome.status == BUSY and job is not None:
                    later.append(job)
                else:
                    yield outcome
            _next(worker, todo, later)
    finally:
        _end(crew)
        for worker in crew:
            if worker.job is not None:
                bench.tidy(worker.job)


def _next(worker: _Worker, todo: deque[Job], later: deque[Job]) -> None:
    if todo:
        worker.do(todo.popleft(), False)
    elif later:
        worker.do(later.popleft(), True)
    else:
        worker.say(None)


def _outcome(said: dict[str, Any]) -> Outcome:
    made: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in said.items()}
    return Outcome(**made)


def _lost(bench: Bench, job: Job, code: int) -> Outcome:
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    said = (
        f"{job.input}: the process that treated it ended ({how}), {TRIES} times: too little memory?"
    )
    return Outcome(str(job.input), str(bench.folder / job.output), FAILED, error=said)


def _end(crew: list[_Worker]) -> None:
    """End all processes: in order where they do so at once, else by force."""
    until = time.monotonic() + GRACE
    idle = [worker for worker in crew if worker.job is None]
    for worker in crew:
        if worker not in idle and worker.process.poll() is None:
            worker.process.terminate()
    for worker in crew:
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(max(0.0, until - time.monotonic()))
        if worker.process.poll() is None:
            worker.process.kill()
        worker.close()
