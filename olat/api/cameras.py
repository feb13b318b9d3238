"""Cameras as files: read in any format, named as in a session, taken to the world of the stage."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from olat.errors import CalibrationError, FileError, UsageError
from olat.geometry.placement import in_reference_frame, place_of, reference_of
from olat.io.calibration_file import read_calibration
from olat.io.camera_file import read_cameras
from olat.io.camera_file_calib import Extrinsics
from olat.io.manifest import MANIFEST, read_session
from olat.io.photograph import photograph_size
from olat.model.calibration import LensCalibration
from olat.model.session import Session
from olat.stages.calibrations import Calibrations

TERMS = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6", "s1", "s2", "s3", "s4")
"""Coefficients of distortion, in OpenCV's order."""


@dataclass(frozen=True)
class Meaning:
    """How a file of cameras is meant, and where its world is."""

    size: tuple[int, int] | None = None
    """Height and width of the photographs, where neither file nor session tells them [px]."""
    extrinsics: Extrinsics = "camera_to_world"
    """Which way the matrices of a ``.calib`` file go."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What cameras of the file are called here."""
    reference: str | None = None
    """The camera that defines the world; none leaves the world as the file has it."""
    distance: float | None = None
    """From the reference camera to the subject [m]; none for where all axes meet best."""
    scale: float = 1.0
    """Length of the file's unit [m]."""


@dataclass(frozen=True)
class OpenCameras:
    """Cameras, and where they are from."""

    lenses: dict[str, LensCalibration]
    source: str
    """File or session, for people."""
    in_stage: bool
    """Whether they are in the world of the stage, as the lights are."""
    notes: tuple[str, ...] = ()
    documents: Mapping[str, Path] = field(default_factory=dict)
    """Calibrations that they were read from, which say whose lenses they are."""


def open_cameras(
    path: Path, meaning: Meaning | None = None, *, session: Session | None = None
) -> OpenCameras:
    """Read the cameras of a file of another program, of a session, or of a lens calibration.

    Parameters
    ----------
    path
        A file or folder that `read_cameras` knows; a session, whose certified lenses are taken; or
        the document of a lens calibration, ``.toml``.
    meaning
        How a file's numbers are meant; sessions and calibrations say it themselves.
    session
        The session that a file of cameras is for: its cameras must all be there, in its size.

    Raises
    ------
    CalibrationError
        If no lens is certified for the session.
    FileError
        If the file is not what it should be.
    UsageError
        If something is said that cannot be meant, or the file does not fit the session.
    """
    meaning = meaning or Meaning()
    is_own = path.suffix.lower() == ".toml" or (path / MANIFEST).is_file()
    if is_own and (meaning != Meaning() or session is not None):
        raise UsageError(
            f"{path}: a session and a calibration say themselves how their cameras are meant; no "
            "option is needed."
        )
    if path.name == MANIFEST or (path / MANIFEST).is_file():
        return _certified(read_session(path))
    if is_own:
        return _calibrated(path)
    size = meaning.size or (None if session is None else _one_size(session))
    lenses = read_cameras(path, size=size, extrinsics=meaning.extrinsics)
    lenses = _placed(path, _renamed(path, lenses, meaning.names), meaning)
    opened = OpenCameras(lenses, path.name, reference_of(lenses) is not None)
    return opened if session is None else _for_session(path, opened, session)


def camera_rows(lenses: Mapping[str, LensCalibration]) -> list[dict[str, Any]]:
    """Return what is known about each camera, in plain values; positions in the file's unit."""
    return [_row(name, lens) for name, lens in lenses.items()]


def _row(name: str, lens: LensCalibration) -> dict[str, Any]:
    focal = np.diag(lens.matrix)[:2]
    sides = np.array([lens.width, lens.height])
    view = np.degrees(2.0 * np.arctan(sides / (2.0 * focal)))
    terms = dict(zip(TERMS, lens.distortion.tolist(), strict=False))
    return {
        "name": name,
        "width": lens.width,
        "height": lens.height,
        "focal_px": focal.tolist(),
        "center_px": lens.matrix[:2, 2].tolist(),
        "field_of_view_deg": view.tolist(),
        "position": None if lens.translation is None else _plain(place_of(lens)),
        "looks_along": _plain(lens.axes[2]),
        "distortion": {term: value for term, value in terms.items() if value},
        "residuals": dict(lens.residuals),
    }


def _plain(vector: np.ndarray[Any, Any]) -> list[float]:
    """Return numbers without the minus of a rounded 0."""
    return [value + 0.0 for value in vector.round(9).tolist()]


