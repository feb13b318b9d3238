"""A sensor as a picture: contours, defects and points lie where numbers say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from olat.io.plot_axes import Axes, Scale
from olat.io.rig_canvas import ACCENT, ALARM, Canvas
from olat.io.sensor_picture import COLORS, picture_of_sensor
from olat.model.calibration import SensorCalibration
from olat.model.evidence import SensorEvidence
from olat.sensor.linearity import LevelReading
from olat.sensor.sensor_evidence import sensor_evidence

SIDE = 876
"""Width of a map [px]."""
SIZE = 292
"""Sites along a side: a site is three pixels."""
FLAT, DARK = (
    (slice(132, 132 + SIDE), slice(16, 16 + SIDE)),
    (
        slice(132, 132 + SIDE),
        slice(32 + SIDE, 32 + 2 * SIDE),
    ),
)


def sensor(evidence: SensorEvidence | None = None) -> SensorCalibration:
    """Return a sensor that loses light with the square of the distance from the middle."""
    y, x = np.indices((SIZE, SIZE)) - (SIZE - 1) / 2.0
    flat = (1.0 - 0.4 * (x**2 + y**2) / (SIZE / 2.0) ** 2)[..., np.newaxis].astype(np.float32)
    dark = np.random.default_rng(3).normal(512.0, 1.0, (SIZE, SIZE, 1)).astype(np.float32)
    defects = np.zeros((SIZE, SIZE, 1), bool)
    defects[40, 200] = True
    nothing = sensor_evidence() if evidence is None else evidence
    return SensorCalibration(dark, flat, defects, 2.0, 3.0, evidence=nothing)


def near(shown: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Return the pixels of a color, x and y."""
    rows, columns = np.nonzero((np.abs(shown.astype(int) - color) < 40).all(axis=2))
    return np.column_stack([columns, rows])


def test_a_contour_lies_where_the_flat_has_its_level() -> None:
    """60 % is at the middle of each side, 80 % at 0.707 of the way; to the left, free of words."""
    found = near(picture_of_sensor(sensor())[FLAT], ACCENT)
    middle = SIDE // 2
    left = np.unique(found[(np.abs(found[:, 1] - middle) < 2) & (found[:, 0] < middle)][:, 0])
    at_80 = middle - np.sqrt(0.5) * middle
    assert np.abs(left - at_80).min() < 0.03 * SIDE


def test_a_defect_is_ringed_where_it_is() -> None:
    found = near(picture_of_sensor(sensor())[DARK], ALARM)
    np.testing.assert_allclose(found.mean(axis=0), (3 * 200 + 1, 3 * 40 + 1), rtol=0, atol=2.5)


def test_readings_that_bend_are_seen_off_the_line() -> None:
    readings = [
        LevelReading(1, light, signal, 500.0)
        for light, signal in ((1.0, 1000.0), (2.0, 2000.0), (4.0, 4000.0), (8.0, 7600.0))
    ]
    found = sensor_evidence(readings)
    np.testing.assert_allclose(found.counts, (1500.0, 2500.0, 4500.0, 8100.0))
    np.testing.assert_allclose(found.departures, (0.0, 0.0, 0.0, -5.0), atol=1e-9)
    picture = picture_of_sensor(sensor(found))
    plot = picture[132 + SIDE + 16 :, : 2 * 16 + SIDE]
    dots = near(plot, COLORS[1])
    # The last dot is at the right, and lower than those on the line.
    right = dots[dots[:, 0] > dots[:, 0].max() - 8]
    on_line = dots[dots[:, 0] < dots[:, 0].max() - 450]
    assert right[:, 1].mean() > on_line[:, 1].mean() + 100


def test_points_of_pure_photon_noise_lie_on_the_line() -> None:
    signal = np.geomspace(100.0, 1e4, 200)
    nothing = sensor_evidence()
    found = replace(nothing, signal=signal, variance=2.0 * signal + 9.0)
    # Within the axes, whose numbers and names are gray.
    plot = picture_of_sensor(sensor(found))[132 + SIDE + 90 : -62, 2 * 16 + SIDE + 78 : -24]
    dots, line = near(plot, (70, 130, 165)), near(plot, ACCENT)
    assert len(line) > 500
    # The line is drawn over the points, and hides them but for their rims.
    for x, y in dots[::20]:
        assert np.abs(line - (x, y)).sum(axis=1).min() <= 4


