"""Curves in time against closed forms and motions known at every moment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.interpolate import CubicSpline

from olat.motion.time_curve import (
    WINDOW,
    knot_weights,
    place_between,
    subset_weights,
    window,
)

INTERPOLATIONS = ("sway", "spline", "catmull_rom", "linear")
KNOTS = (0, 3, 20, 41, 62, 104)
"""Irregular: two at once before the sweep, one missing near the end."""


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@given(time=st.floats(0, 104), speed=st.floats(-3, 3))
def test_steady_motion_is_found_exactly(time, speed, interpolation):
    weights = knot_weights(time, KNOTS, interpolation=interpolation)
    found = weights @ (speed * (np.array(KNOTS) - 41))
    assert abs(found - speed * (time - 41)) < 1e-9


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@given(time=st.floats(-50, 150))
def test_weights_sum_to_one(time, interpolation):
    weights = knot_weights(time, KNOTS, interpolation=interpolation)
    assert abs(weights.sum() - 1.0) < 1e-10


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("knot", range(len(KNOTS)))
def test_every_curve_runs_through_its_knots(knot, interpolation):
    weights = knot_weights(KNOTS[knot], KNOTS, interpolation=interpolation)
    assert_allclose(weights, np.eye(len(KNOTS))[knot], rtol=0, atol=1e-10)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize(("time", "nearest"), [(-7, 0), (0, 0), (105, -1)])
def test_outside_of_the_knots_the_nearest_one_counts(time, nearest, interpolation):
    weights = knot_weights(time, KNOTS, interpolation=interpolation)
    assert_allclose(weights, np.eye(len(KNOTS))[nearest], rtol=0, atol=1e-12)


@given(
    knots=st.lists(st.integers(0, 300), min_size=2, max_size=8, unique=True).map(sorted),
    share=st.floats(0, 1),
)
def test_the_spline_is_the_natural_cubic_one(knots, share):
    time = knots[0] + share * (knots[-1] - knots[0])
    expected = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")(time)
    found = knot_weights(time, knots, interpolation="spline")
    assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("knots", [(0, 1, 2, 3, 4, 200), (0, 60, 61, 63, 64, 65)])
def test_a_long_gap_beside_close_knots_does_not_enlarge_their_noise(knots):
    """A sway drawn out over 200 frames enlarged what scatters at the knots before by 5.5."""
    after = 5 if knots[-1] == 200 else 1
    start, end = knots[after - 1 : after + 1]
    for time in np.linspace(start, end, 99):
        weights = knot_weights(float(time), knots, interpolation="sway")
        straight = knot_weights(float(time), knots, interpolation="linear")
        assert_allclose(weights, straight, rtol=0, atol=1e-12)


def test_a_missing_knot_or_two_are_crossed_on_a_curve():
    knots = (0, 10, 20, 50, 60, 70)
    weights = knot_weights(35, knots, interpolation="sway")
    assert np.count_nonzero(np.abs(weights) > 0.01) > 2


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_two_knots_give_a_straight_line_and_one_its_value(interpolation):
    assert_allclose(knot_weights(5, (0, 20), interpolation=interpolation), (0.75, 0.25))
    assert_allclose(knot_weights(5, (3,), interpolation=interpolation), (1.0,))


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (-5, (0,)),
        (0, (0, 10, 20, 30, 40, 50)),
        (44, (20, 30, 40, 50, 60, 70)),
        (40, (20, 30, 40, 50, 60, 70)),
        (91, (50, 60, 70, 80, 90, 100)),
        (100, (50, 60, 70, 80, 90, 100)),
        (101, (100,)),
    ],
)
def test_three_knots_on_each_side_are_needed_where_there_are(time, expected):
    assert window(time, range(0, 101, 10)) == expected


def test_places_between_irregular_knots_are_counted_in_knots():
    assert [place_between(time, (0, 10, 30)) for time in (0, 5, 10, 25, 30)] == [0, 0.5, 1, 1.75, 2]


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_curves_that_leave_knots_out_are_those_through_the_others(interpolation):
    table = subset_weights(30, KNOTS, interpolation=interpolation)
    assert table.shape == (1 << WINDOW, WINDOW)
    kept = [0, 2, 3, 5]
    expected = np.zeros(WINDOW)
    expected[kept] = knot_weights(30, [KNOTS[k] for k in kept], interpolation=interpolation)
    assert_allclose(table[sum(1 << k for k in kept)], expected, rtol=0, atol=1e-6)
    assert not table[0b000111].any()  # all of them before the moment
    assert not table[0b111000].any()


def rms_px(interpolation, *, every, period, through=WINDOW):
    """Return the error of a curve over a sweep of 156 frames that sways by 2 px, in any phase."""
    knots = range(0, 156 // every * every + every + 1, every)
    phases = np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)
    at_knots = 2.0 * np.sin(2.0 * np.pi * np.array(knots)[:, None] / period + phases)
    squares = []
    for time in range(knots[-1] + 1):
        near = window(time, knots) if through == WINDOW else knots
        weights = knot_weights(time, near, interpolation=interpolation)
        first = knots.index(near[0])
        found = weights @ at_knots[first : first + len(near)]
        squares.append(np.square(found - 2.0 * np.sin(2.0 * np.pi * time / period + phases)))
    return float(np.sqrt(np.mean(squares)))


@pytest.mark.parametrize("every", [11, 21])
def test_a_sway_is_followed_better_the_more_a_curve_knows_of_motion(every):
    for period in (60, 120):
        errors = {kind: rms_px(kind, every=every, period=period) for kind in INTERPOLATIONS}
        told = ", ".join(f"{kind} {error:.3f}" for kind, error in errors.items())
        print(f"sway of 2 px, period {period}, tracked every {every}: rms error [px] {told}")
        assert errors["spline"] < 0.7 * errors["catmull_rom"]
        assert errors["catmull_rom"] < 0.8 * errors["linear"]
        # Where the spline is exact to a hundredth of a pixel, so nearly is the sway.
        assert errors["sway"] < 0.8 * errors["spline"] + 0.015


@pytest.mark.parametrize("interpolation", ["sway", "spline"])
@pytest.mark.parametrize("every", [11, 21])
def test_a_window_of_six_knots_costs_at_most_a_tenth(interpolation, every):
    near = rms_px(interpolation, every=every, period=60)
    whole = rms_px(interpolation, every=every, period=60, through=99)
    print(
        f"{interpolation}, tracked every {every}: {near:.4f} px, through all knots {whole:.4f} px"
    )
    assert near < 1.1 * whole
