"""Finds a ColorChecker in a picture and reads its patches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from olat.model.flags import PixelFlag
from olat.model.shapes import Array, Flags, Mask, Radiance
from olat.sensor.chart_grid import FILL, SQUARE, Corners, places, refined, through
from olat.sensor.chart_reference import PATCHES, REFERENCES, PatchColors
from olat.sensor.chart_squares import balanced, grids_of_squares
from olat.sensor.color_matrix import fit_color_matrix

LARGEST_DELTA_E = 10.0
"""Mean CIEDE2000 after the best matrix up to which a grid of colors is a ColorChecker."""
CLEAR = 1.5
"""How many times worse the chart must fit any other way round."""
SMALLEST_PATCH = 24
"""Pixels that a patch is read from at least [px]."""
CLIPPED_SHARE = 0.02
"""Share of a patch's pixels that may be clipped or dead, and of the picture's without a word."""

_SIDES = (1000, 2000, 500)
"""Sizes at which a picture is looked at, one after the other [px]."""
_MARGIN = 0.25 / 16.75, 0.25 / 11.25
"""Share of the box of OpenCV's detector that lies outside of the patches, on each side."""
_MAX_GRIDS = 6
"""That OpenCV's detector reports in one picture."""


@dataclass(frozen=True)
class Chart:
    """A chart in a picture."""

    corners: Corners
    colors: PatchColors
    """Camera color of each patch."""

    @property
    def is_mirrored(self) -> bool:
        """Whether the picture shows the chart as a mirror would."""
        (x0, y0), (x1, y1), _, (x3, y3) = self.corners
        return bool((x1 - x0) * (y3 - y0) - (y1 - y0) * (x3 - x0) < 0)


def find_chart(radiance: Radiance, flags: Flags, *, inner: float = 0.6) -> Chart:
    """Find the ColorChecker in a picture and read it.

    Rows of squares are looked for at several sizes, by OpenCV's detector too where there are
    none. A grid is the chart if one matrix brings its colors to the chart's, one way round and
    no other.

    Parameters
    ----------
    radiance
        Linear camera color, in any unit.
    flags
        Its doubtful pixels.
    inner
        Side of the middle of a patch that is read, as a share of the patch [1].

    Raises
    ------
    ValueError
        If no chart is found, or one of its patches is clipped or too small; saying what was seen.

    Notes
    -----
    Assumes a chart of 6 x 4 patches that is flat, wholly in the picture, and not tilted much.
    Where several are in the picture, the one whose colors fit best is read.

    References
    ----------
    .. [1] Bradski, The OpenCV library, Dr. Dobb's Journal of Software Tools, 2000; module mcc.
    """
    seen: list[float] = []
    for guesses in _looks(radiance):
        oriented = [_oriented(radiance, guess) for guess in guesses]
        seen += [misfit for misfit, _ in oriented]
        misfit, corners = min(oriented, key=lambda pair: pair[0], default=(np.inf, None))
        if corners is not None and misfit <= LARGEST_DELTA_E:
            return _read(radiance, flags, refined(radiance, corners), inner)
    closest = min(seen, default=np.inf)
    told = f", the closest with CIEDE2000 {closest:.0f} on average" if closest < np.inf else ""
    raise ValueError(
        f"chart: {len(seen)} grids of squares were seen, none with the colors of a "
        f"ColorChecker{told}; {LARGEST_DELTA_E:.0f} or less was needed.{_clipping(flags)} Give its "
        "four corners, or shoot it larger, sharper and evenly lit."
    )


def chart_at(radiance: Radiance, flags: Flags, corners: Corners, *, inner: float = 0.6) -> Chart:
    """Read the ColorChecker between four corners.

    Parameters
    ----------
    radiance, flags, inner
        As in `find_chart`.
    corners
        Outer corners of the patches, going around; which one is the first does not matter [px].

    Raises
    ------
    ValueError
        If the colors there are no ColorChecker's, whichever way round, or a patch is clipped or
        too small.
    """
    height, width = radiance.shape[:2]
    if not ((corners >= -0.5) & (corners <= (width - 0.5, height - 0.5))).all():
        raise ValueError(
            f"chart: the corners {corners.tolist()} lie outside of the picture of {width} x "
            f"{height} px; x y pairs within it were needed."
        )
    misfit, oriented = _oriented(radiance, corners)
    if misfit > LARGEST_DELTA_E:
        raise ValueError(
            f"chart: the colors between the corners {corners.tolist()} differ from a "
            f"ColorChecker's by CIEDE2000 {misfit:.0f} on average; {LARGEST_DELTA_E:.0f} or less "
            f"was needed.{_clipping(flags)} Give the outer corners of its 6 x 4 patches, going "
            "around."
        )
    return _read(radiance, flags, oriented, inner)


