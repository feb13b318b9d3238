"""The certified calibrations that hold for a session, each checked to fit it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path

from olat.engine.pipeline import Pipeline
from olat.engine.shipped import shipped
from olat.errors import CalibrationError, FileError, SessionError
from olat.geometry.placement import reference_of
from olat.io.calibration_file import edits, read_calibration, read_header
from olat.io.calibration_shelf import CALIBRATION_FOLDER, find_calibration
from olat.io.photograph import photograph_size
from olat.model.calibration import (
    KINDS,
    Calibration,
    CalibrationHeader,
    Kind,
    LensCalibration,
    RigCalibration,
)
from olat.model.session import Camera, Session
from olat.model.words import counted

CAMERA_KINDS: tuple[Kind, ...] = ("sensor", "color", "lens")
CANDIDATES: Mapping[str, Kind] = {
    "sensor": "sensor",
    "color": "color",
    "lens": "lens",
    "lights": "rig",
}
"""Products that can be certified, and what they then are."""


def measured_by(pipeline: Pipeline) -> set[Kind]:
    """Return the kinds of calibration that a pipeline measures."""
    return {CANDIDATES[stage.makes] for stage in pipeline.stages if stage.makes in CANDIDATES}


def used_by(pipeline: Pipeline) -> set[Kind]:
    """Return the kinds of calibration that a pipeline takes from what is certified."""
    kinds: dict[str, Kind] = {"sensor": "sensor", "color": "color", "lens": "lens", "rig": "rig"}
    needs = {need.name for stage in pipeline.stages for need in stage.needs()}
    return {kind for name, kind in kinds.items() if name in needs} - measured_by(pipeline)


class Calibrations:
    """Where to look for calibrations of a session, and what was found."""

    def __init__(self, session: Session, folders: Sequence[Path] = ()) -> None:
        self.session = session
        own = session.folder / CALIBRATION_FOLDER
        told = [] if session.calibration is None else [session.calibration]
        if session.calibration is not None and not session.calibration.is_dir():
            raise SessionError(
                f"{session.folder}: calibration = {str(session.calibration)!r} under [session], "
                "but there is no such folder; one that olat certify --to wrote is needed."
            )
        self.folders = (own, *folders, *told, shipped("calibration"))
        self._asked = (*folders, *told)
        self._found: dict[tuple[Kind, str], Path | None] = {}
        self._read: dict[Path, Calibration] = {}

    def document(self, kind: Kind, device: str) -> Path | None:
        """Return the document of what holds for a camera or for the rig; none if nothing does.

        Raises
        ------
        CalibrationError
            If all there is holds later, or what holds is of another device.
        FileError
            If it cannot be read.
        """
        if (kind, device) not in self._found:
            self._found[kind, device] = self._fitting(kind, device)
        return self._found[kind, device]

    def _fitting(self, kind: Kind, device: str) -> Path | None:
        path = find_calibration(self.folders, kind, device, self.session.date)
        if path is None:
            return None
        header = read_header(path)
        if header.kind != kind:
            raise CalibrationError(
                f"{path}: it is a {header.kind} calibration; a {kind} calibration belongs there."
            )
        if header.device != device or header.valid_from != date.fromisoformat(path.parent.name):
            raise CalibrationError(
                f"{path}: its header says {header.device!r}, valid from {header.valid_from}; where "
                f"it lies, {device!r} from {path.parent.name} on is needed. Certify it again, or "
                "put it where it belongs."
            )
        if kind != "rig":
            self._check_fit(path, header, self.session.camera(device))
        return path

    def calibration(self, kind: Kind, device: str) -> Calibration | None:
        """Return what holds for a camera or for the rig; errors as above."""
        path = self.document(kind, device)
        if path is None:
            return None
        if path not in self._read:
            _, self._read[path] = read_calibration(path)
        return self._read[path]

    def with_rig(self) -> Session:
        """Return the session with its lights as they were measured, where they were.

        Raises
        ------
        CalibrationError
            If the measured rig has another number of lights.
        """
        session = self.session
        measured = self.calibration("rig", session.rig.name)
        if not isinstance(measured, RigCalibration):
            return session
        if len(measured.rig) != len(session.rig):
            raise CalibrationError(
                f"{self.document('rig', session.rig.name)}: it has "
                f"{counted(len(measured.rig), 'light')}, rig {session.rig.name!r} of the session "
                f"{len(session.rig)}. Measure the rig again, or correct the name under [rig]."
            )
        return replace(session, rig=replace(measured.rig, names=session.rig.names))

    def held(self, kinds: Collection[Kind] = KINDS) -> dict[tuple[Kind, str], Path]:
        """Return the documents that hold, by kind and camera; the rig's camera is empty."""
        found = {
            (kind, camera.name): self.document(kind, camera.name)
            for camera in self.session.cameras
            for kind in CAMERA_KINDS
            if kind in kinds
        }
        if "rig" in kinds:
            found["rig", ""] = self.document("rig", self.session.rig.name)
        return {what: path for what, path in found.items() if path is not None}

    def notes(self, kinds: Collection[Kind] = KINDS) -> list[str]:
        """Say in words what is used, and what was chosen without a date."""
        held = self.held(kinds)
        used = [
            f"{kind} of {device or self.session.rig.name!r} from {path.parent.name}"
            + self._taken_over(kind, device)
            for (kind, device), path in held.items()
        ]
        notes = [
            f"{folder}: nothing of it is used: nothing there is for {self._devices} and on the "
            "session's day, or other folders come first."
            for folder in self._asked
            if not any(path.is_relative_to(folder) for path in held.values())
        ]
        notes += [note for path in held.values() for note in _edit_notes(path)]
        notes += self._place_notes() if "lens" in kinds else []
        if not used:
            return notes
        notes.append(f"Calibrated: {', '.join(used)}.")
        if self.session.date is None:
            notes.append(
                "The session has no date, so the newest calibrations were taken. Say date = "
                "YYYY-MM-DD under [session]."
            )
        return notes

    def _taken_over(self, kind: Kind, device: str) -> str:
        """Say what of a certified rig was not measured."""
        what = self.calibration(kind, device or self.session.rig.name) if kind == "rig" else None
        if not isinstance(what, RigCalibration) or not what.unmeasured:
            return ""
        return f" ({' and '.join(what.unmeasured)} not measured, but those of a light file)"

    def _place_notes(self) -> list[str]:
        """Say which cameras count as the reference beside one that is it."""
        names = [camera.name for camera in self.session.cameras]
        lenses = {name: self.calibration("lens", name) for name in names}
        placed = {
            name: lens
            for name, lens in lenses.items()
            if isinstance(lens, LensCalibration) and lens.rotation is not None
        }
        bare = [repr(name) for name in names if name not in placed]
        reference = reference_of(placed)
        if not placed or not bare or (reference is None and len(bare) == 1):
            return []
        beside = "" if reference is None else f", beside {reference!r} that stands there"
        return [
            f"camera {', '.join(bare)}: not placed, though {', '.join(map(repr, placed))} "
            f"{'is' if len(placed) == 1 else 'are'}; without a place a camera counts as the "
            f"reference, on +z{beside}. Place all cameras at once: olat cameras place."
        ]

    @property
    def _devices(self) -> str:
        cameras = ", ".join(repr(camera.name) for camera in self.session.cameras)
        return f"camera {cameras} or rig {self.session.rig.name!r}"

    def _check_fit(self, path: Path, header: CalibrationHeader, camera: Camera) -> None:
        """Refuse a calibration of another body, lens or picture size."""
        size = self._sizes.get(camera.name)
        made_for = (header.height, header.width)
        pairs = [("serial number", header.serial, camera.serial)]
        if header.kind != "color":
            pairs.append(("lens", header.lens, camera.lens))
            if size is not None and None not in made_for:
                pairs.append(("picture size", _size_words(made_for), _size_words(size)))
        for what, found, needed in pairs:
            if found and needed and found != needed:
                raise CalibrationError(
                    f"camera {camera.name!r}: {path} is for {what} {found!r}, but the session's is "
                    f"{needed!r}. Measure it for this camera, correct session.toml, or give the "
                    "camera a name of its own."
                )

    @cached_property
    def _sizes(self) -> dict[str, tuple[int, int]]:
        """Height and width of each camera's first photograph that can be read [px]."""
        sizes: dict[str, tuple[int, int]] = {}
        for frame in self.session.frames:
            if frame.camera not in sizes:
                with suppress(FileError):
                    sizes[frame.camera] = photograph_size(frame.path)
        return sizes


def _edit_notes(path: Path) -> list[str]:
    """Say which tables of a document are not as they were written."""
    return [
        f"{path}: [{table}] was changed by hand after it was measured, and is used as it is now. "
        f"Measure and certify it again; or, if the change is meant, take the line {table!r} under "
        "[digests] out, and say why in the note of [header]."
        for table in edits(path)
    ]


def _size_words(size: tuple[int | None, int | None]) -> str:
    return f"{size[1]} x {size[0]} px"
