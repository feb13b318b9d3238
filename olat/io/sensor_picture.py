"""A sensor as a picture: flat, dark and defects as maps, linearity and noise as plots."""

from __future__ import annotations

import numpy as np

from olat.io.contact_sheet import DisplayPicture
from olat.io.picture_frame import headed
from olat.io.plot_axes import Axes, Scale, round_step
from olat.io.rig_canvas import ACCENT, FAINT, PANEL, Box, Canvas, Color
from olat.io.sensor_maps import draw_dark, draw_flat
from olat.model.calibration import SensorCalibration
from olat.model.evidence import SensorEvidence

WIDTH = 1800
"""Of the picture [px]."""
COLORS: tuple[Color, Color, Color] = (255, 110, 100), (120, 230, 120), (110, 170, 255)
"""Of readings in red, green and blue."""
_HEAD, _GAP, _PLOT = 96, 16, 560
_LEAST_PERCENT = 1.0
"""Departure from a line that a plot shows at least, up and down."""


def picture_of_sensor(sensor: SensorCalibration) -> DisplayPicture:
    """Draw what was measured of a sensor.

    Parameters
    ----------
    sensor
        With what its flat frames read as its evidence.
    """
    height, width = sensor.dark.shape[:2]
    side = (WIDTH - 3 * _GAP) // 2
    tall = round(min(side * height / width, 1.2 * side)) + 40
    canvas = Canvas(WIDTH, _HEAD + tall + _PLOT + 2 * _GAP)
    headed(canvas, "Sensor", _told(sensor))
    left, right = _GAP, 2 * _GAP + side
    box = (left, _HEAD, left + side, _HEAD + tall)
    if (sensor.flat == 1.0).all():
        _say(canvas, box, "The flat was not measured: it takes flat frames.")
    else:
        draw_flat(canvas, box, sensor.flat)
    draw_dark(canvas, (right, _HEAD, right + side, _HEAD + tall), sensor.dark, sensor.defects)
    top = _HEAD + tall + _GAP
    found = sensor.evidence
    if found is not None:
        _draw_linearity(canvas, (left, top, left + side, top + _PLOT), found, sensor.full_dn)
        _draw_noise(canvas, (right, top, right + side, top + _PLOT), found, sensor)
    return canvas.picture


def _told(sensor: SensorCalibration) -> str:
    """Say what the sensor amounts to."""
    parts = [f"{sensor.dark.shape[1]} x {sensor.dark.shape[0]} sites"]
    for name, word in (("dark_frames", "dark frames"), ("flat_frames", "flat frames")):
        if name in sensor.residuals:
            parts.append(f"{sensor.residuals[name]:.0f} {word}")
    if sensor.read_noise_dn is not None:
        parts.append(f"read noise {sensor.read_noise_dn:.3g} DN")
    if sensor.dn_per_electron is not None:
        parts.append(f"{sensor.dn_per_electron:.3g} DN an electron")
    if sensor.full_dn is not None:
        parts.append(f"linear, and not full, up to {sensor.full_dn:.0f} DN")
    return "   \N{MIDDLE DOT}   ".join(parts)


def _draw_linearity(canvas: Canvas, box: Box, found: SensorEvidence, full_dn: float | None) -> None:
    """Plot by how much readings are off a straight line."""
    known = np.isfinite(found.counts) & np.isfinite(found.departures)
    if not known.any():
        _say(canvas, box, "Linearity was not measured: it takes flat frames of three exposures.")
        return
    reach = 1.2 * max(float(np.abs(found.departures[known]).max()), _LEAST_PERCENT)
    axes = Axes(
        canvas,
        box,
        "Linearity: readings off a straight line",
        x=Scale(0.0, 1.05 * max(float(found.counts[known].max()), 1.0), "count in the middle [DN]"),
        y=Scale(-reach, reach, "off by [%]"),
    )
    canvas.line([axes.at(0.0, 0.0), axes.at(np.inf, 0.0)], FAINT, 2)
    if full_dn is not None:
        canvas.line([axes.at(full_dn, -reach), axes.at(full_dn, reach)], ACCENT, 2)
    for channel in np.unique(found.channels).tolist():
        own = (found.channels == channel) & known
        order = np.argsort(found.counts[own])
        points = np.column_stack([found.counts[own], found.departures[own]])[order]
        places = [axes.at(x, y) for x, y in points.tolist()]
        canvas.line(places, COLORS[channel])
        for place in places:
            canvas.disc(place, 5.0, COLORS[channel])


def _draw_noise(canvas: Canvas, box: Box, found: SensorEvidence, sensor: SensorCalibration) -> None:
    """Plot the photon-transfer curve: how noise grows with light."""
    known = (found.signal > 0.0) & (found.variance > 0.0)
    known &= np.isfinite(found.signal) & np.isfinite(found.variance)
    if not known.any():
        _say(canvas, box, "Noise was not measured: it takes two flat frames of one exposure.")
        return
    signal, variance = found.signal[known], found.variance[known]
    floor = (sensor.read_noise_dn or 0.0) ** 2
    low, high = _round_ends(signal)
    least, most = _round_ends(variance)
    axes = Axes(
        canvas,
        box,
        "Photon transfer: noise over light",
        x=Scale(low, high, "signal [DN]", is_logarithmic=True),
        y=Scale(least, most, "variance [DN\N{SUPERSCRIPT TWO}]", is_logarithmic=True),
    )
    for place in zip(signal.tolist(), variance.tolist(), strict=True):
        canvas.disc(axes.at(*place), 1.6, (70, 130, 165))
    if sensor.dn_per_electron is not None:
        light = np.geomspace(low, high, 100)
        line = sensor.dn_per_electron * light + floor
        inside = (line > least) & (line < most)
        points = np.column_stack([light, line])[inside].tolist()
        canvas.line([axes.at(x, y) for x, y in points], ACCENT, 2)


def _round_ends(values: np.ndarray) -> tuple[float, float]:
    """Return 1, 2 or 5 times the powers of ten around values, a decade apart at least."""
    low, high = float(values.min()), float(values.max())
    # A round number is no smaller than what it is asked for; that of the half is no larger here.
    least = max(
        step
        for step in (round_step(low * part) for part in (0.2, 0.4, 0.5, 1.0))
        if step <= low * 1.001
    )
    return least, max(round_step(high), 10.0 * least)


def _say(canvas: Canvas, box: Box, words: str) -> None:
    """Write why there is no plot."""
    left, top, right, bottom = box
    canvas.box(box, PANEL)
    canvas.words(words, ((left + right) / 2, (top + bottom) / 2), size=20, anchor=(0.5, 0.5))
