"""What cameras wrote into their files: time, exposure, model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import exifread

from olat.inspection.finding import Finding
from olat.io.frame_expression import format_frames
from olat.io.raw import RAW_SUFFIXES

_BARE = "Image ExposureTime"
"""As DNG may have it, outside of the Exif tags."""
_TIMES = ("EXIF DateTimeOriginal", "Image DateTimeOriginal")
"""When a photograph was taken; the second as DNG may have it."""
_WITH_EXIF = RAW_SUFFIXES | {".jpg", ".jpeg", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True)
class Exposure:
    """How a photograph was taken, as far as its file says."""

    time: datetime | None
    seconds: float | None
    """Exposure time [s]."""
    iso: float | None
    aperture: float | None
    """f-number."""
    camera: str
    """Model and serial number."""


def read_exposure(path: Path) -> Exposure | None:
    """Return what a file says about its exposure; nothing if it says nothing."""
    if path.suffix.lower() not in _WITH_EXIF:
        return None
    logging.getLogger("exifread").setLevel(logging.CRITICAL)
    try:
        with path.open("rb") as file:
            tags = exifread.process_file(file, details=False, extract_thumbnail=False)
    except Exception:  # noqa: BLE001 - parsers of damaged headers raise anything; Exif is a bonus
        return None
    if not any(key.startswith("EXIF") for key in tags) and _BARE not in tags:
        return None
    model = " ".join(str(tags.get(key, "")) for key in ("Image Model", "EXIF BodySerialNumber"))
    return Exposure(
        _time(tags),
        _ratio(tags.get("EXIF ExposureTime", tags.get(_BARE))),
        _ratio(tags.get("EXIF ISOSpeedRatings")),
        _ratio(tags.get("EXIF FNumber")),
        model.strip(),
    )


def _time(tags: Mapping[str, Any]) -> datetime | None:
    """Return when a photograph was taken, to the fraction that the file has."""
    told = next((str(tags[name]) for name in _TIMES if name in tags), "")
    try:
        time = datetime.strptime(told, "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    fraction = str(tags.get("EXIF SubSecTimeOriginal", "")).strip()
    return time + timedelta(seconds=float(f"0.{fraction}")) if fraction.isdecimal() else time


def _ratio(tag: Any) -> float | None:
    """Return the first number of a tag; 0 stands for unknown."""
    try:
        return float(tag.values[0]) or None
    except (AttributeError, IndexError, TypeError, ValueError, ZeroDivisionError):
        return None


def day_of(paths: Iterable[Path]) -> date | None:
    """Return the day on which the first photograph that tells it was taken."""
    shots = (read_exposure(path) for path in paths)
    return next((shot.time.date() for shot in shots if shot and shot.time), None)


def exposure_findings(
    frames: Mapping[int, Path],
) -> tuple[list[Finding], list[str]]:
    """Return what the files say about the camera, and warnings about what changed meanwhile."""
    shots = {frame: shot for frame, path in frames.items() if (shot := read_exposure(path))}
    if not shots:
        return [], []
    first = next(iter(shots.values()))
    value = ", ".join(
        text
        for text in (
            first.camera,
            first.seconds and f"{first.seconds:.4g} s",
            first.aperture and f"f/{first.aperture:g}",
            first.iso and f"ISO {first.iso:g}",
        )
        if text
    )
    warnings = [*_changes(shots), *_order(shots)]
    return [Finding("exposure", value, "certain", "Exif of the first frame")], warnings


def _changes(shots: Mapping[int, Exposure]) -> list[str]:
    """Warn about settings that did not stay."""
    settings: tuple[tuple[str, Callable[[Exposure], object]], ...] = (
        ("exposure time", lambda shot: shot.seconds),
        ("ISO", lambda shot: shot.iso),
        ("aperture", lambda shot: shot.aperture),
        ("camera", lambda shot: shot.camera),
    )
    warnings = []
    for what, setting in settings:
        usual = _most_common([setting(shot) for shot in shots.values()])
        other = [frame for frame, shot in shots.items() if setting(shot) != usual]
        if other:
            warnings.append(
                f"the {what} changes: {setting(shots[other[0]])} instead of {usual} in frames "
                f"{format_frames(other)}. Give these frames a gain with [[override]]."
                if what != "camera"
                else f"frames {format_frames(other)} are from another camera "
                f"('{shots[other[0]].camera}' instead of '{usual}')."
            )
    return warnings


def _most_common(values: list[object]) -> object:
    """Return the value that comes up most often."""
    return max(values, key=values.count)


def _order(shots: Mapping[int, Exposure]) -> list[str]:
    """Warn if the frames were taken in another order than their names have."""
    times = [(frame, shot.time) for frame, shot in sorted(shots.items()) if shot.time]
    late = [frame for (_, before), (frame, time) in pairwise(times) if time < before]
    if not late:
        return []
    return [
        f"the names are not in the order of time: frames {format_frames(late)} were taken before "
        "the ones that precede them. The counter may have rolled over; check the order of the "
        "lights."
    ]