def _certified(session: Session) -> OpenCameras:
    """Return the lenses that hold for a session."""
    shelf = Calibrations(session)
    found = {camera.name: shelf.calibration("lens", camera.name) for camera in session.cameras}
    lenses = {name: lens for name, lens in found.items() if isinstance(lens, LensCalibration)}
    bare = ", ".join(repr(name) for name in found if name not in lenses)
    if not lenses:
        raise CalibrationError(
            f"{session.folder}: no lens is certified for camera {bare}. Measure it with olat "
            "process --pipeline calibrate_camera and olat certify, or take it from a file with "
            "olat cameras convert FILE --session SESSION."
        )
    documents = {name: path for name in lenses if (path := shelf.document("lens", name))}
    notes = (f"{session.folder.name}: no lens is certified for camera {bare}.",) if bare else ()
    source = f"session {session.name!r}, as certified"
    return OpenCameras(lenses, source, in_stage=True, documents=documents, notes=notes)


def _calibrated(path: Path) -> OpenCameras:
    """Return the lens of a calibration."""
    header, lens = read_calibration(path)
    if not isinstance(lens, LensCalibration):
        raise UsageError(
            f"{path}: it is a {header.kind} calibration, which holds no camera; a lens calibration "
            f"is needed. See what it holds: olat explain {path}."
        )
    device = header.device
    return OpenCameras({device: lens}, path.name, in_stage=True, documents={device: path})


def _renamed(
    path: Path, lenses: dict[str, LensCalibration], names: Mapping[str, str]
) -> dict[str, LensCalibration]:
    """Return the cameras by the names that they have here."""
    for name in names:
        if name not in lenses:
            near = difflib.get_close_matches(name, lenses, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(lenses)}."
            raise UsageError(f"--name {name}={names[name]}: {path} has no camera {name!r}. {hint}")
    called = [names.get(name, name) for name in lenses]
    twice = sorted({name for name in called if called.count(name) > 1})
    if twice:
        raise UsageError(
            f"{path}: two cameras would be called {twice[0]!r}; names of their own are needed. "
            "Change --name."
        )
    return dict(zip(called, lenses.values(), strict=True))


def _placed(
    path: Path, lenses: dict[str, LensCalibration], meaning: Meaning
) -> dict[str, LensCalibration]:
    """Return the cameras in the world that the reference camera defines, if one does."""
    if meaning.reference is None:
        if meaning.distance is not None or meaning.scale != 1.0:
            raise UsageError(
                f"{path}: --distance and --scale place cameras in the world of a reference camera. "
                "Say which: --reference CAMERA."
            )
        return lenses
    try:
        return in_reference_frame(
            lenses, meaning.reference, distance=meaning.distance, scale=meaning.scale
        )
    except ValueError as error:
        raise UsageError(f"{path}: {error} (--reference, --distance, --scale)") from error


def _for_session(path: Path, cameras: OpenCameras, session: Session) -> OpenCameras:
    """Return a session's cameras alone, in the size of its photographs."""
    wanted = [camera.name for camera in session.cameras]
    missing = [repr(name) for name in wanted if name not in cameras.lenses]
    if missing:
        raise UsageError(
            f"{path}: it has the cameras {', '.join(cameras.lenses)}; session {session.name!r} "
            f"needs {', '.join(missing)} as well. Say what it is called in the file: --name "
            "FILE_NAME=SESSION_NAME."
        )
    sizes = _sizes(session)
    lenses, notes = {}, []
    for name in wanted:
        lens = cameras.lenses[name]
        height, width = sizes.get(name, (lens.height, lens.width))
        try:
            lenses[name] = lens.at(height, width)
        except ValueError as error:
            raise UsageError(f"{path}: camera {name!r}: {error}") from error
        if lenses[name] is not lens:
            notes.append(
                f"camera {name!r}: {path.name} is about {lens.width} x {lens.height} px, the "
                f"session has {width} x {height} px: the lens was scaled."
            )
    others = [name for name in cameras.lenses if name not in wanted]
    if others:
        notes.append(f"left out, as the session has no such cameras: {', '.join(others)}.")
    return replace(cameras, lenses=lenses, notes=(*cameras.notes, *notes))


def _sizes(session: Session) -> dict[str, tuple[int, int]]:
    """Return height and width of each camera's first photograph that can be read [px]."""
    sizes: dict[str, tuple[int, int]] = {}
    for frame in session.frames:
        if frame.camera not in sizes:
            with suppress(FileError):
                sizes[frame.camera] = photograph_size(frame.path)
    return sizes


def _one_size(session: Session) -> tuple[int, int] | None:
    """Return the size of all photographs of a session, if they have one."""
    sizes = set(_sizes(session).values())
    return sizes.pop() if len(sizes) == 1 else None
