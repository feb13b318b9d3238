"""Light rigs as files: read in any format, put in order, told about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from olat.errors import FileError, UsageError
from olat.io.calibration_file import read_calibration
from olat.io.frame_expression import format_frames
from olat.io.light_file import AxisFrame, read_lights, rig_from_lights
from olat.io.light_file_json import METADATA, PER_FRAME, read_light_patterns
from olat.io.light_footprints import read_footprints
from olat.io.light_list import Holds, LightFile, LightPatterns, Units
from olat.io.manifest import MANIFEST, read_session
from olat.light.arrangements import angles_of
from olat.light.rig_summary import RigSummary, summary_of
from olat.light.spacing import spacings
from olat.model.calibration import RigCalibration
from olat.model.rig import LightRig
from olat.model.session import Session
from olat.stages.calibrations import Calibrations


@dataclass(frozen=True)
class Meaning:
    """How the numbers of a light file are meant, as under ``[rig]`` of a manifest."""

    frame: AxisFrame = "olat"
    units: Units | None = None
    center: tuple[float, float, float] = (0.0, 0.0, 0.0)
    holds: Holds = "auto"
    convention: str | None = None
    """Whose latitude-longitude pictures those of a folder are; none for OpenEXR's."""


@dataclass(frozen=True)
class OpenLights:
    """Lights, and what their file said about them."""

    rig: LightRig
    source: str
    """What kind of file it was, for people."""
    notes: tuple[str, ...] = ()
    patterns: LightPatterns | None = None
    """Which lights were on in which frame, where it is known."""

    def in_order(self, order: Sequence[int]) -> OpenLights:
        """Return the lights in another order, and their frames; see the function `in_order`."""
        rig, patterns = in_order(self.rig, order), self.patterns
        if patterns is not None:
            place = {light: index for index, light in enumerate(order)}
            olat = {frame: place[light] for frame, light in patterns.olat.items()}
            patterns = replace(patterns, olat=olat)
        return replace(self, rig=rig, patterns=patterns)


def open_lights(path: Path, meaning: Meaning | None = None) -> OpenLights:
    """Read the lights of a light file, a folder of footprints, a session, or a rig calibration.

    Of a session these are the lights in use: the certified ones where some hold for its day, else
    those of its light file.

    Parameters
    ----------
    path
        A light file; a folder with one latitude-longitude picture a frame; a session; or the
        document of a rig calibration, ``.toml``.
    meaning
        How a file's numbers are meant; sessions and calibrations say it themselves.

    Raises
    ------
    CalibrationError
        If what is certified for the session's rig does not hold for it.
    FileError
        If the file is not what it should be.
    SessionError
        If the session is not what it should be.
    UsageError
        If something is said about the file that cannot be meant.
    """
    meaning = meaning or Meaning()
    if path.name == MANIFEST or (path / MANIFEST).is_file():
        if meaning != Meaning():
            raise UsageError(
                f"{path}: the manifest of this session says how its lights are meant; no option is "
                "needed. Change [rig] in session.toml, or name the light file itself."
            )
        return _lights_in_use(read_session(path))
    if path.suffix.lower() == ".toml":
        if meaning != Meaning():
            raise UsageError(
                f"{path}: a calibration says how its lights are meant; no option is needed."
            )
        return _measured_lights(path)
    if meaning.convention is not None and not path.is_dir():
        raise UsageError(
            f"{path}: --convention is about a folder of latitude-longitude pictures; this is none."
        )
    lights = _read(path, meaning.convention)
    rig = rig_from_lights(
        lights,
        frame=meaning.frame,
        units=meaning.units,
        center=meaning.center,
        holds=meaning.holds,
    )
    notes = tuple(f"{path.name}: {note}." for note in lights.notes)
    return OpenLights(rig, lights.source_format, notes, lights.patterns or _patterns(path))


def _lights_in_use(session: Session) -> OpenLights:
    """Return the lights of a session as they were certified, else as its manifest has them."""
    shelf = Calibrations(session)
    document = shelf.document("rig", session.rig.name)
    if document is None:
        return OpenLights(session.rig, "session, by its light file: it names no certified rig")
    return OpenLights(shelf.with_rig().rig, f"session, certified from {document.parent.name}")


