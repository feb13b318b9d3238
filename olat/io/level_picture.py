"""Intensities of a rig as a picture: the gray ball, each light by color, and where it hangs."""

from __future__ import annotations

import numpy as np

from olat.io.ball_picture import OUTLINE, draw_ball
from olat.io.contact_sheet import DisplayPicture
from olat.io.picture_frame import headed, key_words
from olat.io.plot_axes import Axes, Scale
from olat.io.rig_canvas import ALARM, INK, PANEL, Canvas, Color, Labels, Point, around
from olat.io.rig_map import draw_map
from olat.io.rig_marks import marks_of
from olat.light.mirror_ball import named
from olat.light.rig_summary import summary_of
from olat.model.calibration import RigCalibration
from olat.model.evidence import LevelEvidence, Source
from olat.model.shapes import LightColors

COLORS: tuple[Color, Color, Color] = (255, 110, 100), (120, 230, 120), (110, 170, 255)
"""Of intensities in red, green and blue."""
WIDTH = 1800
"""Of the picture [px]."""
_HEAD, _FOOT, _GAP = 96, 48, 16
_BALL = 560
"""Side of the panel with the gray ball [px]."""
_MAP = (WIDTH - 2 * _GAP - 108) // 2 + 100
_LABEL = 16
_UNLIKE = 0.15
"""Departure from the median from which on a light is numbered [share]."""
_SIGMAS = 2.0
"""Standard errors that a line through a dot reaches up and down."""
_STEP = 0.22
"""Between the dots of one light [lights]."""
_RINGS: dict[Source, Color] = {"mirror": INK, "unseen": ALARM}
"""About lights that the gray ball does not tell of."""
_ROOM = 5.0
"""Between dots and the ring about them [px]."""
_WORDS: dict[Source, str] = {
    "mirror": "off the mirror ball",
    "unseen": "not seen, a guess",
    "dead": "dead",
}


def picture_of_levels(rig: RigCalibration) -> DisplayPicture:
    """Draw how bright the lights of a rig are.

    Parameters
    ----------
    rig
        With what its intensities were just read off as its evidence.

    Raises
    ------
    ValueError
        If it has no such evidence.
    """
    found = rig.evidence
    if not isinstance(found, LevelEvidence):
        raise ValueError("intensities were not measured just now; there is nothing to draw")
    canvas = Canvas(WIDTH, _HEAD + _BALL + _GAP + _MAP + _FOOT)
    headed(canvas, "Intensities of the lights", _told(rig, found))
    left = _GAP
    if found.ball is not None:
        box = (left, _HEAD, left + _BALL, _HEAD + _BALL)
        canvas.box(box, PANEL)
        draw_ball(canvas, box, found.ball)
        left += _BALL + _GAP
    _draw_dots(canvas, (left, _HEAD, WIDTH - _GAP, _HEAD + _BALL), rig, found)
    lights = rig.rig
    summary = summary_of(lights)
    usual = float(np.clip(100.0 / np.sqrt(len(lights)), 5.0, 14.0))
    top = _HEAD + _BALL + _GAP
    draw_map(
        canvas,
        (_GAP, top, WIDTH - _GAP, top + _MAP),
        lights.directions,
        marks_of(lights, usual_px=usual, label_px=16),
        reach=summary.reach,
    )
    _draw_legend(canvas, found)
    return canvas.picture


def _told(rig: RigCalibration, found: LevelEvidence) -> str:
    """Say how even the lights are, how well they are known, and which are not."""
    level = rig.rig.intensities.mean(axis=1)
    lit = level[[source != "dead" for source in found.sources]]
    parts = [f"{len(level)} lights"]
    if lit.size:
        parts[0] += f" from {lit.min():.3g} to {lit.max():.3g}"
    known = found.relative_sigmas[found.relative_sigmas > 0.0]
    if known.size:
        parts.append(f"known to {known.mean():.1%}")
    for source, words in _WORDS.items():
        lights = [light for light, other in enumerate(found.sources) if other == source]
        if lights:
            parts.append(f"{words}: {named(lights)}")
    parts += [f"{part} are those of the light file" for part in rig.unmeasured]
    return "   \N{MIDDLE DOT}   ".join(parts)


