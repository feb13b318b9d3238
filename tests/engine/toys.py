"""A toy pipeline: numbers instead of photographs, text files instead of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from olat.engine.capture import Unit
from olat.engine.keys import Keys, digest
from olat.engine.pipeline import Pipeline
from olat.engine.stage import Grain, Stage, Under
from olat.engine.store import Store
from olat.engine.workbench import Workbench
from olat.errors import FileError
from olat.io.publish import publish_text
from olat.model.condition import Dark, Olat, Tracking
from olat.model.image import Frames
from olat.model.session import Frame

RUNS: list[str] = []
"""What ran, in order; cleared by the fixture."""


class Double(Stage):
    """Twice the number of a frame, passed on in memory."""

    grain = Grain.FRAME
    makes = "doubled"
    is_kept = False

    gain: float = 2.0
    """Factor [1]."""

    def run(self, photo: float, frame: Frame) -> float:
        """Double."""
        RUNS.append(f"double {frame.index}")
        return self.gain * photo


class Shift(Stage):
    """Distance to the first tracking number."""

    grain = Grain.FRAME
    makes = "shift"
    conditions = (Tracking,)

    def run(self, doubled: Annotated[Frames[float], Under((Tracking,))], frame: Frame) -> float:
        """Subtract."""
        RUNS.append(f"shift {frame.index}")
        return doubled[frame.index] - doubled[next(iter(doubled))]


class Collect(Stage):
    """One lit number, shifted."""

    grain = Grain.FRAME
    makes = "pile"
    conditions = (Olat,)

    offset: float = 0.0
    """Added [1]."""

    def run(self, doubled: float, shift: Frames[float]) -> float:
        """Add."""
        RUNS.append("collect")
        return doubled + self.offset + sum(shift.values())


class Total(Stage):
    """Sum over a camera."""

    grain = Grain.CAMERA
    makes = "total"

    power: int = 1
    """Exponent [1]."""

    def run(self, pile: Frames[float], rig: str) -> float:
        """Add up."""
        RUNS.append(f"total {rig}")
        return float(sum(value**self.power for value in pile.values()))


CATALOG: dict[str, type[Stage]] = {stage.verb(): stage for stage in (Double, Shift, Collect, Total)}


class TextCodec:
    """A number as a text file."""

    collection: type | None = None

    def write(self, place: Path, unit: Unit, product: float, provenance: str) -> list[Path]:
        """Write."""
        path = place.with_name(f"{place.name}.txt")
        publish_text(path, repr(float(product)))
        return [path]

    def read(self, place: Path, unit: Unit) -> float:
        """Read."""
        return float(place.with_name(f"{place.name}.txt").read_text(encoding="utf-8"))

    def read_all(self, place: Path) -> Any:
        """Refuse."""
        raise TypeError(place)

    def metrics(self, product: float) -> dict[str, float]:
        """Return nothing."""
        return {}

    def settle(self, place: Path, camera: str) -> list[Path]:
        """Return nothing: numbers share no file."""
        return []


class ToyCapture:
    """Two cameras; frames are text files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rig = "rig 1"
        self.left_out: set[int] = set()

    def cameras(self) -> Sequence[str]:
        """Return the cameras' names."""
        return ["A", "B"]

    def frames(self, camera: str) -> Mapping[int, Frame]:
        """Return tracking frames around lit ones, and a dark one that nobody wants."""
        conditions = [Dark(), Tracking(), Olat(0), Olat(1), Tracking(), Olat(2)]
        return {
            index: Frame(camera, index, condition, self.folder / f"{camera}{index}.txt")
            for index, condition in enumerate(conditions)
            if index not in self.left_out
        }

    def given(self) -> frozenset[str]:
        """Return the names that stages may ask for."""
        return frozenset({"photo", "frame", "rig"})

    def key(self, name: str, unit: Unit) -> str:
        """Return a digest."""
        if name == "rig":
            return digest(self.rig)
        path = self.frames(unit.camera)[unit.frame or 0].path
        return digest([name, unit.frame, path.read_text(encoding="utf-8")])

    def value(self, name: str, unit: Unit) -> Any:
        """Return something given."""
        if name == "rig":
            return self.rig
        frame = self.frames(unit.camera)[unit.frame or 0]
        if name == "frame":
            return frame
        text = frame.path.read_text(encoding="utf-8")
        if text == "broken":
            raise FileError(f"{frame.path.name}: not a number")
        return float(text)


class Bench:
    """Everything that a test of the engine needs."""

    def __init__(self, folder: Path, pipeline: Pipeline) -> None:
        self.capture = ToyCapture(folder)
        self.keys = Keys(pipeline, self.capture)
        self.store = Store(folder / "olat", {float: TextCodec()})
        self.workbench = Workbench(self.keys, self.store, {"toy": "1"})

    def make(self, task: Any) -> Any:
        """Do a task."""
        stage = next(s for s in self.keys.pipeline.stages if s.verb() == task.stage)
        return self.workbench.make(stage, task.unit)
