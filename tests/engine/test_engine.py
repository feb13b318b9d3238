"""Planning, running and resuming, on toy stages whose results can be computed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from olat.engine.capture import Unit
from olat.engine.driver import Inline, Outcome, drive
from olat.engine.pipeline import Pipeline, load_pipeline
from olat.engine.plan import plan
from olat.engine.receipt import read_receipt
from olat.engine.seal import break_seals, set_seals
from olat.errors import StorageError
from tests.engine.toys import CATALOG, RUNS, Bench

GIVEN = {"photo", "frame", "rig"}


def pipeline(folder: Path, *settings: str, keep: tuple[str, ...] = ()) -> Pipeline:
    definition = folder / "toy.toml"
    definition.write_text('stages = ["double", "shift", "collect", "total"]\n', encoding="utf-8")
    return load_pipeline(
        str(definition), catalog=CATALOG, given=GIVEN, settings=settings, keep=keep
    )


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    for camera, start in (("A", 0), ("B", 10)):
        for index in range(6):
            (tmp_path / f"{camera}{index}.txt").write_text(str(start + index), encoding="utf-8")
    RUNS.clear()
    return tmp_path


def unheard(*_: object) -> None:
    """Nobody listens."""


def run(bench: Bench) -> Outcome:
    todo = plan(bench.keys, bench.store)
    break_seals(bench.keys, bench.store)
    outcome = drive(todo, Inline(bench.make), unheard)
    set_seals(bench.keys, bench.store, {})
    return outcome


def total(folder: Path, camera: str) -> float:
    return float((folder / "olat" / camera / "total.txt").read_text(encoding="utf-8"))


def test_a_run_gives_what_the_arithmetic_says(capture: Path) -> None:
    outcome = run(Bench(capture, pipeline(capture)))
    # Camera A: doubles of 2, 3, 5, each plus the shifts 0 and 2 * (4 - 1).
    assert total(capture, "A") == 2 * (2 + 3 + 5) + 3 * 6
    assert total(capture, "B") == 2 * (12 + 13 + 15) + 3 * 6
    assert not outcome.failures
    assert not outcome.blocked
    assert len(outcome.receipts) == 2 * (2 + 3 + 1)


def test_a_second_run_does_nothing(capture: Path) -> None:
    run(Bench(capture, pipeline(capture)))
    again = plan(*_keys_and_store(capture))
    assert again.tasks == ()
    assert again.standing == {"shift": 4, "collect": 6, "total": 2}


def _keys_and_store(capture: Path, *settings: str):
    bench = Bench(capture, pipeline(capture, *settings))
    return bench.keys, bench.store


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("total.power=2", {"total": 2}),
        ("collect.offset=1.0", {"collect": 6, "total": 2}),
        ("double.gain=3.0", {"shift": 4, "collect": 6, "total": 2}),
    ],
)
def test_a_changed_parameter_reruns_exactly_what_depends_on_it(
    capture: Path, setting: str, expected: dict[str, int]
) -> None:
    run(Bench(capture, pipeline(capture)))
    todo = plan(*_keys_and_store(capture, setting))
    assert {verb: todo.planned(verb) for verb in todo.standing if todo.planned(verb)} == expected
    first = todo.tasks[0]
    assert first.reason == f"changed: {setting.split('=', maxsplit=1)[0]}"


def test_a_changed_photograph_reruns_its_frame_and_what_sums_over_it(capture: Path) -> None:
    run(Bench(capture, pipeline(capture)))
    (capture / "A3.txt").write_text("30", encoding="utf-8")
    todo = plan(*_keys_and_store(capture))
    assert [(task.stage, str(task.unit)) for task in todo.tasks] == [
        ("collect", "A frame 3"),
        ("total", "A"),
    ]
    assert "changed input" in todo.tasks[0].reason


def test_a_missing_or_cut_product_is_made_again(capture: Path) -> None:
    run(Bench(capture, pipeline(capture)))
    (capture / "olat/A/total.txt").write_text("", encoding="utf-8")
    (capture / "olat/B/total.txt").unlink()
    todo = plan(*_keys_and_store(capture))
    assert [str(task.unit) for task in todo.tasks] == ["A", "B"]
    assert "missing or has another size" in todo.tasks[0].reason


def test_one_broken_photograph_stops_only_what_needs_it(capture: Path) -> None:
    (capture / "A3.txt").write_text("broken", encoding="utf-8")
    bench = Bench(capture, pipeline(capture))
    outcome = run(bench)
    assert [(f.stage, str(f.unit)) for f in outcome.failures] == [("collect", "A frame 3")]
    assert "A3.txt: not a number" in outcome.failures[0].message
    assert [str(task.unit) for task in outcome.blocked] == ["A"]
    assert total(capture, "B") == 98
    assert read_receipt(bench.store.receipt_path("pile", Unit("A"))) is None
    assert read_receipt(bench.store.receipt_path("pile", Unit("B"))) is not None
    (capture / "A3.txt").write_text("3", encoding="utf-8")
    run(Bench(capture, pipeline(capture)))
    assert total(capture, "A") == 38


def test_a_seal_breaks_before_its_product_changes(capture: Path) -> None:
    run(Bench(capture, pipeline(capture)))
    bench = Bench(capture, pipeline(capture, "collect.offset=1.0"))
    seal = bench.store.receipt_path("pile", Unit("A"))
    assert seal.exists()
    break_seals(bench.keys, bench.store)
    assert not seal.exists()


def test_a_frame_that_left_the_session_takes_its_product_along_and_nothing_else(
    capture: Path,
) -> None:
    run(Bench(capture, pipeline(capture)))
    bench = Bench(capture, pipeline(capture))
    bench.capture.left_out = {3}
    outcome = run(bench)
    assert [(stage, str(unit)) for stage, unit in outcome.receipts] == [
        ("total", "A"),
        ("total", "B"),
    ]
    assert total(capture, "A") == 2 * (2 + 5) + 2 * 6
    assert not (capture / "olat/A/pile/0003.txt").exists()
    assert not (capture / "olat/A/pile/0003.receipt.json").exists()
    assert (capture / "olat/A/pile/0002.txt").exists()


def test_frames_have_no_product_where_none_can_be_what_it_needs(capture: Path) -> None:
    run(Bench(capture, pipeline(capture)))
    assert (capture / "olat/A/pile/0002.txt").exists()
    bench = Bench(capture, pipeline(capture))
    bench.capture.left_out = {1, 4}  # no tracking frames, of which a shift is made
    outcome = run(bench)
    assert not outcome.receipts
    assert not outcome.failures
    assert not (capture / "olat/A/pile/0002.txt").exists()


def test_products_in_memory_are_not_written_unless_they_are_asked_for(capture: Path) -> None:
    run(Bench(capture, pipeline(capture)))
    assert not (capture / "olat/A/doubled").exists()
    run(Bench(capture, pipeline(capture, keep=("doubled",))))
    assert (capture / "olat/A/doubled/0002.txt").exists()


def test_each_frame_is_computed_once_for_its_own_product(capture: Path) -> None:
    run(Bench(capture, pipeline(capture)))
    for index in (2, 3, 5):
        assert RUNS.count(f"double {index}") == 2  # once in each camera


def test_receipts_tell_every_parameter_on_the_way(capture: Path) -> None:
    bench = Bench(capture, pipeline(capture))
    run(bench)
    receipt = read_receipt(bench.store.receipt_path("pile", Unit("A", 2)))
    assert receipt is not None
    assert receipt.parameters == {"offset": 0.0}
    assert receipt.through == {"double": {"gain": 2.0}}
    assert set(receipt.inputs) == {"doubled", "shift"}
    assert receipt.outputs == {"0002.txt": len("10.0")}


def test_a_full_disk_ends_the_run_at_once_and_keeps_what_is_done(
    capture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(capture, pipeline(capture))
    done = []

    def make(task):
        if len(done) == 5:
            raise StorageError("disk: 0 bytes free")
        done.append(task)
        return bench.make(task)

    with pytest.raises(StorageError, match="0 bytes free"):
        drive(plan(bench.keys, bench.store), Inline(make), unheard)
    assert len(plan(*_keys_and_store(capture)).tasks) == 12 - 5
