"""Blocks on the machines of a Dask cluster; a worker that dies loses nothing but the block it was at."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from divgrad.errors import ClusterError, DivgradError, ParameterError
from divgrad.volumes.blocks import Block
from divgrad.volumes.locally import Done, Runner
from divgrad.volumes.passes import Extent, Work
from divgrad.volumes.places import few_at_once, forget

TRIES = 2  # more, of a block that fails
DEATHS = 20  # of workers that were at a block, after which it is taken for the cause
SETTINGS = {
    "distributed.scheduler.allowed-failures": DEATHS,
    # Dask's own makes malloc give every block back to the system, and fetch it page by page: 1.5 times as slow.
    "distributed.nanny.pre-spawn-environ": {},
}
SILENT = logging.CRITICAL + 1
PATIENCE = 900.0  # seconds without any block being done
FOUND = 30.0  # seconds within which a cluster must answer


@contextlib.contextmanager
def on_cluster(
    address: str | None = None, *, workers: int | None = None, patience: float = PATIENCE
) -> Iterator[Runner]:
    """Give a runner for :func:`divgrad.volumes.evolve` that has its blocks done by a Dask cluster.

    Workers read and write the files themselves: they must see them under the same path. Tasks are sent as pickles, so
    that whoever reaches a scheduler or a worker may run anything there: only addresses with TLS, or of this machine,
    are taken.

    Parameters
    ----------
    address
        Of the scheduler: ``tls://host:port``, with the certificates of Dask's configuration
        (``distributed.comm.tls``), or ``tcp://127.0.0.1:port``. None: a cluster is started here, for as long.
    workers
        Of the cluster started here; None: one for each core.
    patience
        Seconds without any block being done, after which the run ends.

    Raises
    ------
    ClusterError
        If the cluster cannot be reached, or a block fails there however often it is tried.
    ParameterError
        If the address is neither with TLS nor of this machine.
    """
    if address is not None:
        refuse_open(address)
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise ParameterError(
            "clusters need the packages dask and distributed: pip install 'divgrad[cluster]'"
        ) from None
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    count = workers if workers is not None else cores
    if count < 1:
        raise ParameterError(f"workers must be a whole number >= 1; got {workers!r:.40}")
    with contextlib.ExitStack() as stack:
        stack.enter_context(_silent(logging.getLogger("distributed")))
        stack.enter_context(dask.config.set(SETTINGS))
        try:
            where: Any = address
            if address is None:
                where = stack.enter_context(
                    LocalCluster(
                        n_workers=count, threads_per_worker=1, host="127.0.0.1", dashboard_address=None,
                        memory_limit=0, silence_logs=SILENT,
                    )
                )  # fmt: skip
            client = stack.enter_context(Client(where, timeout=min(FOUND, patience)))
            client.wait_for_workers(1, timeout=min(FOUND, patience))
        except (OSError, TypeError, ValueError, RuntimeError) as error:
            said = " ".join(str(error).split())
            raise ClusterError(f"no workers at {address or 'this machine'}: {said:.120}") from None
        threads = max(1, cores // count) if address is None else 1

        def run(work: Work, todo: Sequence[tuple[int, Block]], done: Done) -> None:
            _run(client, _with_threads(work, threads), todo, done, patience)

        yield run


@contextlib.contextmanager
def _silent(log: logging.Logger) -> Iterator[None]:
    """Let Dask say nothing of its own: what goes wrong is said once, by the error that is raised."""
    before = log.level
    log.setLevel(SILENT)
    try:
        yield
    finally:
        log.setLevel(before)


def refuse_open(address: str) -> None:
    """Raise ParameterError unless an address has TLS or is of this machine.

    >>> refuse_open("tls://cluster.example:8786"), refuse_open("tcp://127.0.0.1:8786")
    (None, None)
    """
    kind, _, rest = address.rpartition("://")
    host = rest.rpartition(":")[0].strip("[]") or rest
    if kind == "tls":
        return
    if kind in ("tcp", ""):
        if host == "localhost":
            return
        with contextlib.suppress(ValueError):
            if ipaddress.ip_address(host).is_loopback:
                return
    raise ParameterError(
        f"{address:.60}: whoever reaches an open cluster may run anything on it: only tls://host:port, or "
        "tcp://127.0.0.1:port, is taken"
    )


def _with_threads(work: Any, threads: int) -> Any:
    """Return work whose blocks are computed on so many threads, unless it says a number itself."""
    grid = work.grid
    if grid.tiling.threads is not None:
        return work
    return replace(work, grid=replace(grid, tiling=replace(grid.tiling, threads=threads)))


def do_block(work: Work, block: Block) -> tuple[float, float]:
    """Do one block, on a worker; done twice it gives the same."""
    forget()
    with few_at_once(work.source):
        made, extent = work.make(block, work.load(block))
        work.store(block, made)
    return extent.low, extent.high


def _run(
    client: Any, work: Work, todo: Sequence[tuple[int, Block]], done: Done, patience: float
) -> None:
    from distributed import wait

    numbers: dict[Any, int] = {}
    for number, block in todo:
        future = client.submit(do_block, work, block, pure=False, retries=TRIES)
        numbers[future] = number
    going = set(numbers)
    try:
        while going:
            try:
                ended, going = wait(going, timeout=patience, return_when="FIRST_COMPLETED")
            except TimeoutError:
                raise ClusterError(
                    f"the cluster has done nothing for {patience:.0f} s: see whether its workers are there"
                ) from None
            for future in ended:
                if future.status != "finished":
                    raise _reason(future)
                done(numbers[future], Extent(*future.result()))
    finally:
        with contextlib.suppress(Exception):
            client.cancel(list(going), force=True)


def _reason(future: Any) -> Exception:
    error = future.exception()
    if isinstance(error, DivgradError):
        return error
    said = " ".join(str(error).split())
    return ClusterError(
        f"a block failed on the cluster {TRIES + 1} times: {type(error).__name__}: {said:.110}"
    )
