"""The embedded farm: same results as in this process, and one dead worker costs one task."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from olat.engine.capture import Unit
from olat.engine.driver import Failure, Outcome, Result, attempt, drive
from olat.engine.plan import Plan, Task
from olat.engine.receipt import Receipt
from olat.farm.local import LocalFarm, worker_count

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.filterwarnings("default::ResourceWarning"),
    pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning"),
]


def receipt(task: Task, **metrics: float) -> Receipt:
    """Return a receipt that carries numbers."""
    return Receipt(
        key=task.key,
        stage=task.stage,
        revision=1,
        camera=task.unit.camera,
        frame=task.unit.frame,
        parameters={},
        inputs={},
        through={},
        outputs={},
        seconds=0.0,
        peak_memory_mb=0.0,
        metrics=metrics,
    )


def native_threads() -> dict[str, float]:
    """Return how many threads each native library may use in this process."""
    import cv2
    import numba
    import threadpoolctl

    pools = threadpoolctl.threadpool_info()
    return {
        "opencv": cv2.getNumThreads(),
        "numba": numba.get_num_threads(),
        "pools": max((pool["num_threads"] for pool in pools), default=1),
    }


def toy_work(task: Task) -> Result:
    """Do what the stage's name says."""

    def body() -> Receipt:
        if task.stage == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if task.stage == "slow":
            time.sleep(0.05)
        if task.stage.startswith("killed once"):
            mark = Path(task.stage.removeprefix("killed once "))
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        if task.stage == "fail":
            raise ValueError("a frame that cannot be read")
        if task.stage == "threads":
            return receipt(task, **native_threads())
        return receipt(task, process=os.getpid())

    return attempt(body, task)


def tasks(*stages: str) -> Plan:
    return Plan(
        tuple(
            Task(stage, Unit("A", number), str(number), "new", frozenset())
            for number, stage in enumerate(stages)
        ),
        {},
    )


@pytest.fixture(scope="module")
def farm():
    farm = LocalFarm(2, toy_work)
    yield farm
    farm.close()


def run(farm: LocalFarm, *stages: str) -> Outcome:
    return drive(tasks(*stages), farm, lambda *_: None)


def test_tasks_run_in_other_processes(farm: LocalFarm) -> None:
    outcome = run(farm, *["note"] * 12)
    processes = {done.metrics["process"] for done in outcome.receipts.values()}
    assert len(outcome.receipts) == 12
    assert os.getpid() not in processes


def test_a_failed_task_is_data_and_the_others_go_on(farm: LocalFarm) -> None:
    outcome = run(farm, "note", "fail", "note")
    assert len(outcome.receipts) == 2
    assert [failure.kind for failure in outcome.failures] == ["ValueError"]
    assert "a frame that cannot be read" in outcome.failures[0].message


def test_native_libraries_use_one_thread_in_a_worker(farm: LocalFarm) -> None:
    outcome = run(farm, "threads", "threads")
    for done in outcome.receipts.values():
        assert done.metrics == {"opencv": 1, "numba": 1, "pools": 1}


def test_a_crash_in_native_code_takes_one_task_with_it(farm: LocalFarm) -> None:
    outcome = run(farm, *["note"] * 4, "crash", *["note"] * 4)
    assert len(outcome.receipts) == 8
    (failure,) = outcome.failures
    assert isinstance(failure, Failure)
    assert failure.unit == Unit("A", 4)
    assert "its worker died" in failure.message


def test_those_that_crash_are_blamed_and_those_beside_them_are_not(farm: LocalFarm) -> None:
    stages = ["crash" if number in (3, 4, 11) else "slow" for number in range(16)]
    outcome = run(farm, *stages)
    assert {failure.unit.frame for failure in outcome.failures} == {3, 4, 11}
    assert len(outcome.receipts) == 13


def test_a_worker_killed_from_outside_costs_no_task(farm: LocalFarm, tmp_path: Path) -> None:
    outcome = run(farm, "slow", f"killed once {tmp_path / 'mark'}", "slow", "slow")
    assert outcome.failures == []
    assert len(outcome.receipts) == 4


def test_a_huge_photograph_leaves_room_for_one_worker() -> None:
    assert worker_count(10**10) == 1
    assert worker_count(10**4) == len(os.sched_getaffinity(0))


def test_importing_the_command_line_leaves_dask_alone(tmp_path: Path) -> None:
    import subprocess
    import sys

    probe = (
        "import sys, olat.cli.main, olat.cli.process, olat.api.processing\n"
        "print([name for name in ('dask', 'distributed', 'numba', 'scipy') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"
