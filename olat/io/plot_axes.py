"""Axes of a plot on a canvas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olat.io.rig_canvas import FAINT, INK, PANEL, RULE, Box, Canvas, Point

_LABEL = 16
_TITLE = 20
_LEFT, _TOP, _RIGHT, _BOTTOM = 76.0, 40.0, 20.0, 56.0
"""Room around the plot for its title, numbers and names [px]."""
_CORNER = 8.0
"""Nearer to it than that, the numbers along the bottom stand beside their lines [px]."""
_TICKS = 6
"""About as many on each axis."""
_MOST = 9
"""Decades of which all are told; of more of them every other, or fewer."""
_DECADES = 3
"""Up to which a logarithmic axis also tells 2 and 5 of each."""


@dataclass(frozen=True)
class Scale:
    """What an axis shows."""

    low: float
    high: float
    name: str
    is_logarithmic: bool = False

    def share(self, value: float) -> float:
        """Return where a value lies between the ends of the axis, 0 to 1 or beyond."""
        low, high = self.low, self.high
        if self.is_logarithmic:
            value, low, high = (float(np.log(part)) for part in (max(value, 1e-30), low, high))
        return (value - low) / (high - low) if high > low else 0.5

    def ticks(self) -> list[float]:
        """Return round values along the axis."""
        if self.is_logarithmic:
            ends = np.log10([self.low, self.high])
            powers = range(int(np.floor(ends[0] + 1e-9)), int(np.floor(ends[1] + 1e-9)) + 1)
            steps = (1.0,) if len(powers) > _DECADES else (1.0, 2.0, 5.0)
            rounds = [
                step * 10.0**power
                for power in powers[:: -(-len(powers) // _MOST)]
                for step in steps
            ]
            return [value for value in rounds if 0.999 * self.low < value < 1.001 * self.high]
        if self.high <= self.low:
            return [self.low]
        step = round_step((self.high - self.low) / _TICKS)
        first = int(np.ceil(self.low / step - 1e-9))
        return [step * k for k in range(first, int(np.floor(self.high / step + 1e-9)) + 1)]


class Axes:
    """A plot in a part of a canvas, with numbers along its sides."""

    def __init__(self, canvas: Canvas, box: Box, title: str, *, x: Scale, y: Scale) -> None:
        left, top, right, bottom = box
        self._canvas, self._x, self._y = canvas, x, y
        self.box: Box = (left + _LEFT, top + _TOP, right - _RIGHT, bottom - _BOTTOM)
        canvas.box(self.box, PANEL)
        canvas.words(title, (self.box[0], top + 8.0), size=_TITLE, color=INK)
        self._draw_ticks()

    def at(self, x: float, y: float) -> Point:
        """Return where a value lies on the canvas, at the edge if it is beyond the plot.

        What is not a number lies nowhere.
        """
        left, top, right, bottom = self.box
        across, up = (
            float(np.clip(part, 0.0, 1.0)) for part in (self._x.share(x), self._y.share(y))
        )
        return left + across * (right - left), bottom - up * (bottom - top)

    def _draw_ticks(self) -> None:
        left, top, right, bottom = self.box
        canvas = self._canvas
        for value in self._x.ticks():
            x = self.at(value, self._y.low)[0]
            canvas.line([(x, top), (x, bottom)], RULE)
            # At the corners within the plot: the numbers of the other axis begin there.
            across = 0.0 if x < left + _CORNER else 1.0 if x > right - _CORNER else 0.5
            self._words(_number(value), (x, bottom + 8.0), (across, 0.0))
        for value in self._y.ticks():
            y = self.at(self._x.low, value)[1]
            canvas.line([(left, y), (right, y)], RULE)
            self._words(_number(value), (left - 8.0, y), (1.0, 0.5))
        self._words(self._x.name, (right, bottom + 34.0), (1.0, 0.0))
        self._words(self._y.name, (left + 6.0, top + 6.0), (0.0, 0.0))

    def _words(self, words: str, place: Point, anchor: Point) -> None:
        self._canvas.words(words, place, size=_LABEL, color=FAINT, anchor=anchor)


def round_step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is no smaller."""
    least = min(max(least, 1e-30), 1e30)
    power = float(10.0 ** np.floor(np.log10(least)))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= least * 0.9999)


def _number(value: float) -> str:
    """Write a tick."""
    return f"{value:.0e}".replace("e+0", "e") if abs(value) >= 1e6 else f"{value:g}"
