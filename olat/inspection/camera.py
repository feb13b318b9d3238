"""What one camera saw: its sequence, what its values mean, its mask, its exposure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from olat.errors import FileError
from olat.inspection.bracketed_sequence import by_bracket
from olat.inspection.encoding_guess import guess_encoding
from olat.inspection.exif import exposure_findings
from olat.inspection.finding import Finding
from olat.inspection.light_check import light_warnings
from olat.inspection.light_search import FoundLights
from olat.inspection.picture_names import role_word
from olat.inspection.picture_sets import Pictures, PictureSet
from olat.inspection.sequence import (
    SequenceReading,
    by_count,
    by_light_names,
    by_patterns,
    roles_by_name,
)
from olat.io.light_file_json import METADATA, PER_FRAME, read_light_patterns
from olat.io.photograph import photograph_size
from olat.io.raw import RAW_SUFFIXES
from olat.model.condition import Condition, Olat
from olat.model.rig import LightRig


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


def inspect_camera(
    pictures: PictureSet,
    everything: Pictures,
    lights: FoundLights,
    said: Said,
    *,
    seen: Sequence[CameraFound],
) -> tuple[CameraFound, list[Finding], list[str]]:
    """Find out about one camera: sequence, encoding, mask, exposure.

    Parameters
    ----------
    pictures, everything
        Its photographs, and all pictures of the capture.
    lights
        The lights of the capture.
    said
        What a person said.
    seen
        The cameras that were looked at before.
    """
    frames, roles = _with_singles(pictures, everything.singles)
    reading = _as_before(frames, seen) or _sequence(frames, roles, lights, said.encoding)
    findings = [reading.finding] if reading.finding else []
    rig = lights.rig()
    lit = {
        frames[frame]: condition.light
        for frame, condition in reading.conditions.items()
        if isinstance(condition, Olat) and frame not in reading.followers
    }
    meaning, finding, warnings = _encoding(frames, lit, rig, said.encoding)
    warnings += light_warnings(lit, rig, encoding=meaning)
    found_mask, mask_findings = _mask(pictures.folder, everything.masks, said.mask)
    firsts = {
        frame: path for frame, path in pictures.frames.items() if frame not in reading.followers
    }
    exposure, changes = exposure_findings(firsts)
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
    if file.patterns and len(file.patterns.tracking) + len(file.patterns.olat) == len(frames):
        return by_patterns(frames, file.patterns, len(file))
    by_names = by_light_names(frames, file.names, roles) if file.names else None
    is_raw = any(path.suffix.lower() in RAW_SUFFIXES for path in frames.values())
    encodings = (encoding,) if encoding else ("linear",) if is_raw else ("linear", "srgb")
    return (
        by_names
        or by_bracket(frames, len(file), roles, encodings=encodings)
        or by_count(frames, len(file), roles, encodings=encodings)
    )


def _as_before(frames: Mapping[int, Path], seen: Sequence[CameraFound]) -> SequenceReading | None:
    """Return the rule of a camera with the same frames: all cameras see the same lights."""
    same = (camera for camera in seen if camera.pictures.frames.keys() == frames.keys())
    return next((camera.reading for camera in same if camera.reading.is_rule), None)


def _encoding(
    frames: Mapping[int, Path], lit: Mapping[Path, int], rig: LightRig, given: str | float | None
) -> tuple[str | float, Finding, list[str]]:
    """Return what the values mean: as a person said, or by looking."""
    if given is not None:
        return given, Finding("encoding", str(given), "said", "as you said"), []
    directions = rig.directions[[*lit.values()]] if lit else None
    meaning, finding = guess_encoding([*lit] or [*frames.values()], directions)
    warnings = []
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
        return given, [Finding("mask", given.name, "said", "as you said")]
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
