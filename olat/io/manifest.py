"""``session.toml``: read, checked and resolved into a session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from olat.errors import FileError, SessionError
from olat.io.frame_expression import format_frames
from olat.io.frame_pattern import existing
from olat.io.light_file import read_lights, rig_from_lights
from olat.io.manifest_brackets import exposed, reference_exposure
from olat.io.manifest_cameras import camera_files, camera_of_table, with_known_motion
from olat.io.manifest_frames import Shot, shots_by_rule, shots_by_table
from olat.io.manifest_schema import Manifest, RigTable
from olat.io.manifest_text import Complaints, did_you_mean, parse_manifest, skip_advice
from olat.model.condition import (
    AxisGradient,
    ColorGradient,
    Condition,
    Olat,
    Polarized,
    SecondOrder,
    Tracking,
)
from olat.model.rig import LightRig
from olat.model.session import Frame, Session

MANIFEST = "session.toml"


def read_session(place: Path) -> Session:
    """Read a capture's manifest and resolve it: every frame has a file, a condition and a gain.

    No picture is opened.

    Parameters
    ----------
    place
        The folder of ``session.toml``, or the file itself.

    Raises
    ------
    SessionError
        If there is no manifest, or the capture is not what it says: every fault, one a line.
    """
    path = _manifest_path(place)
    manifest, complaints = parse_manifest(path)
    folder = path.parent.absolute()
    files = {name: camera_files(name, manifest, folder, complaints) for name in manifest.camera}
    cameras = [
        camera_of_table(name, table, folder, complaints) for name, table in manifest.camera.items()
    ]
    rig = _rig(manifest, folder, complaints)
    shots = _shots(manifest, rig, files, folder, complaints)
    _check_overrides(manifest, shots, complaints)
    frames = [
        frame
        for name, taken in shots.items()
        for frame in _camera_frames(name, taken, manifest, files[name], folder, complaints)
    ]
    _check_intensities(rig, frames, complaints)
    cameras = [
        with_known_motion(
            camera, manifest.camera[camera.name], folder, frames, complaints=complaints
        )
        for camera in cameras
    ]
    complaints.raise_any()
    about = manifest.session
    calibration = None if about.calibration is None else folder / about.calibration
    return Session(
        about.name,
        folder,
        rig,
        tuple(cameras),
        tuple(frames),
        date=about.date,
        calibration=calibration,
    )


def _manifest_path(place: Path) -> Path:
    """Return the manifest that a path means."""
    path = place / MANIFEST if place.is_dir() else place
    if path.is_file():
        return path
    if place.is_dir():
        raise SessionError(f"{place}: there is no {MANIFEST}. Run 'olat init {place}' to make one.")
    raise SessionError(f"{place}: there is no such folder or file; a session is needed.")


def _rig(manifest: Manifest, folder: Path, complaints: Complaints) -> LightRig:
    """Read the lights; without them nothing else can be checked."""
    table = manifest.rig
    if table.lights is None or table.count is not None:
        return _counted_rig(table, complaints)
    try:
        return rig_from_lights(
            read_lights(folder / table.lights),
            name=table.name,
            frame=table.frame,
            units=table.units,
            center=table.center,
            holds=table.holds,
        )
    except FileError as error:
        complaints.add(("rig", "lights"), str(error))
        complaints.raise_any()
        raise


def _counted_rig(table: RigTable, complaints: Complaints) -> LightRig:
    """Return a rig whose lights have still to be located, of which only the number is known."""
    if table.count is None or table.lights is not None:
        found = "neither 'lights' nor" if table.count is None else "both 'lights' and"
        complaints.add(
            ("rig",),
            f"[rig] has {found} 'count'; needed is one of them: the light file, or the number of "
            "lights where a calibration is to locate them.",
        )
        complaints.raise_any()
    return LightRig.unlocated(table.name or "rig", table.count or 0)


def _shots(
    manifest: Manifest,
    rig: LightRig,
    files: Mapping[str, Mapping[int, Path]],
    folder: Path,
    complaints: Complaints,
) -> dict[str, dict[int, Shot]]:
    """Return what the lights did in each frame of each camera, by table or rule."""
    sequence = manifest.sequence
    if sequence.table is None:
        found = {frame for frames in files.values() for frame in frames}
        rule = shots_by_rule(manifest, rig, found, folder, complaints)
        return dict.fromkeys(files, rule)
    rules = sequence.model_fields_set - {"table", "index_base", "skip_lights"}
    if rules:
        complaints.add(
            ("sequence", "table"),
            f"[sequence] has a table and also {', '.join(sorted(rules))}; one way is needed.",
        )
    return shots_by_table(manifest, rig, folder, complaints)


def _check_intensities(rig: LightRig, frames: list[Frame], complaints: Complaints) -> None:
    """Complain about OLAT frames of lights that, as the light file says, give no light."""
    dark = set(np.flatnonzero((rig.intensities <= 0).any(axis=1)).tolist())
    unlit = {
        frame.index: frame.condition.light
        for frame in frames
        if isinstance(frame.condition, Olat) and frame.condition.light in dark
    }
    if unlit:
        complaints.add(
            ("rig", "lights"),
            f"light {format_frames(unlit.values())} has an intensity of 0 or less in red, green or "
            "blue, but frames are lit by it; one above 0 is needed. Correct the light file. "
            + skip_advice(format_frames(unlit)),
        )


def _check_overrides(
    manifest: Manifest, shots: Mapping[str, Mapping[int, Shot]], complaints: Complaints
) -> None:
    """Complain about overrides of cameras or frames that the capture does not have."""
    for index, item in enumerate(manifest.override):
        if item.camera is not None and item.camera not in manifest.camera:
            hint = did_you_mean(item.camera, manifest.camera)
            complaints.add(
                ("override", index, "camera"), f"there is no camera '{item.camera}'.{hint}"
            )
        known = {frame for frames in shots.values() for frame in frames}
        if known and not known & set(item.frames):
            complaints.add(
                ("override", index, "frames"),
                f"the capture has no frame of '{format_frames(item.frames)}'; "
                f"it has {format_frames(known)}.",
            )


def _camera_frames(
    name: str,
    shots: Mapping[int, Shot],
    manifest: Manifest,
    files: Mapping[int, Path],
    folder: Path,
    complaints: Complaints,
) -> list[Frame]:
    """Return a camera's frames in order; complain about all files that are missing."""
    overrides = [item for item in manifest.override if item.camera in (None, name)]
    skipped = {frame for item in overrides if item.skip for frame in item.frames}
    paths = {
        frame: folder / shot.file if shot.file else files.get(frame)
        for frame, shot in shots.items()
        if frame not in skipped
    }
    there = existing(path for path in paths.values() if path is not None)
    missing = [frame for frame, path in paths.items() if path not in there]
    if missing and there:
        words = format_frames(missing)
        complaints.add(
            ("camera", name, "files"),
            f"camera '{name}': {len(missing)} of {len(paths)} frames have no file: {words}. "
            f"Bring them back. {skip_advice(words, name)}",
        )
    elif missing and (manifest.camera[name].files is None or files):
        complaints.add(("camera", name), f"camera '{name}': none of its files is there.")
    gains = {frame: _gain(shot, manifest) for frame, shot in shots.items()}
    exposures = {frame: shot.exposure_s for frame, shot in shots.items()}
    for item in overrides:
        gains |= {frame: gains[frame] * item.gain for frame in item.frames if frame in gains}
        if item.exposure_s is not None:
            exposures |= dict.fromkeys(item.frames, item.exposure_s)
    frames = [
        Frame(
            name,
            frame,
            shots[frame].condition,
            path,
            gains[frame],
            exposures[frame],
            shots[frame].bracket,
        )
        for frame, path in sorted(paths.items())
        if path is not None
    ]
    planned = {frame: shot.condition for frame, shot in shots.items()}
    reference_s = reference_exposure(planned, exposures)
    return exposed(frames, reference_s, camera=name, complaints=complaints)


def _gain(shot: Shot, manifest: Manifest) -> float:
    """Return what brings a frame to the level of the OLAT frames, before overrides."""
    return shot.gain / _drive(shot.condition, manifest)


def _drive(condition: Condition, manifest: Manifest) -> float:
    """Return the level of the lights relative to the OLAT frames."""
    drive = manifest.drive
    match condition.pattern if isinstance(condition, Polarized) else condition:
        case Tracking():
            return drive.tracking
        case AxisGradient(is_binary=True):
            return drive.binary or drive.gradient
        case ColorGradient() | AxisGradient():
            return drive.gradient
        case SecondOrder():
            return drive.second_order or drive.gradient
        case _:
            return 1.0
