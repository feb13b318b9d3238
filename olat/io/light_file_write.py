"""Light files for other programs, and what each of them cannot hold."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from olat.errors import UsageError
from olat.io.frame_expression import format_frames
from olat.io.light_file_json import PER_FRAME
from olat.io.light_file_write_data import (
    array_file,
    arrays_file,
    dome_file,
    goliath_file,
    per_frame_file,
)
from olat.io.light_file_write_text import (
    columns_file,
    diligent_files,
    file_names,
    lp_file,
    points_file,
    table_file,
)
from olat.io.light_list import LightPatterns, has_unit_length
from olat.io.publish import publish_bytes
from olat.model.rig import LightRig

_LP_LIMIT = 1000
"""Lights that the readers of .lp files take."""


@dataclass(frozen=True)
class LightFormat:
    """A kind of light file: what it can hold, and how it is written."""

    name: str
    """For people."""
    files: Callable[[LightRig], Mapping[str, bytes]]
    """Return the content of the file, under an empty name, and of those beside it."""
    directions: bool = True
    positions: bool = True
    intensities: bool = True
    names: bool = True
    frames: bool = False
    """Whether it says which light was lit in which frame."""
    tells: bool = True
    """Whether it tells directions from positions."""
    beside: tuple[str, ...] = ()
    """Files that are read together with it."""


FORMATS = {
    ".lp": LightFormat("RTI light positions", lp_file, positions=False, intensities=False),
    ".txt": LightFormat("columns x y z", columns_file, names=False, tells=False),
    ".csv": LightFormat("a table with a header", partial(table_file, separator=",")),
    ".tsv": LightFormat("a table with a header", partial(table_file, separator="\t")),
    ".npy": LightFormat("a NumPy array", array_file, names=False, tells=False),
    ".npz": LightFormat("NumPy arrays", arrays_file),
    ".json": LightFormat(
        "Goliath light patterns",
        goliath_file,
        directions=False,
        intensities=False,
        names=False,
        frames=True,
        beside=(PER_FRAME,),
    ),
    ".dome": LightFormat("a RelightLab dome", dome_file, names=False),
    ".pc": LightFormat(
        "a point cloud", points_file, directions=False, intensities=False, names=False
    ),
}
"""What lights can be written as, by the suffix."""

DILIGENT = LightFormat(
    "DiLiGenT",
    diligent_files,
    positions=False,
    beside=("light_intensities.txt", "filenames.txt"),
)
"""What a file named light_directions.txt is."""


def write_lights(
    path: Path, rig: LightRig, *, patterns: LightPatterns | None = None, overwrite: bool = False
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write the lights of a rig as a file, by its suffix.

    Vectors are in the world frame and have 9 decimals; positions are in meters, or in millimeters
    where the format has them so. Intensities have 9 significant digits.

    Parameters
    ----------
    path
        ``light_directions.txt`` is DiLiGenT's, with ``light_intensities.txt`` and perhaps
        ``filenames.txt`` beside it; others go by their suffix.
    rig
        Lights that are located.
    patterns
        Which lights were on in which frame, where that is known.
    overwrite
        Whether files that are there may be replaced.

    Returns
    -------
    written, losses
        The files, and what the format could not hold, in words.

    Raises
    ------
    UsageError
        If the format is not known, cannot hold what the rig has, or a file is there already.
    StorageError
        If the disk is full, read-only or failing.
    """
    kind = format_of(path)
    _check(path, kind, rig)
    contents = {path.with_name(name or path.name): text for name, text in kind.files(rig).items()}
    if kind.frames and patterns is not None:
        contents[path.with_name(PER_FRAME)] = per_frame_file(patterns)
    _check_places([path, *map(path.with_name, kind.beside)], [*contents], overwrite=overwrite)
    for place, content in contents.items():
        publish_bytes(place, content)
    return tuple(contents), tuple(_losses(path, kind, rig, patterns))


def format_of(path: Path) -> LightFormat:
    """Return the format that a name asks for.

    Raises
    ------
    UsageError
        If no format is named so.
    """
    if path.name == "light_directions.txt":
        return DILIGENT
    suffix = path.suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    near = difflib.get_close_matches(suffix, FORMATS, n=1, cutoff=0.5)
    hint = f" Did you mean {path.with_suffix(near[0]).name!r}?" if near else ""
    found = f"{suffix!r} is no light file" if suffix else "the name has no suffix"
    raise UsageError(
        f"{path}: {found}; {', '.join(FORMATS)} or light_directions.txt is needed.{hint}"
    )


def _check(path: Path, kind: LightFormat, rig: LightRig) -> None:
    """Refuse a rig that the format cannot hold at all."""
    if not rig.is_located:
        raise UsageError(
            f"{path}: rig '{rig.name}' has {len(rig)} lights that are not located yet; lights with "
            "directions are needed. Calibrate the rig first."
        )
    if not kind.directions and rig.positions is None:
        raise UsageError(
            f"{path}: {kind.name} are positions, and rig '{rig.name}' has directions only. Say how "
            "far away the lights are with --radius METERS, or write .csv, which holds directions."
        )
    if kind is DILIGENT and not (rig.intensities > 0).all():
        dark = np.flatnonzero(~(rig.intensities > 0).all(axis=1)).tolist()
        raise UsageError(
            f"{path}: light {format_frames(dark)} has an intensity of 0, by which DiLiGenT's "
            "readers divide; more than 0 is needed. Leave dead lights out, or write .csv."
        )


def _check_places(read: Sequence[Path], written: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse to replace files, or to leave some that would be read with the new ones."""
    there = [place for place in written if place.exists()]
    if there and not overwrite:
        raise UsageError(
            f"{there[0]}: it is there already; a new name is needed. Choose one, or say "
            "--overwrite."
        )
    for place in read:
        if place not in written and place.exists():
            raise UsageError(
                f"{place}: it would be read together with {read[0].name}, but is of other lights. "
                "Write to another folder, or remove it."
            )


def _losses(
    path: Path, kind: LightFormat, rig: LightRig, patterns: LightPatterns | None
) -> list[str]:
    """Return what does not come back when the file is read, in words."""
    colors, losses = rig.intensities, []
    if rig.positions is not None and not kind.positions:
        losses.append("it holds no positions: the lights are written as directions")
    if not kind.intensities and (colors != 1.0).any():
        low, high = colors.min(), colors.max()
        losses.append(f"it holds no intensities: they are {low:.3g} to {high:.3g}, and 1 when read")
    if rig.names and not kind.names:
        losses.append(f"it holds no names: '{rig.names[0]}' becomes light 0, and so on")
    if not rig.names and kind is FORMATS[".lp"]:
        losses.append("it needs names, and the rig has none: they are light_0000 and so on")
    if rig.names and kind in (FORMATS[".lp"], FORMATS[".csv"], FORMATS[".tsv"], DILIGENT):
        changed = [
            pair for pair in zip(rig.names, file_names(rig), strict=True) if len({*pair}) > 1
        ]
        losses += [f"its lines cannot hold the name {old!r}: it is {new!r}" for old, new in changed]
    if patterns is not None and not kind.frames:
        losses.append("it does not say which light was lit in which frame")
    if rig.positions is not None and not kind.tells and has_unit_length(rig.positions):
        losses.append(
            "all positions are 1 m away, and vectors of unit length are read as directions: say "
            'holds = "positions" when reading'
        )
    if kind is FORMATS[".lp"] and len(rig) > _LP_LIMIT:
        losses.append(f"it lists {len(rig)} lights; RelightLab refuses more than {_LP_LIMIT}")
    return [f"{path.name}: {loss}." for loss in losses]
