"""What differs between two pictures, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from olat.api.comparison import Comparison
    from olat.io.difference_picture import NumberPanel, PicturePanel


def write_difference(comparison: Comparison, path: Path | str) -> None:
    """Write A, B and what differs as a PNG, with the scale of the colors.

    Pixels that do not count are gray where numbers are shown, and darker where pictures are.

    Raises
    ------
    UsageError
        If the name does not end in ``.png``.
    StorageError
        If the disk is full, read-only or failing.
    """
    from olat.errors import UsageError
    from olat.io.difference_picture import picture_of_difference
    from olat.io.display import write_png

    path = Path(path)
    if path.suffix.lower() != ".png":
        raise UsageError(f"{path}: the difference is a picture; needed is a name in .png.")
    panels = _panels(comparison)
    told = {
        "Software": "olat",
        "Description": f"A: {comparison.first.name}; B: {comparison.second.name}",
        "Comment": "a comparison for eyes; figures are printed by olat compare",
    }
    picture = picture_of_difference(panels, columns=2 if len(panels) == 4 else 3)
    write_png(path, picture, told=told)


def _panels(comparison: Comparison) -> list[PicturePanel | NumberPanel]:
    """Return both pictures and their difference."""
    from olat.io.difference_picture import NumberPanel, PicturePanel, left_out

    names = [
        f"{which}: {Path(part.name).name}"
        for which, part in (("A", comparison.first), ("B", comparison.second))
    ]
    used, kind = comparison.used, comparison.kind
    pair = comparison.shown.first, comparison.shown.second
    first, second = (np.where(_wide(used, part), part, np.nan) for part in pair)
    if kind == "number":
        ends = _common_ends(first, second)
        levels = [
            NumberPanel(name, part, "level", ends=ends)
            for name, part in zip(names, (first, second), strict=True)
        ]
        return [*levels, NumberPanel("A - B", first - second, "signed")]
    shown = [left_out(part, used) for part in _shown(comparison)]
    subtitles = comparison.scaled.removeprefix("A "), ""
    both = [PicturePanel(*told) for told in zip(names, shown, subtitles, strict=True)]
    if kind == "normals":
        from olat.measure.angular import angles_between

        return [*both, NumberPanel("angle", angles_between(first, second), unit="deg")]
    if kind == "mask":
        ends = (-1.0, 1.0)
        return [*both, NumberPanel("A - B", _mean(first - second), "signed", ends=ends)]
    if kind == "environment":
        with np.errstate(invalid="ignore"):
            off = _mean(np.log1p(first) - np.log1p(second))
        return [*both, NumberPanel("ln(1 + A) - ln(1 + B)", off, "signed")]
    space = "sRGB" if comparison.shown_space == "display" else "linear"
    off = first - second
    largest = np.abs(off) if off.ndim == 2 else np.abs(off).max(axis=-1)
    return [
        *both,
        NumberPanel("A - B", _mean(off), "signed", subtitle=f"{space}, mean of channels"),
        NumberPanel("|A - B|", largest, subtitle=f"{space}, worst channel"),
    ]


def _shown(comparison: Comparison) -> list[np.ndarray[Any, Any]]:
    """Return both pictures as a display shows them, at one exposure."""
    if comparison.kind == "normals":
        return [
            np.rint((part * 0.5 + 0.5).clip(0, 1) * 255) * part.any(axis=-1, keepdims=True)
            for part in map(np.nan_to_num, _three(comparison))
        ]
    if comparison.shown_space == "display" or comparison.kind == "mask":
        return [np.rint(np.nan_to_num(part).clip(0, 1) * 255) for part in _three(comparison)]
    from olat.sensor.encoding import display_from_linear

    bright = np.percentile(comparison.shown.second[comparison.used], 99.0)
    exposure = 0.8 / float(bright) if bright > 0.0 else 1.0
    return [
        display_from_linear((part * exposure).astype(np.float32)) for part in _three(comparison)
    ]


def _three(comparison: Comparison) -> list[np.ndarray[Any, Any]]:
    """Return both with three channels."""
    return [
        np.repeat(part[..., np.newaxis], 3, axis=-1) if part.ndim == 2 else part
        for part in (comparison.shown.first, comparison.shown.second)
    ]


def _wide(used: np.ndarray[Any, Any], part: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return used if part.ndim == 2 else used[..., np.newaxis]


def _mean(part: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return part if part.ndim == 2 else part.mean(axis=-1)


def _common_ends(*parts: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return what 98 % of both lie within."""
    low, high = np.nanpercentile(np.stack(parts), [1.0, 99.0])
    return float(low), float(high) if high > low else float(low) + 1.0