def test_without_flat_frames_the_picture_says_what_is_missing() -> None:
    without, measured = (
        picture_of_sensor(sensor(found))[132 + SIDE + 40 :]
        for found in (None, SensorEvidence(*np.ones((1, 1), int), *np.ones((4, 1))))
    )
    middle = slice(250, 290)
    assert (without[middle] > 150).any()
    assert not (measured[middle, 90:SIDE] > 150).any()


@pytest.mark.parametrize(("value", "share"), [(10.0, 0.0), (100.0, 0.5), (1000.0, 1.0)])
def test_a_logarithmic_axis_puts_decades_at_even_steps(value: float, share: float) -> None:
    assert Scale(10.0, 1000.0, "x", is_logarithmic=True).share(value) == pytest.approx(share)


def test_ticks_are_round_and_within_the_axis() -> None:
    assert Scale(-1.3, 1.3, "x").ticks() == pytest.approx([-1.0, -0.5, 0.0, 0.5, 1.0])
    assert Scale(0.0, 14000.0, "x").ticks() == pytest.approx([0.0, 5000.0, 10000.0])
    axes = Axes(Canvas(400, 300), (0, 0, 400, 300), "t", x=Scale(0, 1, "x"), y=Scale(0, 1, "y"))
    left, top, right, bottom = axes.box
    assert axes.at(0.5, 0.5) == ((left + right) / 2, (top + bottom) / 2)


@pytest.mark.parametrize("part", [slice(None), slice(0, 100)])
def test_a_flat_that_is_not_known_everywhere_is_drawn_as_far_as_it_is(part: slice) -> None:
    usual = sensor()
    flat = usual.flat.copy()
    flat[part] = np.nan
    found = near(picture_of_sensor(replace(usual, flat=flat))[FLAT], ACCENT)
    assert (len(found) > 500) == (part != slice(None))


def test_plots_end_near_what_they_show() -> None:
    """Points from 120 to 13000 DN fill more than nine tenths of the axis from 100 to 20000."""
    signal = np.geomspace(120.0, 13000.0, 300)
    found = replace(sensor_evidence(), signal=signal, variance=signal)
    plot = picture_of_sensor(sensor(found))[132 + SIDE + 90 : -62, 2 * 16 + SIDE + 78 : -24]
    dots = near(plot, (70, 130, 165))
    reach = np.log(13000.0 / 120.0) / np.log(20000.0 / 100.0)
    assert np.ptp(dots[:, 0]) / plot.shape[1] == pytest.approx(reach, abs=0.02)


def test_odd_readings_leave_the_others_to_be_seen() -> None:
    odd = SensorEvidence(
        np.array([0, 1, 2, 1]),
        np.array([0.0, 0.0, np.nan, 0.0]),
        np.array([0.0, np.inf, 2.0, np.nan]),
        np.array([10.0, 0.0, -3.0, 1e-9]),
        np.array([1e-20, 2.0, np.nan, 1e12]),
    )
    plots = picture_of_sensor(replace(sensor(odd), full_dn=1e5))[132 + SIDE + 90 : -62]
    assert len(near(plots[:, :SIDE], COLORS[0])) > 20
    assert len(near(plots[:, :SIDE], COLORS[1])) == 0
    assert len(near(plots[:, SIDE:], (70, 130, 165))) > 5


def test_many_defects_are_all_drawn_as_spots() -> None:
    usual = sensor()
    defects = np.random.default_rng(5).random(usual.defects.shape) < 0.1
    found = near(picture_of_sensor(replace(usual, defects=defects))[DARK], ALARM)
    shown = np.zeros((SIDE, SIDE), bool)
    shown[found[:, 1], found[:, 0]] = True
    rows, columns, _ = np.nonzero(defects)
    assert shown[3 * rows + 1, 3 * columns + 1].mean() > 0.99


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (20.0, 500.0, [20.0, 50.0, 100.0, 200.0, 500.0]),
        (1.0, 1e4, [1.0, 10.0, 100.0, 1e3, 1e4]),
        (1e-20, 1e20, [1e-20, 1e-15, 1e-10, 1e-5, 1.0, 1e5, 1e10, 1e15, 1e20]),
    ],
)
def test_short_logarithmic_axes_tell_more_than_decades(low, high, ticks) -> None:
    assert Scale(low, high, "x", is_logarithmic=True).ticks() == pytest.approx(ticks)
