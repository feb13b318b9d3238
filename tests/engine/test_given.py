"""What the capture gives of many frames, and products that stand in for what is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pytest

from olat.engine.capture import Unit
from olat.engine.driver import Inline, Outcome, drive
from olat.engine.pipeline import Pipeline
from olat.engine.plan import plan
from olat.engine.stage import Grain, Stage, Under
from olat.model.condition import Dark, Target
from olat.model.image import Frames
from olat.model.session import Frame
from tests.engine.toys import RUNS, Bench, ToyCapture


class Measure(Stage):
    """What is read without light."""

    grain = Grain.CAMERA
    makes = "level"

    def run(self, photo: Annotated[Frames[float], Under((Dark,))]) -> float:
        """Average."""
        RUNS.append("measure")
        return sum(photo.values()) / len(photo)


class Subtract(Stage):
    """A number without the level."""

    grain = Grain.FRAME
    makes = "clean"

    def run(self, photo: float, level: float | None) -> float:
        """Subtract."""
        return photo - (level or 0.0)


class Panels(Stage):
    """Sum over pictures of the flat target."""

    grain = Grain.CAMERA
    makes = "panels"

    def run(self, photo: Annotated[Frames[float], Under((Target("flat"),))]) -> float:
        """Add up."""
        return sum(photo.values())


class TargetCapture(ToyCapture):
    """A toy capture whose last frames show targets, and which knows a level."""

    def __init__(self, folder: Path, *, with_dark: bool = True) -> None:
        super().__init__(folder)
        self.with_dark = with_dark

    def frames(self, camera: str) -> Mapping[int, Frame]:
        """Return a dark frame, two flat ones and a ball."""
        ball = Target("mirror_ball", light=0)
        conditions = [Dark(), Target("flat"), Target("flat", pose=1), ball]
        frames = {
            index: Frame(camera, index, condition, self.folder / f"{camera}{index}.txt")
            for index, condition in enumerate(conditions)
        }
        return frames if self.with_dark else {i: f for i, f in frames.items() if i}

    def given(self) -> frozenset[str]:
        """Return the names that stages may ask for."""
        return frozenset({"photo", "frame", "level"})

    def key(self, name: str, unit: Unit) -> str:
        """Return a digest."""
        return "certified" if name == "level" else super().key(name, unit)

    def value(self, name: str, unit: Unit) -> Any:
        """Return something given."""
        return 100.0 if name == "level" else super().value(name, unit)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for camera in "AB":
        for index in range(4):
            (tmp_path / f"{camera}{index}.txt").write_text(str(10 + index), encoding="utf-8")
    RUNS.clear()
    return tmp_path


def run(folder: Path, *stages: Stage, with_dark: bool = True) -> tuple[Bench, Outcome]:
    bench = Bench(folder, Pipeline("toy", "", stages))
    bench.capture = TargetCapture(folder, with_dark=with_dark)
    bench.keys.capture = bench.capture
    todo = plan(bench.keys, bench.store)
    return bench, drive(todo, Inline(bench.make), lambda *_: None)


def made(folder: Path, product: str) -> float:
    return float((folder / "olat" / "A" / f"{product}.txt").read_text(encoding="utf-8"))


def test_a_stage_gets_the_photographs_under_the_condition_that_it_names(folder: Path) -> None:
    run(folder, Panels())
    assert made(folder, "panels") == 11 + 12


def test_only_the_photographs_under_that_condition_decide_about_a_product(folder: Path) -> None:
    bench, _ = run(folder, Panels())
    key = bench.keys.key(Panels(), Unit("A"))
    (folder / "A3.txt").write_text("99", encoding="utf-8")
    other, outcome = run(folder, Panels())
    assert other.keys.key(Panels(), Unit("A")) == key
    assert not outcome.receipts
    (folder / "A2.txt").write_text("99", encoding="utf-8")
    third, _ = run(folder, Panels())
    assert third.keys.key(Panels(), Unit("A")) != key
    assert made(folder, "panels") == 11 + 99


def test_a_product_of_the_pipeline_comes_before_what_is_given(folder: Path) -> None:
    run(folder, Measure(), Subtract())
    assert made(folder, "clean/0001") == 11 - 10
    assert RUNS == ["measure", "measure"]


def test_what_a_later_stage_makes_anew_is_neither_taken_from_it_nor_given(folder: Path) -> None:
    run(folder, Subtract(), Measure())
    assert made(folder, "clean/0001") == 11


def test_what_no_stage_makes_is_given(folder: Path) -> None:
    run(folder, Subtract())
    assert made(folder, "clean/0001") == 11 - 100


def test_what_is_given_stands_in_where_a_camera_lacks_the_frames_for_the_product(
    folder: Path,
) -> None:
    _, outcome = run(folder, Measure(), Subtract(), with_dark=False)
    assert RUNS == []
    assert not outcome.failures
    assert made(folder, "clean/0001") == 11 - 100


class Bright(Stage):
    """Sum over flat pictures and dark ones, of which the flat ones matter."""

    grain = Grain.CAMERA
    makes = "bright"

    def run(
        self,
        photo: Annotated[
            Frames[float],
            Under((Target("flat"), Dark), essential=(Target("flat"), Target("board"))),
        ],
    ) -> float:
        """Add up."""
        return sum(photo.values())


class Balls(Bright):
    """The same without a flat picture."""

    makes = "balls"

    def run(
        self, photo: Annotated[Frames[float], Under((Dark,), essential=(Target("gray_ball"),))]
    ) -> float:
        """Add up."""
        return sum(photo.values())


def test_a_stage_runs_only_where_there_is_a_frame_of_those_that_matter(folder: Path) -> None:
    bench, _ = run(folder, Bright(), Balls())
    assert made(folder, "bright") == 10 + 11 + 12
    assert bench.keys.units(Balls(), "A") == []
