"""A picture of an environment and of what the lights of a rig make of it."""

from __future__ import annotations

import cv2
import numpy as np

from olat.io.contact_sheet import DisplayPicture
from olat.io.picture_frame import PictureFrame, fitted_words, headed
from olat.io.rig_canvas import ALARM, FAINT, GROUND, INK, Canvas, Labels
from olat.light.latlong import directions_of_pixels
from olat.light.latlong_cells import cells_of_lights, radiance_of_weights
from olat.light.latlong_resampling import sampled
from olat.light.map_projections import places_of_directions
from olat.model.rig import LightRig
from olat.model.shapes import Array, LightColors, Radiance
from olat.sensor.encoding import display_from_linear

_WIDTH, _HEIGHT = 1200, 600
"""Of each map on the picture [px]."""
_MARGIN, _TOP, _GAP, _BOTTOM = 24, 100, 52, 40
_DOT = 3.5


def picture_of_weights(
    environment: Radiance, rig: LightRig, weights: LightColors, *, words: str
) -> DisplayPicture:
    """Draw a map with the lights on it, and below it the map that the lights make.

    Parameters
    ----------
    environment
        The map as it is turned, in OpenEXR orientation and Rec. 709.
    rig
        The lights.
    weights
        Of each light; those of the environment.
    words
        What the weights amount to.

    Notes
    -----
    Both maps are at one exposure: the brightest hundredth of the upper one's light is white. Above,
    a light is a dot in its hue. Below, each cell has the radiance that its light stands for; where
    the rig has no lights it is hatched.
    """
    canvas = Canvas(_WIDTH + 2 * _MARGIN, _TOP + 2 * _HEIGHT + 2 * _GAP + _BOTTOM)
    headed(canvas, "Weights of an environment", words, margin=float(_MARGIN))
    exposure = _exposure(environment)
    cells = cells_of_lights(rig.directions, _HEIGHT, _WIDTH)
    made = radiance_of_weights(rig.directions, weights, height=_HEIGHT)
    upper = sampled(environment, directions_of_pixels(_HEIGHT, _WIDTH)).astype(np.float32)
    panels = (
        ("the map, with the lights and the borders of their cells", upper),
        ("what the lights make of it: each cell at its mean radiance", made),
    )
    for number, (title, radiance) in enumerate(panels):
        top = _TOP + number * (_HEIGHT + _GAP) + 28.0
        canvas.words(title, (_MARGIN, top - 26.0), size=18, color=INK)
        picture = display_from_linear(radiance * np.float32(exposure))
        picture = _bordered(picture, cells) if number == 0 else _hatched(picture, cells)
        frame = PictureFrame(canvas, (_MARGIN, top, _MARGIN + _WIDTH, top + _HEIGHT), picture)
        _mark(canvas, frame, rig, weights, is_named=number == 1)
    fitted_words(
        canvas,
        f"exposure x {exposure:.3g}; from the left: -Z behind, +X image right, +Z camera side, "
        "-X image left",
        (float(_MARGIN), canvas.picture.shape[0] - 34.0),
        size=17,
        width=float(_WIDTH),
        color=FAINT,
    )
    return canvas.picture


def _mark(
    canvas: Canvas, frame: PictureFrame, rig: LightRig, weights: LightColors, *, is_named: bool
) -> None:
    """Draw the lights; number them where there is room."""
    places = places_of_directions(rig.directions, "latlong", _HEIGHT, _WIDTH)
    labels = Labels(canvas, frame.box, size=13, air=5.0, halo=GROUND)
    centers = frame.all_at(places)
    labels.keep_all_free([(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in centers])
    hue = weights / np.maximum(weights.max(axis=1, keepdims=True), 1e-12)
    colors = display_from_linear(hue[None].astype(np.float32))[0]
    for center, color in zip(centers, colors.tolist(), strict=True):
        canvas.disc(center, _DOT + 1.5, GROUND)
        canvas.disc(center, _DOT, (color[0], color[1], color[2]))
    if is_named:
        for light in np.argsort(-weights.sum(axis=1), kind="stable"):
            labels.add(str(int(light)), centers[int(light)], _DOT, INK)


def _bordered(picture: DisplayPicture, cells: Array) -> DisplayPicture:
    """Draw the borders of cells."""
    border = (cells != np.roll(cells, 1, axis=1)) | (cells != np.roll(cells, 1, axis=0))
    border[0] = False
    result = picture.copy()
    mixed = 0.45 * result[border] + 0.55 * np.array(INK)
    result[border] = mixed.astype(np.uint8)
    return result


def _hatched(picture: DisplayPicture, cells: Array) -> DisplayPicture:
    """Hatch what no light stands for."""
    rows, columns = np.indices(cells.shape)
    result = picture.copy()
    result[(cells < 0) & ((rows + columns) % 12 < 2)] = ALARM
    return result


def _exposure(environment: Radiance) -> float:
    """Return the factor that brings the 98th percentile of a map to white."""
    small = cv2.resize(environment, (256, 128), interpolation=cv2.INTER_AREA)
    peak = float(np.percentile(small.max(axis=2), 98.0)) or float(small.max(initial=0.0))
    return 1.0 / peak if peak > 0.0 else 1.0