def _measured_lights(path: Path) -> OpenLights:
    """Return the lights of a rig calibration, certified or a candidate."""
    header, measured = read_calibration(path)
    if not isinstance(measured, RigCalibration):
        raise UsageError(
            f"{path}: it is a {header.kind} calibration, which holds no lights; a rig calibration "
            f"is needed. See what it holds: olat explain {path}."
        )
    day = header.valid_from
    what = "a candidate, not certified" if day is None else f"certified from {day}"
    return OpenLights(measured.rig, f"rig calibration, {what}, measured in {header.from_session}")


def _patterns(path: Path) -> LightPatterns | None:
    """Return which lights were on in which frame, if a Goliath pair says it."""
    if path.name == METADATA and path.with_name(PER_FRAME).is_file():
        return read_light_patterns(path)
    return None


def _read(path: Path, convention: str | None) -> LightFile:
    """Read a light file, or a folder as the pictures of a program."""
    if convention is None:
        return read_lights(path)
    return read_footprints(path, convention=convention)


def at_distance(rig: LightRig, radius: float) -> LightRig:
    """Return the lights at a distance from the subject [m].

    Raises
    ------
    UsageError
        If the rig has positions already, or the distance is none.
    """
    if not (np.isfinite(radius) and radius > 0):
        raise UsageError(f"--radius {radius:g}: a distance above 0, in meters, is needed.")
    if rig.positions is not None:
        raise UsageError(
            f"--radius {radius:g}: rig '{rig.name}' has positions already. Leave --radius out."
        )
    return replace(rig, positions=rig.directions * radius)


def in_order(rig: LightRig, order: Sequence[int]) -> LightRig:
    """Return the lights of a rig in another order; every light once, counted from 0.

    Raises
    ------
    FileError
        If a light comes up twice or not at all.
    """
    lights = list(order)
    missing = sorted(set(range(len(rig))) - set(lights))
    strange = sorted(set(lights) - set(range(len(rig))))
    twice = sorted({light for light in lights if lights.count(light) > 1})
    for fault, which in (("not a light", strange), ("twice", twice), ("missing", missing)):
        if which:
            raise FileError(
                f"the order of rig '{rig.name}' with {len(rig)} lights: {format_frames(which)} "
                f"(from 0) is {fault}; every light once is needed. Is --index-base right?"
            )
    return replace(
        rig,
        directions=rig.directions[lights],
        intensities=rig.intensities[lights],
        positions=None if rig.positions is None else rig.positions[lights],
        names=tuple(rig.names[light] for light in lights) if rig.names else (),
    )


def rhythm_words(patterns: LightPatterns) -> str:
    """Return which frames have all lights on, and how many lights come between them."""
    if not patterns.tracking:
        return "no frame has all lights on"
    edges = sorted(patterns.tracking)
    counts = [
        sum(low < frame < high for frame in patterns.olat)
        for low, high in zip([-1, *edges], [*edges, max([*patterns.olat, *edges]) + 1], strict=True)
    ]
    inner = counts[1:-1]
    runs = [(count, len([*run])) for count, run in groupby(inner)]
    words = [f"{times} x {count}" if times > 1 else str(count) for count, times in runs]
    between = f", with {', '.join(words)} lights between them" if words else ""
    return f"all lights on in frames {format_frames(edges)}{between}"


def light_rows(rig: LightRig) -> list[dict[str, Any]]:
    """Return what is known about each light, in plain values."""
    azimuth, elevation = (np.degrees(angles) for angles in angles_of(rig.directions))
    apart = np.degrees(spacings(rig.directions))
    return [
        {
            "light": light,
            "name": rig.names[light] if rig.names else None,
            "direction": rig.directions[light].round(9).tolist(),
            "position_m": None if rig.positions is None else rig.positions[light].tolist(),
            "intensity": rig.intensities[light].tolist(),
            "azimuth_deg": round(float(azimuth[light]), 4),
            "elevation_deg": round(float(elevation[light]), 4),
            "nearest_deg": round(float(apart[light]), 4),
        }
        for light in range(len(rig))
    ]


def summary_of_lights(rig: LightRig) -> RigSummary:
    """Return what one wants to know about a rig at a glance.

    Raises
    ------
    UsageError
        If its lights are not located.
    """
    try:
        return summary_of(rig)
    except ValueError as error:
        raise UsageError(
            f"{error}; lights with directions are needed. Locate them first: olat process SESSION "
            "--pipeline calibrate_rig."
        ) from None
