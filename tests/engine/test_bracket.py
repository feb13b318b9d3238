"""Frames that show one condition at several exposures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pytest

from olat.engine.driver import Inline, Outcome, drive
from olat.engine.pipeline import Pipeline
from olat.engine.plan import plan
from olat.engine.stage import Bracket, Grain, Stage, Under
from olat.model.condition import Olat, Tracking
from olat.model.image import Frames
from olat.model.session import Frame
from tests.engine.toys import RUNS, Bench, Double, ToyCapture


class Pool(Stage):
    """Sum over the exposures of a condition."""

    grain = Grain.FRAME
    makes = "pooled"
    is_kept = False
    conditions = (Olat, Tracking)
    leads_only = True

    def run(self, doubled: Annotated[Frames[float], Bracket()], frame: Frame) -> float:
        """Add up."""
        RUNS.append(f"pool {frame.index} of {', '.join(map(str, doubled))}")
        return sum(doubled.values())


class Keep(Stage):
    """One condition's number on disk."""

    grain = Grain.FRAME
    makes = "kept"
    conditions = (Olat,)
    leads_only = True

    def run(self, pooled: float, doubled: Annotated[Frames[float], Under((Tracking,))]) -> float:
        """Add what the leads of all tracking frames read."""
        return pooled + sum(doubled.values())


class Gather(Stage):
    """What all conditions read."""

    grain = Grain.CAMERA
    makes = "gathered"

    def run(self, kept: Frames[float], pooled: Annotated[Frames[float], Under((Olat,))]) -> float:
        """Add up."""
        assert list(kept) == list(pooled)
        return sum(kept.values())


class BracketCapture(ToyCapture):
    """Tracking frames 1 and 2, lights 0 and 1 in frames 3, 4 and 5: brackets of two, then one."""

    brackets: tuple[tuple[int, ...], ...] = ((1, 2), (3, 4))

    def frames(self, camera: str) -> Mapping[int, Frame]:
        """Return frames with their brackets."""
        conditions = [Tracking(), Tracking(), Olat(0), Olat(0), Olat(1)]
        of = {index: bracket for bracket in self.brackets for index in bracket}
        return {
            index: Frame(
                camera,
                index,
                condition,
                self.folder / f"{camera}{index}.txt",
                bracket=of.get(index, ()),
            )
            for index, condition in enumerate(conditions, 1)
        }


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Frame i of camera A reads 10^i, of camera B nothing."""
    RUNS.clear()
    for index in range(1, 6):
        (tmp_path / f"A{index}.txt").write_text(str(10.0**index))
        (tmp_path / f"B{index}.txt").write_text("0")
    pipeline = Pipeline("toy", "", (Double(gain=1.0), Pool(), Keep(), Gather()))
    made = Bench(tmp_path, pipeline)
    made.capture = made.keys.capture = BracketCapture(tmp_path)
    return made


def run(bench: Bench) -> Outcome:
    keys = type(bench.keys)(bench.keys.pipeline, bench.capture)
    bench.keys = bench.workbench._keys = keys
    return drive(plan(keys, bench.store), Inline(bench.make), lambda *_: None)


def kept(bench: Bench, index: int) -> float:
    return float((bench.capture.folder / f"olat/A/kept/{index:04d}.txt").read_text())


def test_a_stage_sees_the_exposures_of_its_own_frame(bench: Bench) -> None:
    assert not run(bench).failures
    assert "pool 3 of 3, 4" in RUNS
    assert "pool 5 of 5" in RUNS
    assert not [word for word in RUNS if word.startswith(("pool 2", "pool 4"))]


def test_products_after_the_merge_stand_for_brackets(bench: Bench) -> None:
    outcome = run(bench)
    made = sorted(unit.frame for stage, unit in outcome.receipts if stage == "keep")
    assert made == [3, 3, 5, 5]
    lead = 10.0  # of the tracking bracket, of which a stage on leads sees the first frame only
    assert [kept(bench, index) for index in (3, 5)] == [11_000.0 + lead, 100_000.0 + lead]


@pytest.mark.parametrize(
    ("changed", "redone"), [(4, {3}), (3, {3}), (5, {5}), (2, set()), (1, {3, 5})]
)
def test_a_photograph_spoils_only_what_its_bracket_makes(
    bench: Bench, changed: int, redone: set[int]
) -> None:
    run(bench)
    (bench.capture.folder / f"A{changed}.txt").write_text("7")
    outcome = run(bench)
    assert {unit.frame for stage, unit in outcome.receipts if stage == "keep"} == redone


def test_frames_that_join_a_bracket_are_made_again(bench: Bench) -> None:
    run(bench)
    bench.capture.brackets = ((1, 2),)
    outcome = run(bench)
    made = sorted((str(unit), unit.frame) for stage, unit in outcome.receipts if stage == "keep")
    assert made == [("A frame 3", 3), ("A frame 4", 4), ("B frame 3", 3), ("B frame 4", 4)]


def test_a_lead_is_the_first_of_its_bracket_or_alone() -> None:
    frame = Frame("A", 3, Olat(0), Path("3.dng"))
    assert frame.leads
    assert replace(frame, bracket=(3, 4)).leads
    assert not replace(frame, index=4, bracket=(3, 4)).leads
