"""What a folder of photographs is: cameras, lights, and what the lights did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from olat.errors import FileError, UsageError
from olat.inspection.encoding_guess import guess_encoding
from olat.inspection.exif import exposure_findings
from olat.inspection.finding import Finding
from olat.inspection.light_search import FoundLights, find_lights, light_files
from olat.inspection.picture_names import direction_in_name, role_word
from olat.inspection.picture_sets import Pictures, PictureSet, find_pictures
from olat.inspection.sequence import (
    SequenceReading,
    by_count,
    by_light_names,
    by_patterns,
    roles_by_name,
)
from olat.io.light_file import rig_from_lights
from olat.io.light_file_json import METADATA, PER_FRAME, read_light_patterns
from olat.io.light_list import LightFile
from olat.io.photograph import photograph_size
from olat.io.raw import RAW_SUFFIXES
from olat.model.condition import Condition, Olat

_JPEG = (".jpg", ".jpeg")


@dataclass(frozen=True)
class CameraFound:
    """One camera, ready to be written down."""

    pictures: PictureSet
    """Its frames; those that its pattern does not reach have a place all the same."""
    reading: SequenceReading
    encoding: str | float
    mask: Path | None


@dataclass(frozen=True)
class Said:
    """What a person said on the command line; none to find out."""

    encoding: str | float | None
    mask: Path | None


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
    pictures = find_pictures(folder)
    if not pictures.sets:
        raise UsageError(f"{folder}: it holds no photographs; a series of them is needed.")
    first = max(pictures.sets, key=lambda item: len(item.frames))
    _require_one_capture(folder, pictures)
    angles = {frame: direction_in_name(path.stem) for frame, path in first.frames.items()}
    from_names = lights is None and all(angles.values())
    found = (
        _lights_of_names(folder, first)
        if from_names
        else find_lights(folder, given=lights, pictures=len(first.frames))
    )
    cameras: list[CameraFound] = []
    findings, warnings = [*found.findings], [*found.warnings]
    said = Said(encoding, mask)
    for pictures_of_camera in pictures.sets:
        camera, told, warned = _inspect_camera(
            pictures_of_camera, pictures, found, said, seen=cameras
        )
        prefix = f"{pictures_of_camera.camera}: " if len(pictures.sets) > 1 else ""
        cameras.append(camera)
        findings += [replace(finding, what=prefix + finding.what) for finding in told]
        warnings += [prefix + warning for warning in warned]
    return Inspection(
        folder,
        folder.absolute().name,
        tuple(cameras),
        found,
        from_names,
        findings=(*_pictures_finding(pictures), *findings),
        warnings=(*warnings, *_left_out(pictures, cameras)),
    )


def _require_one_capture(folder: Path, pictures: Pictures) -> None:
    """Refuse a folder of captures: each has lights of its own."""
    folders = {item.folder for item in pictures.sets}
    own = sorted(place.name for place in folders if light_files(place.iterdir()))
    if len(own) > 1:
        raise UsageError(
            f"{folder}: it holds {len(own)} captures with lights of their own: {', '.join(own)}. "
            "Run olat init on each."
        )


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
        f"{len(file)} directions from the file names",
        "likely",
        "A… is the azimuth, positive where the image's left is lit, and E… the elevation, as in "
        "the Yale face database",
    )
    return FoundLights(file, "directions", None, (0.0, 0.0, 0.0), (finding,), ())


def _inspect_camera(
    pictures: PictureSet,
    everything: Pictures,
    lights: FoundLights,
    said: Said,
    *,
    seen: Sequence[CameraFound],
) -> tuple[CameraFound, list[Finding], list[str]]:
    """Find out about one camera: sequence, encoding, mask, exposure."""
    frames, roles = _with_singles(pictures, everything.singles)
    reading = _as_before(frames, seen) or _sequence(frames, roles, lights, said.encoding)
    findings = [reading.finding] if reading.finding else []
    meaning, finding, warnings = _encoding(frames, reading, lights, said.encoding)
    found_mask, mask_findings = _mask(pictures.folder, everything.masks, said.mask)
    exposure, changes = exposure_findings(pictures.frames)
    sizes = _size_warnings(pictures.frames)
    camera = CameraFound(replace(pictures, frames=frames), reading, meaning, found_mask)
    return (
        camera,
        [*findings, finding, *mask_findings, *exposure],
        [*reading.warnings, *warnings, *changes, *sizes],
    )


def _with_singles(
    pictures: PictureSet, singles: tuple[Path, ...]
) -> tuple[dict[int, Path], dict[int, Condition]]:
    """Add the single pictures of a camera's folder whose names tell a role."""
    named = [
        path for path in singles if path.parent == pictures.folder and role_word(path) is not None
    ]
    start = max(pictures.frames) + 1
    extra = dict(enumerate(named, start=start))
    words = {frame: role_word(path) for frame, path in extra.items()}
    return {**pictures.frames, **extra}, roles_by_name(words)


