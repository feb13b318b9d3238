"""The photographs of a folder, sorted into cameras and frames."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from olat.inspection.picture_names import (
    direction_in_name,
    is_camera_name,
    is_mask,
    is_truth,
    natural,
    numbers,
    pattern_of,
    skeleton,
)
from olat.io.photograph import PHOTOGRAPH_SUFFIXES
from olat.io.raw import RAW_SUFFIXES

_DEEPEST = 4
_NOT_CAPTURE = frozenset(
    {"olat", "mask", "masks", "segmentations", "thumbs", "previews", "preview"}
)
_PREFERRED = (*sorted(RAW_SUFFIXES), ".exr", ".tif", ".tiff", ".png", ".pgm", ".ppm", ".pnm")


@dataclass(frozen=True)
class PictureSet:
    """The photographs of one camera."""

    camera: str
    folder: Path
    frames: dict[int, Path]
    """Files by frame number: the one in their names, or their place in the natural order."""
    pattern: str | None
    """File name with ``{frame}``; none if the names do not follow one."""


@dataclass(frozen=True)
class Pictures:
    """Everything in a capture folder that is a picture."""

    sets: tuple[PictureSet, ...]
    singles: tuple[Path, ...] = ()
    """Pictures that belong to no series: perhaps dark frames, balls, charts."""
    masks: tuple[Path, ...] = ()
    left_out: tuple[str, ...] = field(default=())
    """What was not taken as a photograph, and why."""


def find_pictures(folder: Path, *, without: Collection[Path] = ()) -> Pictures:
    """Sort the pictures in a folder and below it into cameras, frames, masks and others.

    Series of names that differ in one number are frames; folders, or a number before the frame
    number, are cameras. Of a photograph stored in several formats the one nearest to the sensor
    is taken. Folders `without` are left out: they picture lights.
    """
    paths = sorted(_walk(folder, _DEEPEST, without), key=natural)
    masks = tuple(path for path in paths if is_mask(path))
    truth = [path for path in paths if is_truth(path) and path not in masks]
    photographs, doubles = _one_format([path for path in paths if path not in {*masks, *truth}])
    left_out = [f"{path.name} (named as a result, not a photograph)" for path in truth]
    left_out += [f"{path.name}/ (pictures of where the lights are)" for path in without]
    if doubles:
        left_out.append(f"{doubles} pictures that are there in a better format too")
    groups = [part for group in _groups(photographs) for part in _by_camera(group)]
    largest = max((len(group) for group in groups), default=0)
    series = [group for group in groups if len(group) >= max(2, (largest + 1) // 2)]
    if not series and largest == 1:
        series = groups[:1]
    singles = tuple(path for group in groups if group not in series for path in group)
    sets = tuple(
        replace(_picture_set(group), camera=name)
        for name, group in zip(_camera_names(folder, series), series, strict=True)
    )
    return Pictures(sets, singles, masks, tuple(left_out))


def _walk(folder: Path, depth: int, without: Collection[Path]) -> Iterator[Path]:
    """Yield the pictures in a folder and below it, without hidden and derived ones."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                is_capture = entry.name.lower() not in _NOT_CAPTURE and path not in without
                if depth > 0 and is_capture:
                    yield from _walk(path, depth - 1, without)
            elif path.suffix.lower() in PHOTOGRAPH_SUFFIXES:
                yield path


def _one_format(paths: Sequence[Path]) -> tuple[list[Path], int]:
    """Keep one file of each photograph, and count the others."""
    by_stem: dict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        by_stem[path.with_suffix("")].append(path)
    kept = [min(same, key=_preference) for same in by_stem.values()]
    return kept, len(paths) - len(kept)


def _preference(path: Path) -> int:
    """Return how far a format is from the sensor."""
    suffix = path.suffix.lower()
    return _PREFERRED.index(suffix) if suffix in _PREFERRED else len(_PREFERRED)


def _groups(paths: Sequence[Path]) -> list[list[Path]]:
    """Group pictures whose folder, format and name without numbers are the same."""
    groups: dict[tuple[object, ...], list[Path]] = defaultdict(list)
    for path in paths:
        name = ("angles",) if direction_in_name(path.stem) else skeleton(path.stem)
        groups[path.parent, path.suffix.lower(), name].append(path)
    return list(groups.values())


def _varying(group: Sequence[Path]) -> list[int]:
    """Return which of the numbers in the names of a group differ."""
    columns = zip(*(numbers(path.stem) for path in group), strict=False)
    return [place for place, column in enumerate(columns) if len(set(column)) > 1]


def _by_camera(group: list[Path]) -> list[list[Path]]:
    """Split a group whose names count cameras and frames."""
    varying = _varying(group)
    if direction_in_name(group[0].stem) or len(varying) != 2:
        return [group]
    counts = [len({numbers(path.stem)[place] for path in group}) for place in varying]
    if counts[0] * counts[1] != len(group):
        return [group]
    is_first = is_camera_name(group[0].stem) or counts[0] <= counts[1]
    place = varying[0 if is_first else 1]
    cameras: dict[str, list[Path]] = defaultdict(list)
    for path in group:
        cameras[numbers(path.stem)[place]].append(path)
    return list(cameras.values())


def _picture_set(group: list[Path]) -> PictureSet:
    """Return a group as frames, numbered by their names or their order."""
    varying = [] if direction_in_name(group[0].stem) else _varying(group)
    suffixes = {path.suffix for path in group}
    if len(varying) == 1 and len(suffixes) == 1:
        pattern = pattern_of([path.stem for path in group], varying[0])
        if pattern:
            frames = {int(numbers(path.stem)[varying[0]]): path for path in group}
            return PictureSet("", group[0].parent, frames, pattern + group[0].suffix)
    return PictureSet("", group[0].parent, dict(enumerate(group)), None)


def _camera_names(folder: Path, series: Sequence[Sequence[Path]]) -> list[str]:
    """Name the cameras by what tells them apart: a folder, a name, or else a letter."""
    letters = [chr(ord("A") + index) if index < 26 else f"c{index}" for index in range(len(series))]
    if len(series) < 2:
        return letters
    folders = [group[0].parent.relative_to(folder).parts for group in series]
    stems = [(*skeleton(group[0].stem), *numbers(group[0].stem)) for group in series]
    for parts in (folders, stems):
        depth = min(map(len, parts))
        for place in range(depth):
            names = [_folder_name(part[place]) for part in parts]
            if all(names) and len(set(names)) == len(names):
                return names
    return letters


def _folder_name(text: str) -> str:
    """Return a text as the name of a folder and a table."""
    name = "".join(letter if letter.isalnum() else "_" for letter in text).strip("_")
    return f"cam{name}" if name.isdecimal() else name
