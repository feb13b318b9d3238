"""The embedded farm: a dask cluster of processes on this machine, nothing to set up."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import dask
import psutil
from distributed import Client, LocalCluster, WorkerPlugin, as_completed

from olat.engine.driver import Failure, Result
from olat.engine.plan import Task
from olat.errors import FarmError
from olat.farm.threads import limit_threads

IN_FLIGHT = 2
"""Tasks in flight for each worker: one runs, one waits, so that no worker idles."""

SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": 0.85,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.logging": {"distributed": "critical"},
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 256 * 1024**2,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 64 * 1024**2,
}
"""Workers hold nothing between tasks, so nothing is worth spilling to disk. A worker's death comes
back at once for every task that was there; which of them is to blame is found out here. Freed
memory of a frame stays with its worker: given back to the system at once, as dask has it, every
array of the next frame costs page faults anew."""


class OneThread(WorkerPlugin):
    """Limits the native threads of every worker, also of one that was restarted."""

    name = "olat-threads"

    def setup(self, worker: Any) -> None:
        """Limit this worker."""
        limit_threads()


class LocalFarm:
    """Runs tasks in worker processes of one thread each.

    A crash in a decoder or a killed worker costs its task, not the run: a new worker takes its
    place. The scheduler cannot tell the task that killed a worker from one that only waited
    there, so each of them is tried once more with no other task in flight; what kills its worker
    even then has failed.
    """

    def __init__(self, workers: int, work: Callable[[Task], Result]) -> None:
        dask.config.set(SETTINGS)
        self.capacity = IN_FLIGHT * workers
        self._work = work
        self._cluster = _started(workers)
        self._client = Client(self._cluster, set_as_default=False)
        self._client.register_plugin(OneThread())
        self._tasks: dict[str, Task] = {}
        self._suspects: list[Task] = []
        self._futures = as_completed(loop=self._client.loop)

    def submit(self, task: Task) -> None:
        """Send a task to a worker."""
        future = self._client.submit(self._work, task, pure=False, retries=0)
        self._tasks[str(future.key)] = task
        self._futures.add(future)

    def wait(self) -> Iterable[tuple[Task, Result]]:
        """Return at least one finished task; its result leaves the cluster at once."""
        done: list[tuple[Task, Result]] = []
        while not done:
            alone = not self._tasks
            if alone:
                self.submit(self._suspects.pop(0))
            for future in self._futures.next_batch():
                task = self._tasks.pop(str(future.key))
                try:
                    done.append((task, future.result()))
                except Exception as error:  # noqa: BLE001 - work returns its own as data
                    if alone:
                        done.append((task, _death(task, error)))
                    else:
                        self._suspects.append(task)
                future.release()
        return done

    def close(self) -> None:
        """Stop the workers, whatever they do."""
        self._client.close(timeout=5)
        self._cluster.close(timeout=5)


def _started(workers: int) -> LocalCluster:
    """Start worker processes; say what to do where they cannot start."""
    try:
        with _deaf_to_interrupts():
            return LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # nobody looks, but the usual port may be taken
                scheduler_kwargs={"dashboard": False},
                silence_logs=50,
            )
    except (RuntimeError, OSError, TimeoutError) as error:
        raise FarmError(
            f"farm: {workers} workers could not be started: {error} A script that calls "
            'olat.process must do so below `if __name__ == "__main__":`; workers=0 '
            "(--workers 0) works without worker processes."
        ) from error


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes that ignore ctrl-C: the terminal sends it to all, this process answers it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _death(task: Task, error: Exception) -> Failure:
    """Return the death of a task's worker as a failure."""
    return Failure(
        stage=task.stage,
        unit=task.unit,
        kind=type(error).__name__,
        message=f"{task.stage} of camera {task.unit}: its worker died ({error}). Run "
        "`olat process` again; with --workers 0 the cause shows itself.",
        exit_code=3,
    )


def worker_count(pixels: int) -> int:
    """Return how many workers this machine can feed.

    Parameters
    ----------
    pixels
        Size of one photograph [px].
    """
    cores = len(os.sched_getaffinity(0))
    memory = psutil.virtual_memory().available
    each = 400 * 2**20 + 150 * pixels
    return max(1, min(cores, int(0.7 * memory / each)))