def _sequence(
    frames: Mapping[int, Path],
    roles: Mapping[int, Condition],
    lights: FoundLights,
    encoding: str | float | None,
) -> SequenceReading:
    """Find out which light lit which frame by the surest way there is."""
    file = lights.file
    if file.path.name == METADATA and file.path.with_name(PER_FRAME).is_file():
        return by_patterns(frames, read_light_patterns(file.path), len(file))
    by_names = by_light_names(frames, file.names, roles) if file.names else None
    is_raw = any(path.suffix.lower() in RAW_SUFFIXES for path in frames.values())
    encodings = (encoding,) if encoding else ("linear",) if is_raw else ("linear", "srgb")
    return by_names or by_count(frames, len(file), roles, encodings=encodings)


def _as_before(frames: Mapping[int, Path], seen: Sequence[CameraFound]) -> SequenceReading | None:
    """Return the rule of a camera with the same frames: all cameras see the same lights."""
    same = (camera for camera in seen if camera.pictures.frames.keys() == frames.keys())
    return next((camera.reading for camera in same if camera.reading.is_rule), None)


def _encoding(
    frames: Mapping[int, Path],
    reading: SequenceReading,
    lights: FoundLights,
    given: str | float | None,
) -> tuple[str | float, Finding, list[str]]:
    """Return what the values mean: as a person said, or by looking."""
    is_jpeg = any(path.suffix.lower() in _JPEG for path in frames.values())
    lit = {
        frame: condition.light
        for frame, condition in reading.conditions.items()
        if isinstance(condition, Olat)
    }
    if given is not None:
        meaning, finding = given, Finding("encoding", str(given), "certain", "as you said")
    else:
        rig = rig_from_lights(
            lights.file, units=lights.units, center=lights.center, holds=lights.holds
        )
        directions = rig.directions[list(lit.values())] if lit else None
        meaning, finding = guess_encoding([frames[frame] for frame in lit or frames], directions)
    warnings = []
    if is_jpeg and meaning == "linear":
        warnings.append(
            "JPEG is called linear, but cameras write it sRGB-coded. Check it with a gray chart."
        )
    if finding.confidence == "guess":
        warnings.append(
            f"the encoding ('{meaning}') is a guess; give --encoding linear or srgb if you know it."
        )
    return meaning, finding, warnings


def _mask(
    folder: Path, masks: tuple[Path, ...], given: Path | None
) -> tuple[Path | None, list[Finding]]:
    """Return the mask of a camera: as a person said, or the one beside its pictures."""
    if given is not None:
        return given, [Finding("mask", given.name, "certain", "as you said")]
    beside = [path for path in masks if path.parent == folder]
    if len(beside) == 1:
        return beside[0], [Finding("mask", beside[0].name, "likely", "by its name")]
    return None, []


def _size_warnings(frames: Mapping[int, Path]) -> list[str]:
    """Warn if the first, middle and last frame differ in size, or if one cannot be read."""
    paths = list(frames.values())
    sizes: dict[str, tuple[int, int]] = {}
    warnings = []
    for path in dict.fromkeys((paths[0], paths[len(paths) // 2], paths[-1])):
        try:
            sizes[path.name] = photograph_size(path)
        except FileError as error:
            warnings.append(str(error))
    if len(set(sizes.values())) > 1:
        words = ", ".join(f"{name} {width} x {height}" for name, (height, width) in sizes.items())
        warnings.append(f"the pictures differ in size: {words}. One size is needed.")
    return warnings


def _pictures_finding(pictures: Pictures) -> list[Finding]:
    """Say which pictures are the frames of which camera."""
    several = len(pictures.sets) > 1
    return [
        Finding(
            f"camera {item.camera}",
            f"{len(item.frames)} pictures {item.pattern or ''}".strip(),
            "likely" if several else "certain",
            "one camera for each folder or series of names" if several else "one series of names",
        )
        for item in pictures.sets
    ]


def _left_out(pictures: Pictures, cameras: list[CameraFound]) -> list[str]:
    """Say which pictures are not used."""
    used = {path for camera in cameras for path in camera.pictures.frames.values()}
    unused = [path.name for path in pictures.singles if path not in used]
    words = [*unused[:6], *(["…"] if len(unused) > 6 else []), *pictures.left_out]
    return [f"left out: {', '.join(words)}."] if words else []