def _draw_dots(
    canvas: Canvas, box: tuple[int, int, int, int], rig: RigCalibration, found: LevelEvidence
) -> None:
    """Plot red, green and blue of each light with its error."""
    levels = rig.rig.intensities
    axes = Axes(
        canvas,
        box,
        "Intensity by light",
        x=Scale(-1.0, float(len(levels)), "light, counted from 0"),
        y=Scale(0.0, 1.15 * max(float(levels.max()), 1e-6), "intensity"),
    )
    radius = float(np.clip(200.0 / len(levels), 1.5, 4.5))
    for light, source in enumerate(found.sources):
        sigma = _SIGMAS * float(np.nan_to_num(found.relative_sigmas[light]))
        for channel, level in enumerate(levels[light].tolist()):
            x = light + _STEP * (channel - 1)
            ends = [axes.at(x, level * (1.0 - sigma)), axes.at(x, level * (1.0 + sigma))]
            canvas.line(ends, COLORS[channel])
        _draw_light(canvas, _dots(axes, light, levels), radius, source)
    _number(canvas, axes, levels, found)


def _number(canvas: Canvas, axes: Axes, levels: LightColors, found: LevelEvidence) -> None:
    """Write the numbers of the lights that are not like the others."""
    labels = Labels(canvas, axes.box, size=_LABEL, halo=PANEL)
    places = [_dots(axes, light, levels) for light in range(len(levels))]
    labels.keep_all_free([around(place, _ROOM) for colors in places for place in colors])
    mean = levels.mean(axis=1)
    usual = float(np.median(mean))
    for light, source in enumerate(found.sources):
        if source != "gray" or abs(mean[light] - usual) > _UNLIKE * usual:
            low, high = np.min(places[light], axis=0), np.max(places[light], axis=0)
            x, y = ((low + high) / 2.0).tolist()
            reach = float(high[1] - low[1]) / np.sqrt(2.0) + 2.0 * _ROOM
            labels.add(str(light), (x, y), reach, INK)


def _dots(axes: Axes, light: int, levels: LightColors) -> list[Point]:
    """Return where the colors of a light stand."""
    return [axes.at(light + _STEP * k, float(levels[light, 1 + k])) for k in (-1, 0, 1)]


def _draw_light(canvas: Canvas, places: list[Point], radius: float, source: Source) -> None:
    """Draw the colors of a light, and about all of them what they were read off."""
    low, high = np.min(places, axis=0), np.max(places, axis=0)
    x, y = ((low + high) / 2.0).tolist()
    if source == "dead":
        for sign in (-1.0, 1.0):
            ends = [(x - 6.0, y - 6.0 * sign), (x + 6.0, y + 6.0 * sign)]
            canvas.line(ends, ALARM, 2)
        return
    for place, color in zip(places, COLORS, strict=True):
        canvas.disc(place, radius, color)
    if source in _RINGS:
        # An ellipse about a box is as much larger as a circle about a square.
        across, down = ((high - low) / np.sqrt(2.0) + radius + _ROOM).tolist()
        turn = np.linspace(0.0, 2.0 * np.pi, 65)
        ring = np.column_stack([x + across * np.cos(turn), y + down * np.sin(turn)])
        canvas.line(ring.tolist(), _RINGS[source], 2 if source == "unseen" else 1)


def _draw_legend(canvas: Canvas, found: LevelEvidence) -> None:
    """Say what dots, rings and crosses mean."""
    y, x = canvas.picture.shape[0] - _FOOT / 2.0, 2.0 * _GAP
    if found.ball is not None:
        canvas.line([(x - 8.0, y), (x + 8.0, y)], OUTLINE, 2)
        x = key_words(canvas, "outline of the gray ball", (x, y))
    canvas.line([(x, y - 10.0), (x, y + 10.0)], COLORS[1])
    canvas.disc((x, y), 4.5, COLORS[1])
    x = key_words(canvas, f"intensity and {_SIGMAS:g} standard errors", (x, y))
    for source, words in _WORDS.items():
        _draw_light(canvas, [(x + 5.0 * k, y) for k in (-1, 0, 1)], 3.0, source)
        x = key_words(canvas, words, (x, y))
    key_words(
        canvas, "map: area is intensity, color is tint; shaded: far from any light", (x - 18.0, y)
    )
