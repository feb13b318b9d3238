"""What tracking frames tell of the motion in between, against motion that is known all the time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.motion.departures import are_off, departures, lagrange_weights
from olat.motion.frequency import frequency_of, gap_error, rhythm_of

CELLS = 40


def motion_at(times: np.ndarray, *, period: float, sway: float = 2.0) -> np.ndarray:
    """Return a drift and a sway of two axes, other in each cell."""
    phase = 2.0 * np.pi * times[:, None] / period
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
    found = frequency_of(*sampled(every, 132 // every, period=period))
    assert found is not None
    assert 1.0 / found == pytest.approx(period, rel=0.03)


def test_a_still_subject_a_drift_and_a_few_frames_have_no_period() -> None:
    assert frequency_of(*sampled(11, 12, period=60.0, sway=0.0)) is None
    assert frequency_of(*sampled(11, 5, period=60.0)) is None


def test_motion_without_a_rhythm_has_no_period(rng: np.random.Generator) -> None:
    moments, motions, trusts = sampled(11, 12, period=60.0, sway=0.0)
    motions += rng.standard_normal(motions.shape)
    assert frequency_of(moments, motions, trusts) is None


def test_the_error_between_samples_is_that_of_the_cubic() -> None:
    weights = lagrange_weights(np.array([-3.0, -1.0, 1.0, 3.0]), 0.0)
    for cycles in (0.05, 0.2, 0.45):
        sine = np.cos(np.pi * cycles * np.array([-3.0, -1.0, 1.0, 3.0]))
        assert gap_error(cycles) == pytest.approx(abs(1.0 - weights @ sine), abs=1e-12)


def true_error(every: int, count: int, period: float) -> float:
    """Return what cubic interpolation between four frames really leaves, in the inner gaps."""
    moments = every * np.arange(count, dtype=np.float64)
    known = motion_at(moments, period=period)
    square = []
    for time in range(every, every * (count - 2)):
        first = min(max(int(time // every) - 1, 0), count - 4)
        near = slice(first, first + 4)
        told = np.tensordot(lagrange_weights(moments[near], float(time)), known[near], axes=1)
        truth = motion_at(np.array([float(time)]), period=period)[0]
        square.append(np.sum((told - truth) ** 2, axis=-1).mean())
    return float(np.sqrt(np.mean(square)))


@pytest.mark.parametrize(
    ("period", "every"), [(60.0, 11), (60.0, 21), (40.0, 11), (40.0, 16), (24.0, 5), (24.0, 9)]
)
def test_what_interpolation_leaves_is_foretold(period: float, every: int) -> None:
    count = 13
    rhythm = rhythm_of(*sampled(every, count, period=period))
    truth = true_error(every, count, period)
    print(
        f"\nperiod {period:g}, every {every}: {rhythm.residual_px:.3f} px foretold, {truth:.3f} px"
    )
    assert rhythm.residual_px is not None
    # Of the whole gap, of which the middle is the worst; noise adds some hundredths.
    assert 0.9 * truth - 0.01 < rhythm.residual_px < 1.8 * truth + 0.06


def test_the_interval_that_is_recommended_leaves_as_little_as_was_asked() -> None:
    rhythm = rhythm_of(*sampled(16, 13, period=40.0))
    every = rhythm.interval_for(0.25)
    assert every is not None
    assert 5 <= every < 16
    assert true_error(every, 16, 40.0) < 0.25
    assert rhythm_of(*sampled(every, 16, period=40.0)).interval_for(0.25) is None


def test_motion_faster_than_two_frames_a_period_cannot_be_told() -> None:
    """Aliasing: the documentation says so, and this shows why it has to."""
    rhythm = rhythm_of(*sampled(22, 13, period=23.0))
    truth = true_error(22, 13, 23.0)
    assert rhythm.residual_px is not None
    assert rhythm.residual_px < 0.2 * truth
