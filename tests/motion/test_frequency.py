"""What tracking frames tell of the motion in between, against motion that is known all the time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.motion.departures import are_off, departures, lagrange_weights
from olat.motion.frequency import frequencies_of, rhythm_of

CELLS = 40


def motion_at(
    times: np.ndarray, *, period: float, sway: float = 2.0, start: float = 0.0
) -> np.ndarray:
    """Return a drift and a sway of two axes, other in each cell."""
    phase = 2.0 * np.pi * times[:, None] / period + start
    cells = np.linspace(0.8, 1.2, CELLS)
    x = sway * np.sin(phase) * cells + 0.02 * times[:, None]
    y = 0.5 * sway * np.sin(phase + 1.0) / cells - 0.01 * times[:, None]
    return np.stack([x, y], axis=-1)


def sampled(every: int, count: int, *, period: float, noise: float = 0.03, **how: float):
    moments = every * np.arange(count, dtype=np.float64)
    rng = np.random.default_rng(3)
    found = motion_at(moments, period=period, **how)
    motions = found + noise * rng.standard_normal(found.shape)
    return moments, motions, np.full((count, CELLS), 0.9)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=4, unique=True), st.floats(-5, 65))
def test_weights_return_every_polynomial_through_the_knots(knots: list[int], time: float) -> None:
    where = np.array(sorted(knots), np.float64)
    weights = lagrange_weights(where, time)
    for power in range(len(where)):
        scaled = ((where - 30.0) / 30.0) ** power
        assert weights @ scaled == pytest.approx(
            ((time - 30.0) / 30.0) ** power, abs=1e-6 * max(1.0, float(np.abs(weights).sum()))
        )


def test_motion_that_is_a_cubic_in_time_departs_from_nothing() -> None:
    moments = np.array([0.0, 4.0, 11.0, 20.0, 24.0, 39.0])
    curve = 3.0 - moments + 0.2 * moments**2 - 0.004 * moments**3
    motions = np.repeat(np.stack([curve, -curve], axis=-1)[:, None], CELLS, axis=1)
    found = departures(moments, motions, np.ones((6, CELLS)))
    assert np.isnan(found[[0, -1]]).all()
    assert found[2:4] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_cells_that_are_not_sure_do_not_count() -> None:
    moments, motions, trusts = sampled(10, 8, period=200.0, noise=0.0)
    motions[3, 7] += 30.0
    trusts[3, 7] = 0.0
    # 0.09 px come of the parabolas at the ends, 30 px of the cell would be 5 px.
    assert np.nanmax(departures(moments, motions, trusts)) < 0.2


@pytest.mark.parametrize("place", [1, 3, 6])
def test_the_one_frame_that_is_off_is_found(place: int) -> None:
    moments, motions, trusts = sampled(10, 8, period=80.0)
    assert not are_off(moments, motions, trusts).any()
    motions[place] += 9.0
    assert np.flatnonzero(are_off(moments, motions, trusts)).tolist() == [place]


def test_of_four_frames_nobody_knows_which_one_is_off() -> None:
    moments, motions, trusts = sampled(10, 4, period=200.0)
    motions[2] += 9.0
    assert not are_off(moments, motions, trusts).any()


@pytest.mark.parametrize("period", [24.0, 40.0, 60.0, 90.0])
@pytest.mark.parametrize("every", [5, 11])
def test_the_period_of_a_sway_is_told(period: float, every: int) -> None:
    (found,) = frequencies_of(*sampled(every, 132 // every, period=period))
    assert 1.0 / found == pytest.approx(period, rel=0.03)


def test_the_periods_of_breath_and_sway_are_told_the_larger_one_first() -> None:
    moments, motions, trusts = sampled(11, 13, period=100.0, start=0.7)
    motions += motion_at(moments, period=40.0, sway=1.0)
    breath, sway = frequencies_of(moments, motions, trusts)
    assert 1.0 / breath == pytest.approx(100.0, rel=0.03)
    assert 1.0 / sway == pytest.approx(40.0, rel=0.03)
    told = rhythm_of(moments, motions, trusts).frequency
    assert told == sway, "the slow one leaves next to nothing between tracking frames"


def test_a_still_subject_a_drift_and_a_few_frames_have_no_period() -> None:
    assert frequencies_of(*sampled(11, 12, period=60.0, sway=0.0)) == ()
    assert frequencies_of(*sampled(11, 5, period=60.0)) == ()


def test_motion_without_a_rhythm_has_no_period(rng: np.random.Generator) -> None:
    moments, motions, trusts = sampled(11, 12, period=60.0, sway=0.0)
    motions += rng.standard_normal(motions.shape)
    assert frequencies_of(moments, motions, trusts) == ()
    assert rhythm_of(moments, motions, trusts).frequency is None


def test_where_nothing_is_followed_nothing_is_told() -> None:
    moments, motions, trusts = sampled(11, 12, period=60.0)
    rhythm = rhythm_of(moments, motions, 0.0 * trusts)
    assert (rhythm.frequency, rhythm.residual_px) == (None, None)
    assert rhythm.interval_for(0.25) is None


def test_a_sway_faster_than_two_tracking_frames_a_period_passes_for_a_slow_one() -> None:
    """What measure_motion's page says of aliases; an uneven distance betrays it."""
    even = np.arange(0, 169, 21)
    uneven = even + np.array([0, 3, -2, 1, 4, -3, 2, -1, 0])
    told = []
    for moments in (even.astype(float), uneven.astype(float)):
        moved = 2.0 * np.sin(2.0 * np.pi * moments / 24.0 + 0.5)
        motions = np.stack([moved, 0.0 * moved], axis=-1)[:, None]
        rhythm = rhythm_of(moments, motions, np.ones((len(moments), 1)))
        assert rhythm.frequency is not None
        assert rhythm.residual_px is not None
        told.append(rhythm.residual_px)
        print(f"period {1.0 / rhythm.frequency:.0f} frames, {rhythm.residual_px:.3f} px foretold")
    assert told[0] < 0.03
    assert told[1] > 0.25