def _looks(radiance: Radiance) -> Iterator[list[Corners]]:
    """Yield what may be charts, look by look."""
    for side in _SIDES:
        yield list(grids_of_squares(radiance, side=side))
    for side in _SIDES:
        yield _grids_of_opencv(radiance, side=side)


def _grids_of_opencv(radiance: Radiance, *, side: int) -> list[Corners]:
    """Return the corners of what OpenCV's detector takes for charts."""
    scale = side / max(radiance.shape[:2])
    shown = np.ascontiguousarray(balanced(radiance, scale)[..., ::-1])
    detector = cv2.mcc.CCheckerDetector.create()
    detector.process(shown, _MAX_GRIDS)
    boxes = [np.asarray(chart.getBox(), np.float64) for chart in detector.getListColorChecker()]
    patches = np.abs(SQUARE - _MARGIN)
    return [through((box + 0.5) / scale - 0.5, patches).astype(np.float64) for box in boxes]


def _oriented(radiance: Radiance, corners: Corners) -> tuple[float, Corners]:
    """Return how far colors are from a chart's the best way round, and the corners that way.

    Not a chart at all if another way round does nearly as well.
    """
    ways = [np.roll(way, turn, axis=0) for way in (corners, corners[::-1]) for turn in range(4)]
    misfits = [_misfit(radiance, way) for way in ways]
    best, second = np.argsort(misfits)[:2]
    is_clear = misfits[second] >= CLEAR * misfits[best]
    return misfits[best] if is_clear else np.inf, ways[best]


def _misfit(radiance: Radiance, corners: Corners) -> float:
    """Return the mean CIEDE2000 of a grid of colors after the best matrix."""
    steps = np.linspace(-0.2, 0.2, 9)
    around = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    at = places(corners, around)
    height, width = radiance.shape[:2]
    if not ((at > 0) & (at < (width - 1, height - 1))).all():
        return np.inf
    sampled = cv2.remap(radiance, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    colors = np.median(np.nan_to_num(sampled), axis=1).astype(np.float64)
    try:
        return min(fit_color_matrix(colors, reference).mean_delta_e for reference in REFERENCES)
    except ValueError:
        return np.inf


def _read(radiance: Radiance, flags: Flags, corners: Corners, inner: float) -> Chart:
    """Read the patches between oriented corners."""
    bad = (flags & (PixelFlag.SATURATED | PixelFlag.DEAD)) != 0
    outlines = places(corners, (SQUARE - 0.5) * inner * FILL)
    colors = []
    for name, outline in zip(PATCHES, outlines, strict=True):
        inside = np.zeros(bad.shape, np.uint8)
        cv2.fillConvexPoly(inside, np.rint(outline).astype(np.int32), 1)
        pixels = inside.astype(bool)
        _require(name, pixels, bad)
        colors.append(_trimmed_mean(radiance[pixels & ~bad]))
    return Chart(corners, np.array(colors))


def _require(name: str, pixels: Mask, bad: Mask) -> None:
    """Refuse a patch that cannot be read."""
    count = int(pixels.sum())
    if count < SMALLEST_PATCH:
        raise ValueError(
            f"chart: the middle of patch {name!r} has {count} px; {SMALLEST_PATCH} or more were "
            "needed. Shoot the chart larger."
        )
    clipped = float(bad[pixels].mean())
    if clipped > CLIPPED_SHARE:
        raise ValueError(
            f"chart: patch {name!r} is clipped or dead in {clipped:.0%} of its pixels; "
            f"{CLIPPED_SHARE:.0%} or less was needed. Expose the chart less."
        )


def _clipping(flags: Flags) -> str:
    """Return a sentence about clipping, which bends colors beyond knowing, if there is any."""
    clipped = float(np.mean((flags & PixelFlag.SATURATED) != 0))
    if clipped <= CLIPPED_SHARE:
        return ""
    return f" The picture is clipped in {clipped:.0%} of its pixels: expose the chart less."


def _trimmed_mean(pixels: Float32[Array, "pixel 3"]) -> Float64[Array, "3"]:
    """Return the mean of each channel without its lowest and highest tenth."""
    cut = len(pixels) // 10
    kept = np.sort(pixels, axis=0)[cut : len(pixels) - cut]
    return np.asarray(kept.mean(axis=0, dtype=np.float64))
