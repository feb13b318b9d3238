"""File names that carry a frame number: ``raw/A/{frame:04d}.dng``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

_FIELD = re.compile(r"\{frame(?::0(\d+)d)?\}")


def files_of_pattern(folder: Path, pattern: str) -> dict[int, Path]:
    """Return the files that match a pattern, by frame number.

    Parameters
    ----------
    folder
        What a relative pattern starts from.
    pattern
        Path with ``{frame}`` or ``{frame:0Nd}`` in one of its parts.

    Raises
    ------
    ValueError
        If the pattern has no such field, or has it in several parts.
    """
    parts = Path(pattern).parts
    numbered = [index for index, part in enumerate(parts) if _FIELD.search(part)]
    if len(numbered) != 1 or len(_FIELD.findall(pattern)) != 1:
        raise ValueError("{frame} or {frame:04d} must stand in it once")
    place = numbered[0]
    parent = folder.joinpath(*parts[:place])
    frames = _numbered(_names(parent), parts[place])
    files = {frame: parent / name for frame, name in sorted(frames.items())}
    below = parts[place + 1 :]
    if not below:
        return files
    deep = {frame: path.joinpath(*below) for frame, path in files.items()}
    return {frame: path for frame, path in deep.items() if path.is_file()}


def file_of_pattern(pattern: str, frame: int) -> str:
    """Return the file name of one frame."""
    return _FIELD.sub(lambda field: f"{frame:0{field[1] or 1}d}", pattern)


def existing(paths: Iterable[Path]) -> set[Path]:
    """Return the paths that exist, asking each folder once."""
    wanted = set(paths)
    folders = {folder: _names(folder) for folder in {path.parent for path in wanted}}
    return {path for path in wanted if path.name in folders[path.parent]}


def _names(folder: Path) -> set[str]:
    """Return what lies in a folder; nothing if it is not there."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries}
    except OSError:
        return set()


def _numbered(names: Iterable[str], part: str) -> dict[int, str]:
    """Return the names that a part of a pattern makes, by frame number."""
    field = _FIELD.search(part)
    if field is None:
        return {}
    before, after = part[: field.start()], part[field.end() :]
    spelled = re.compile(rf"{re.escape(before)}(\d+){re.escape(after)}")
    numbers = ((name, int(match[1])) for name in names if (match := spelled.fullmatch(name)))
    return {frame: name for name, frame in numbers if name == file_of_pattern(part, frame)}
