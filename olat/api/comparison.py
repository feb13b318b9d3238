"""Compare two pictures, maps or masks, and say what was aligned."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from olat.api.comparison_measures import (
    ALLOWED,
    USUAL,
    Prepared,
    Scale,
    Space,
    for_display,
    measured,
    space_of,
)
from olat.api.comparison_pixels import clipped, counted, factors_of, in_one_space
from olat.api.comparison_source import Compared, Kind, Source, opened
from olat.api.comparison_words import table
from olat.errors import UsageError

if TYPE_CHECKING:
    from olat.measure.result import Measure

ALIGNS_ITSELF = frozenset({"si_mse", "lmse", "eigen_log"})
"""Measures that find the brightness of A by themselves."""
_EMPTY = 0.1
"""Share of the pixels that is worth a word if both are 0."""
_DEPTHS = frozenset({"Z", "depth"})
"""Layers in which 0 is unknown."""


@dataclass(frozen=True)
class Figure:
    """A measure, and what it looked at."""

    measure: Measure
    space: Space | None
    """None where there is no color."""


@dataclass(frozen=True)
class Comparison:
    """What was compared, how, and what came out."""

    first: Compared
    """A: what is judged."""
    second: Compared
    """B: what it is judged by."""
    kind: Kind
    figures: tuple[Figure, ...]
    used: np.ndarray[Any, Any]
    """Pixels that count, ``h w``."""
    left_out: dict[str, int]
    """Why other pixels do not, and how many."""
    refused: dict[str, str]
    """Measures that these pictures do not allow, and why."""
    notes: tuple[str, ...]
    shown: Prepared = field(repr=False)
    """Both as PSNR would see them; A multiplied, if that was asked for."""
    shown_space: Space | None = None
    scaled: str = ""
    """What A was multiplied by, in words, if it was."""

    def __str__(self) -> str:
        return table(self)

    def __repr__(self) -> str:
        told = ", ".join(f"{f.measure.name} {f.measure.value:.4g}" for f in self.figures)
        return f"<comparison of {self.first.name} with {self.second.name}: {told}>"

    def __getitem__(self, name: str) -> float:
        """Return a figure by its name."""
        for figure in self.figures:
            if figure.measure.name == name:
                return figure.measure.value
        raise KeyError(name)


def compare(  # noqa: PLR0913 - one for each option that people know
    a: Source,
    b: Source,
    *,
    mask: Source | None = None,
    kind: Kind | Literal["auto"] = "auto",
    measures: Sequence[str] | None = None,
    scale: Scale | None = None,
    space: Space | None = None,
    peak: float = 1.0,
    exposure_stops: float = 0.0,
    layer: str | None = None,
) -> Comparison:
    """Compare two pictures.

    Parameters
    ----------
    a, b
        What is judged, and what it is judged by: files, or arrays of ``h w`` or ``h w 3``. Floats
        are linear, integers are sRGB codes, booleans a mask.
    mask
        Picture that is bright where pixels count.
    kind
        What they show; by default what channels and names tell.
    measures
        Names of `olat.api.comparison_measures.NAMES`; those that are usual for the kind by default.
    scale
        Whether A is multiplied first to come closest to B in linear values, by one factor or one
        for each channel. By default only albedo is, by channel.
    space
        Whether colors are compared as an sRGB display shows them, or linear. By default PSNR and
        SSIM look at the display, all others at light.
    peak
        The largest value, for PSNR and SSIM [1].
    exposure_stops
        Multiplies both before they are shown [stop].
    layer
        Layer of an EXR file; ``NAME,NAME`` if they differ in A and B.

    Raises
    ------
    UsageError
        If sizes or kinds differ, a measure is not one of the kind, or no pixel counts.
    FileError
        If a file cannot be read.
    """
    if not (0.0 < peak < np.inf and np.isfinite(exposure_stops)):
        raise UsageError(
            f"peak {peak:g}, exposure {exposure_stops:g}: a peak above 0 and finite numbers are "
            "needed."
        )
    layers = _layers(layer)
    pair = opened(a, layers[0], "A"), opened(b, layers[1], "B")
    found = _kind(pair, kind)
    _require_alike(pair, found)
    names = _names(found, measures)
    chosen = _scale(found, scale)
    first, second, notes = in_one_space(pair, found)
    used, left_out = counted(first, second, mask, zero_is_unknown=_has_holes(found, pair[0]))
    notes += () if mask is not None else _emptiness(first[used], second[used], found)
    factors, words = factors_of(first, second, used, chosen)
    scaled = first * np.array(factors) if words else first
    ready = _Ready(first, scaled, second, used, factors, words)
    figures, refused = [], {}
    for name in names:
        seen = space_of(name, found, space)
        pair_seen = ready.views(name, seen, 2.0**exposure_stops)
        try:
            results = measured(name, pair_seen, scale=chosen, peak=peak)
        except ValueError as error:
            refused[name] = str(error)
            continue
        figures += [Figure(ready.told(result), seen) for result in results]
    if not figures:
        raise UsageError(f"nothing could be measured. {'; '.join(refused.values())}.")
    shown_space = space_of("psnr", found, space)
    if shown_space == "display":
        notes += clipped((ready.scaled, second), used, 2.0**exposure_stops)
    shown = ready.views("psnr", shown_space, 2.0**exposure_stops)
    return Comparison(
        *pair, found, tuple(figures), used, left_out, refused, notes, shown, shown_space, words
    )


@dataclass(frozen=True)
class _Ready:
    """Both pictures in one color, and A as it was multiplied."""

    first: np.ndarray[Any, Any]
    scaled: np.ndarray[Any, Any]
    second: np.ndarray[Any, Any]
    used: np.ndarray[Any, Any]
    factors: tuple[float, ...]
    words: str
    seen: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)
    """What was encoded for a display before, by the picture that it was."""

    def views(self, name: str, space: Space | None, exposure: float) -> Prepared:
        """Return both as a measure sees them."""
        first = self.first if name in ALIGNS_ITSELF else self.scaled
        if space != "display":
            return Prepared(first, self.second, self.used)
        for part in (first, self.second):
            if id(part) not in self.seen:
                self.seen[id(part)] = for_display(part, exposure)
        return Prepared(self.seen[id(first)], self.seen[id(self.second)], self.used)

    def told(self, measure: Measure) -> Measure:
        """Say what was aligned before a measure, besides what it aligned itself."""
        if not self.words or measure.name in ALIGNS_ITSELF:
            return measure
        if measure.aligned == "nothing":
            return replace(measure, aligned=self.words, factors=self.factors)
        return replace(measure, aligned=f"{self.words}, then {measure.aligned}")


def _has_holes(kind: Kind, shown: Compared) -> bool:
    """Tell whether zero means that nothing is known."""
    return kind == "normals" or (kind == "number" and shown.layer in _DEPTHS)


def _layers(layer: str | None) -> tuple[str | None, str | None]:
    """Return the layers of A and B."""
    if layer is None:
        return None, None
    first, comma, second = layer.partition(",")
    return first, second if comma else first


def _kind(pair: tuple[Compared, Compared], asked: Kind | Literal["auto"]) -> Kind:
    """Return what both show."""
    if asked != "auto":
        return asked
    first, second = (part.kind for part in pair)
    if first != second and {first, second} != {"picture", "albedo"}:
        raise UsageError(
            f"{pair[0].name} shows {_article(first)}, {pair[1].name} {_article(second)}; both must "
            "show the same. Name layers with --layer, or say --kind."
        )
    return first


def _article(kind: Kind) -> str:
    return kind if kind in {"normals", "albedo"} else f"a {kind}"


def _require_alike(pair: tuple[Compared, Compared], kind: Kind) -> None:
    """Refuse pictures that cannot be laid on one another."""
    first, second = pair
    if first.pixels.shape[:2] != second.pixels.shape[:2]:
        raise UsageError(
            f"{first.name} is {first.size} px, {second.name} is {second.size} px; one size is "
            "needed. Bring them to one size first: to stretch them here would change the figures."
        )
    if first.pixels.shape != second.pixels.shape:
        gray, color = sorted(pair, key=lambda part: part.pixels.ndim)
        raise UsageError(
            f"{gray.name} is gray, {color.name} has three channels; the same are needed."
        )
    height, width = first.pixels.shape[:2]
    if kind == "environment" and width != 2 * height:
        raise UsageError(
            f"{first.name}: it is {first.size} px; a latitude-longitude map twice as wide as high "
            "is needed. Convert it first."
        )
    if kind == "normals" and first.pixels.ndim != 3:
        raise UsageError(f"{first.name}: it is gray; normals have three channels. Name a --layer.")


def _names(kind: Kind, asked: Sequence[str] | None) -> Sequence[str]:
    """Return the measures; refuse those that mean nothing for a kind."""
    if not asked:
        return USUAL[kind]
    for name in asked:
        if name not in ALLOWED[kind]:
            near = difflib.get_close_matches(name, ALLOWED[kind], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise UsageError(
                f"measure {name!r}: for {kind} there are {', '.join(ALLOWED[kind])}.{hint}"
            )
    return tuple(dict.fromkeys(asked))


def _scale(kind: Kind, asked: Scale | None) -> Scale:
    """Return how A is multiplied."""
    if kind in {"normals", "mask"} and asked not in {None, "none"}:
        raise UsageError(f"--scale {asked}: {kind} have no brightness. Leave it out.")
    if asked is None:
        return "channel" if kind == "albedo" else "none"
    return asked


def _emptiness(
    first: np.ndarray[Any, Any], second: np.ndarray[Any, Any], kind: Kind
) -> tuple[str, ...]:
    """Say how much of what counts is background, which flatters figures."""
    share = float(((first == 0.0) & (second == 0.0)).mean())
    if kind not in {"picture", "albedo", "number"} or share < _EMPTY:
        return ()
    return (f"{100 * share:.0f} % of what counts is 0 in both; --mask leaves it out",)
