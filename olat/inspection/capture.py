"""What a folder of photographs is: cameras, lights, and what the lights did."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from olat.errors import UsageError
from olat.inspection.camera import CameraFound, Said, inspect_camera
from olat.inspection.exif import day_of
from olat.inspection.finding import Finding
from olat.inspection.light_check import axes_finding, placing_warnings
from olat.inspection.light_search import (
    FoundLights,
    find_lights,
    footprint_folders,
    light_files,
)
from olat.inspection.picture_names import direction_in_name, is_camera_name
from olat.inspection.picture_sets import Pictures, PictureSet, find_pictures
from olat.io.light_list import LightFile
from olat.model.words import counted


@dataclass(frozen=True)
class Inspection:
    """Everything that looking at a folder told."""

    folder: Path
    name: str
    cameras: tuple[CameraFound, ...]
    lights: FoundLights
    writes_lights: bool
    """Whether the lights come from file names, so that a light file has to be written."""
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    date: datetime.date | None = None
    """Day of the capture, where files tell it."""


def inspect_capture(
    folder: Path,
    *,
    lights: Path | None = None,
    encoding: str | float | None = None,
    mask: Path | None = None,
) -> Inspection:
    """Look at a folder of photographs and say what it is. Nothing is written.

    Parameters
    ----------
    folder
        The capture.
    lights, encoding, mask
        What a person said: the light file, what the values mean, the mask; none to find out.

    Raises
    ------
    UsageError
        If there are no photographs or no light file.
    FileError
        If a light file or a photograph that had to be looked at cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder; a folder of photographs is needed.")
    if mask is not None and not mask.is_file():
        raise UsageError(f"{mask}: there is no such file; a mask is needed.")
    pictures = _pictures(folder, lights)
    first = max(pictures.sets, key=lambda item: len(item.frames))
    _require_one_capture(folder, pictures)
    angles = {frame: direction_in_name(path.stem) for frame, path in first.frames.items()}
    from_names = lights is None and all(angles.values())
    found = (
        _lights_of_names(folder, first)
        if from_names
        else find_lights(folder, given=lights, photographs=[*first.frames.values()])
    )
    rig = found.rig()
    cameras, findings, warnings = _inspect_cameras(pictures, found, Said(encoding, mask))
    day = day_of(item.frames[min(item.frames)] for item in pictures.sets)
    return Inspection(
        folder,
        folder.absolute().name,
        tuple(cameras),
        found,
        from_names,
        findings=(
            *_pictures_finding(pictures),
            *_day_finding(day),
            *found.findings,
            *(() if from_names else (axes_finding(rig),)),
            *findings,
        ),
        warnings=(
            *found.warnings,
            *placing_warnings(rig),
            *_several_folders(pictures),
            *warnings,
            *_left_out(pictures, cameras),
        ),
        date=day,
    )


def _pictures(folder: Path, lights: Path | None) -> Pictures:
    """Return the photographs; pictures of where lights are count only if somebody says so."""
    maps = footprint_folders([*folder.glob("*"), *folder.glob("*/*")])
    pictures = find_pictures(folder, without=maps)
    if not pictures.sets and lights not in (None, *maps):
        pictures = find_pictures(folder)
    if not pictures.sets:
        names = ", ".join(path.name for path in maps)
        but = f" but pictures of where the lights are ({names})" if maps else ""
        raise UsageError(f"{folder}: it holds no photographs{but}; a series of them is needed.")
    return pictures


def _inspect_cameras(
    pictures: Pictures, lights: FoundLights, said: Said
) -> tuple[list[CameraFound], list[Finding], list[str]]:
    """Look at every camera; of several, what is found bears their names."""
    cameras: list[CameraFound] = []
    findings: list[Finding] = []
    warnings: list[str] = []
    for item in pictures.sets:
        camera, told, warned = inspect_camera(item, pictures, lights, said, seen=cameras)
        prefix = f"{item.camera}: " if len(pictures.sets) > 1 else ""
        cameras.append(camera)
        findings += [replace(finding, what=prefix + finding.what) for finding in told]
        warnings += [prefix + warning for warning in warned]
    return cameras, findings, warnings


def _require_one_capture(folder: Path, pictures: Pictures) -> None:
    """Refuse a folder of captures: each has lights of its own."""
    folders = {item.folder for item in pictures.sets}
    own = sorted(place.name for place in folders if light_files(place.iterdir()))
    if len(own) > 1:
        raise UsageError(
            f"{folder}: it holds {len(own)} captures with lights of their own: {', '.join(own)}. "
            "Run olat init on each."
        )


def _several_folders(pictures: Pictures) -> list[str]:
    """Warn of folders taken as cameras, unless they are called so: they may be subjects."""
    folders = {item.folder for item in pictures.sets}
    if len(folders) < 2 or all(is_camera_name(item.camera) for item in pictures.sets):
        return []
    return [
        f"{len(folders)} folders are taken as {len(pictures.sets)} cameras of one capture; if they "
        "are different subjects, run olat init on each."
    ]


def _lights_of_names(folder: Path, pictures: PictureSet) -> FoundLights:
    """Return the lights whose directions the names of the pictures tell."""
    stems = [path.stem for path in pictures.frames.values()]
    directions = [direction_in_name(stem) for stem in stems]
    file = LightFile(
        folder / "lights.csv",
        "angles in the file names",
        np.array(directions, dtype=np.float64),
        names=tuple(path.name for path in pictures.frames.values()),
        holds="directions",
    )
    finding = Finding(
        "lights",
        f"{counted(len(file), 'direction')} from the file names",
        "likely",
        "A… is the azimuth, positive where the image's left is lit, and E… the elevation, as in "
        "the Yale face database",
    )
    return FoundLights(file, "directions", None, (0.0, 0.0, 0.0), (finding,), ())


def _pictures_finding(pictures: Pictures) -> list[Finding]:
    """Say which pictures are the frames of which camera."""
    several = len(pictures.sets) > 1
    return [
        Finding(
            f"camera {item.camera}",
            f"{counted(len(item.frames), 'picture')} {item.pattern or ''}".strip(),
            "likely" if several else "certain",
            "one camera for each folder or series of names" if several else "one series of names",
        )
        for item in pictures.sets
    ]


def _day_finding(day: datetime.date | None) -> list[Finding]:
    """Say on which day the photographs were taken, as far as the camera's clock was right."""
    if day is None:
        return []
    return [Finding("date", day.isoformat(), "likely", "Exif of the first frame")]


def _left_out(pictures: Pictures, cameras: list[CameraFound]) -> list[str]:
    """Say which pictures are not used."""
    used = {path for camera in cameras for path in camera.pictures.frames.values()}
    unused = [path.name for path in pictures.singles if path not in used]
    words = [*unused[:6], *(["…"] if len(unused) > 6 else []), *pictures.left_out]
    return [f"left out: {', '.join(words)}."] if words else []
