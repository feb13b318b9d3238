"""A rig seen from the front, from above and from the side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.io.rig_canvas import (
    ACCENT,
    FAINT,
    INK,
    PANEL,
    RULE,
    Box,
    Canvas,
    Labels,
    Point,
    around,
)
from olat.io.rig_marks import LightMarks
from olat.model.shapes import Array

_TITLE_PX = 22
_AXIS_PX = 17
_RIM = 0.74
"""Radius of the sphere of lights, as a part of half of the panel."""
_MARGIN = 0.13
"""Width of the ring around the sphere that has room for numbers, in its radii."""
_PAD = 10
"""Between words and the border of the panel [px]."""
_SUBJECT = 0.045
"""Radius of the disc that stands for the subject, in radii of the sphere."""
_AIR = 4.0
"""Around a number [px]; those that find no room are read on the map."""
_APART = 26.0
"""Beside the name of an axis: a number nearer than that reads as a part of it [px]."""
_NEAR = 1e-9
"""Depth behind the middle from which a light is on the far side."""
_SPARSE = 100
"""Lights up to which those on the far side are numbered too."""

# The camera and the nose of the subject: places along +z and across it, in radii of the sphere.
_AHEAD = np.array([0.0, 0.0, 1.0])
_CAMERA = 1.15
_BODY = ((1.13, -0.055), (1.13, 0.055), (1.21, 0.055), (1.21, -0.055))
_LENS = ((1.135, 0.0), (1.085, 0.045), (1.085, -0.045))
_NOSE = ((0.08, 0.0), (0.035, 0.022), (0.035, -0.022))


@dataclass(frozen=True)
class View:
    """A direction from which a rig is looked at."""

    title: str
    right: tuple[int, int, int]
    """World axis that runs to the right of the view."""
    up: tuple[int, int, int]
    """World axis that runs up in the view."""

    @property
    def toward(self) -> tuple[int, int, int]:
        """World axis that runs to the eye."""
        x, y, z = np.cross(self.right, self.up).tolist()
        return x, y, z


@dataclass(frozen=True)
class Scene:
    """Where a view of the sphere of lights lies in the picture."""

    center: Point
    radius: float
    """[px]"""
    view: View

    def turned(self, place: Float64[Array, " 3"]) -> Point:
        """Return how far to the right and up a place lies."""
        return float(place @ np.array(self.view.right)), float(place @ np.array(self.view.up))

    def point(self, place: Float64[Array, " 3"]) -> Point:
        """Return where a place lies in the picture, the radius of the sphere being 1."""
        right, up = self.turned(place)
        return self.center[0] + self.radius * right, self.center[1] - self.radius * up


VIEWS = (
    View("front: as the camera sees it", (1, 0, 0), (0, 1, 0)),
    View("top: from above", (1, 0, 0), (0, 0, -1)),
    View("side: from the image's right", (0, 0, -1), (0, 1, 0)),
)
_AXIS_NAMES: dict[tuple[int, int, int], str] = {
    (1, 0, 0): "+x right",
    (-1, 0, 0): "-x left",
    (0, 1, 0): "+y up",
    (0, -1, 0): "-y",
    (0, 0, 1): "",
    (0, 0, -1): "-z back",
}


def draw_view(
    canvas: Canvas, box: Box, view: View, places: Float64[Array, "light 3"], marks: LightMarks
) -> None:
    """Draw the lights in a panel as one sees them from a side.

    Parameters
    ----------
    canvas
        What is drawn on.
    box
        The panel.
    view
        The side.
    places
        Lights in units of the largest distance.
    marks
        What each light looks like.
    """
    left, top, right, bottom = box
    canvas.box(box, PANEL)
    canvas.words(view.title, (left + 18, top + 16), size=_TITLE_PX)
    scene = Scene(
        center=((left + right) / 2.0, (top + bottom) / 2.0 + 0.5 * _TITLE_PX),
        radius=_RIM * min(right - left, bottom - top - 2 * _TITLE_PX) / 2.0,
        view=view,
    )
    labels = Labels(canvas, box, size=marks.label_px, air=_AIR)
    for written in (*_draw_axes(canvas, scene, box), *_draw_camera(canvas, scene)):
        labels.keep_free(written)
    depth = places @ np.array(view.toward, dtype=np.float64)
    points = [scene.point(place) for place in places]
    order = np.argsort(depth, kind="stable").tolist()
    for light in order:
        marks.draw(canvas, light, points[light], is_behind=depth[light] < -_NEAR)
        labels.keep_free(around(points[light], marks.radii[light]))
    for light in order[::-1]:
        if depth[light] >= -_NEAR:
            labels.add(str(light), points[light], marks.radii[light], INK)
        elif len(points) <= _SPARSE:
            labels.add(str(light), points[light], marks.radii[light], FAINT)


def _draw_axes(canvas: Canvas, scene: Scene, box: Box) -> list[Box]:
    """Draw the outline of the sphere and the axes through it; return what their names keep free."""
    canvas.disc(scene.center, scene.radius, RULE, 1)
    boxes = []
    for axis, name in _AXIS_NAMES.items():
        if np.dot(axis, scene.view.toward) != 0:
            continue
        end = scene.point(1.04 * np.array(axis))
        canvas.line([scene.center, end], RULE)
        if name:
            right, up = scene.turned(np.array(axis, dtype=np.float64))
            x, y = scene.point((1.0 + _MARGIN) * np.array(axis))
            x = x if right == 0 else box[2] - _PAD if right > 0 else box[0] + _PAD
            anchor = (0.5 + 0.5 * right, 0.5 + 0.5 * up)
            at = canvas.words(name, (x, y), size=_AXIS_PX, color=FAINT, anchor=anchor)
            boxes.append((at[0] - _APART, at[1] - _AIR, at[2] + _APART, at[3] + _AIR))
    return boxes


def _draw_camera(canvas: Canvas, scene: Scene) -> list[Box]:
    """Draw the subject, and the camera that looks at it from +z; return what to keep free."""
    subject = _SUBJECT * scene.radius
    canvas.disc(scene.center, subject, FAINT)
    if scene.view.toward[2]:
        return [around(scene.center, subject)]
    across = np.cross((0.0, 0.0, 1.0), scene.view.toward)
    for corners, color in ((_BODY, ACCENT), (_LENS, ACCENT), (_NOSE, FAINT)):
        canvas.shape([scene.point(a * _AHEAD + b * across) for a, b in corners], color)
    x, y = scene.point((_CAMERA + 0.02) * _AHEAD)
    is_upright = scene.view.right[2] == 0
    place = (x + 0.09 * scene.radius, y) if is_upright else (x, y + 0.1 * scene.radius)
    anchor = (0.0, 0.5) if is_upright else (0.5, 0.0)
    words = canvas.words("camera", place, size=_AXIS_PX, color=ACCENT, anchor=anchor)
    return [words, around((x, y), 0.12 * scene.radius), around(scene.center, subject)]
