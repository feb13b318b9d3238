"""A mirror ball as a picture: its outline, and every highlight with the number of its light."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from olat.io.contact_sheet import DisplayPicture
from olat.io.picture_frame import PictureFrame, headed, key_words
from olat.io.rig_canvas import ALARM, Box, Canvas, Color, Labels, Point, around
from olat.light.mirror_ball import named
from olat.model.evidence import BallEvidence, Doubt, Spot, Verdict
from olat.model.shapes import Plane

OUTLINE: Color = (90, 200, 250)
COLORS: dict[Verdict, Color] = {
    "taken": (120, 230, 120),
    "doubted": (255, 214, 10),
    "refused": ALARM,
}
_LEGEND: dict[Verdict, str] = {
    "taken": "taken for the light",
    "doubted": "taken, but clipped, cut by the outline, or rivaled",
    "refused": "seen beside it, and refused",
}
_DOUBTS: dict[Doubt, str] = {
    "clipped": "clipped",
    "cut": "cut by the outline",
    "rivaled": "rivaled",
}
_SIDES = {1: 1400, 2: 1100, 3: 900}
"""Of the panel of a ball, by how many stand in a row [px]."""
_HEAD, _FOOT, _GAP = 96, 44, 16
_RING = (7.0, 28.0)
"""Smallest and largest radius of a ring [px]."""
_LABEL = 16
_DARKEST = 1e-3
"""Of the brightest highlight: what is darker is black."""
_GRAY = 165
"""Of the brightest highlight, so that marks stand out."""


def picture_of_balls(balls: Sequence[BallEvidence]) -> DisplayPicture:
    """Draw a mirror ball in each of its places.

    Parameters
    ----------
    balls
        One a place; there is at least one.
    """
    columns = min(len(balls), 3)
    rows = -(-len(balls) // columns)
    side = _SIDES[columns]
    width = columns * (side + _GAP) + _GAP
    canvas = Canvas(width, _HEAD + rows * (side + _GAP) + _FOOT)
    headed(canvas, "Highlights on the mirror ball", told_of_balls(balls))
    for place, ball in enumerate(balls):
        row, column = divmod(place, columns)
        left, top = _GAP + column * (side + _GAP), _HEAD + row * (side + _GAP)
        draw_ball(canvas, (left, top, left + side, top + side), ball)
    _draw_legend(canvas)
    return canvas.picture


def told_of_balls(balls: Sequence[BallEvidence]) -> str:
    """Say how many lights were seen, how well, and which were not."""
    parts = []
    for place, ball in enumerate(balls):
        counts = dict.fromkeys(COLORS, 0)
        for spot in ball.spots:
            counts[spot.verdict] += 1
        seen = counts["taken"] + counts["doubted"]
        told = f"{seen} of {seen + len(ball.unseen)} lights"
        told += _doubted(ball.spots, counts["doubted"])
        if ball.unseen:
            told += f", not seen: {named(ball.unseen)}"
        parts.append(told if len(balls) == 1 else f"place {place}: {told}")
    return "   \N{MIDDLE DOT}   ".join(parts)


def _doubted(spots: Sequence[Spot], count: int) -> str:
    """Say how many of the lights are in doubt, and why; one light may be so in two ways."""
    if not count:
        return ""
    whys = [why for spot in spots for why in spot.doubts]
    parts = [f"{whys.count(why)} {words}" for why, words in _DOUBTS.items() if why in whys]
    return f", {count} of them in doubt" + (f" ({', '.join(parts)})" if parts else "")


def draw_ball(canvas: Canvas, box: Box, ball: BallEvidence) -> None:
    """Draw a ball, its outline and its spots as large as fits."""
    frame = PictureFrame(canvas, box, _logarithmic(ball.picture))
    canvas.line(frame.all_at(ball.outline), OUTLINE)
    labels = Labels(canvas, frame.box, size=_LABEL)
    for spot in ball.spots:
        labels.keep_free(around(frame.at(spot.x, spot.y), _reach(spot, frame)))
    # Whatever is wrong is named before what is right takes the room.
    for verdict in ("refused", "doubted", "taken"):
        for spot in ball.spots:
            if spot.verdict == verdict:
                _draw_spot(canvas, frame, labels, spot)


def _draw_spot(canvas: Canvas, frame: PictureFrame, labels: Labels, spot: Spot) -> None:
    """Mark a spot, and number it if there is room."""
    center, reach, color = frame.at(spot.x, spot.y), _reach(spot, frame), COLORS[spot.verdict]
    if spot.verdict == "refused":
        _draw_cross(canvas, center, reach, color)
    else:
        canvas.disc(center, reach, color, 2)
    labels.add(str(spot.light), center, reach + 2.0, color)


def _draw_cross(canvas: Canvas, center: Point, reach: float, color: Color) -> None:
    x, y = center
    for sign in (-1.0, 1.0):
        canvas.line([(x - reach, y - sign * reach), (x + reach, y + sign * reach)], color, 2)


def _reach(spot: Spot, frame: PictureFrame) -> float:
    """Return the radius of a mark [px]."""
    if spot.verdict == "refused" or not np.isfinite(spot.radius):
        return _RING[0]
    return float(np.clip(2.5 * spot.radius * frame.scale, *_RING))


def _logarithmic(picture: Plane) -> DisplayPicture:
    """Show a range of brightness that no display has, in gray."""
    known = np.nan_to_num(picture, nan=0.0, posinf=0.0, neginf=0.0)
    white = max(float(known.max(initial=0.0)), 1e-12)
    level = 1.0 - np.log(np.clip(known / white, _DARKEST, 1.0)) / np.log(_DARKEST)
    gray = np.rint(_GRAY * level).astype(np.uint8)
    return np.repeat(gray[..., np.newaxis], 3, axis=2)


def _draw_legend(canvas: Canvas) -> None:
    """Say what the marks mean."""
    y, x = canvas.picture.shape[0] - _FOOT / 2.0, 2.0 * _GAP
    canvas.line([(x - 8.0, y), (x + 8.0, y)], OUTLINE, 2)
    x = key_words(canvas, "outline as fitted", (x, y))
    for verdict, words in _LEGEND.items():
        if verdict == "refused":
            _draw_cross(canvas, (x, y), _RING[0], COLORS[verdict])
        else:
            canvas.disc((x, y), _RING[0] + 1.0, COLORS[verdict], 2)
        x = key_words(canvas, words, (x, y))
