"""What is foretold of interpolation, against the error that the pipeline's own curve has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from olat.model.motion import TrackingFlow
from olat.motion.forecast import CURVE, by_curve, by_others
from olat.motion.frequency import Rhythm, rhythm_of
from olat.motion.time_curve import knot_weights, window
from olat.motion.tracking import flow_at
from olat.stages.interpolate_motion import InterpolateMotion

CELLS = 12
SWEEP = 132
"""Frames, about."""
Motion = Callable[[np.ndarray], np.ndarray]


def swaying(*periods_and_sizes: tuple[float, float], seed: int = 0) -> Motion:
    """Return a steady drift and sways of two axes, in any phases."""
    phases = np.random.default_rng(seed).uniform(0.0, 2.0 * np.pi, (len(periods_and_sizes), 2))
    cells = np.linspace(0.8, 1.2, CELLS)

    def motion(times: np.ndarray) -> np.ndarray:
        x, y = 0.02 * times[:, None] * cells, -0.01 * times[:, None] * cells
        for (period, size), (first, second) in zip(periods_and_sizes, phases, strict=True):
            turn = 2.0 * np.pi * times[:, None] / period
            x = x + size * np.sin(turn + first) * cells
            y = y + 0.5 * size * np.sin(turn + second) / cells
        return np.stack([x, y], axis=-1)

    return motion


def knots_of(every: int) -> range:
    return range(0, SWEEP + every, every)


def left_px(motion: Motion, knots: Sequence[int]) -> float:
    """Return what the curve leaves of known motion in the frames between tracking frames; rms."""
    square = []
    for time in sorted({*range(knots[0], knots[-1])} - {*knots}):
        near = window(time, knots)
        weights = knot_weights(time, near, interpolation=CURVE)
        told = np.tensordot(weights, motion(np.array(near, np.float64)), axes=1)
        square.append(np.sum((told - motion(np.array([float(time)]))[0]) ** 2, axis=-1))
    return float(np.sqrt(np.mean(square)))


def foretold(motion: Motion, knots: Sequence[int], *, noise: float = 0.0) -> Rhythm:
    moments = np.asarray(knots, np.float64)
    moved = motion(moments)
    moved = moved + noise * np.random.default_rng(7).standard_normal(moved.shape)
    return rhythm_of(moments, moved, np.ones((len(moments), CELLS)))


def test_what_is_left_is_what_the_pipeline_leaves_unless_it_is_told_otherwise() -> None:
    motion, knots, reference = swaying((40, 2.0)), range(0, 67, 11), 33

    def flow(time: int) -> np.ndarray:
        moved = motion(np.array([float(time), float(reference)]))
        return np.asarray(moved[0] - moved[1], np.float32)[np.newaxis]

    sure = np.ones((1, CELLS), np.float32)
    flows = {k: TrackingFlow(flow(k), sure, (1, CELLS)) for k in knots if k != reference}
    curve = InterpolateMotion().interpolation
    assert curve == CURVE
    square = [
        np.sum((flow_at(time, flows, reference, interpolation=curve).flow - flow(time)) ** 2, -1)
        for time in range(67)
        if time not in knots
    ]
    assert left_px(motion, knots) == pytest.approx(float(np.sqrt(np.mean(square))), rel=1e-3)


SWAYS = [(60, 11), (60, 21), (100, 11), (40, 11), (40, 16), (24, 5), (24, 9), (24, 11)]


@pytest.mark.parametrize(("period", "every"), SWAYS)
def test_what_interpolation_leaves_of_a_sway_is_foretold(period: int, every: int) -> None:
    for seed in range(4):
        motion = swaying((period, 2.0), seed=seed)
        truth = left_px(motion, knots_of(every))
        told = foretold(motion, knots_of(every)).residual_px
        if seed == 0:
            print(f"\nperiod {period}, every {every}: {told:.3f} px foretold, {truth:.3f} px left")
        assert told == pytest.approx(truth, rel=0.1, abs=0.003)


@pytest.mark.parametrize(("period", "every"), SWAYS)
def test_errors_of_the_flow_raise_the_forecast_by_less_than_they_are(
    period: int, every: int
) -> None:
    for seed in range(4):
        motion = swaying((period, 2.0), seed=seed)
        truth = left_px(motion, knots_of(every))
        told = foretold(motion, knots_of(every), noise=0.05).residual_px
        if seed == 0:
            print(f"\nperiod {period}, every {every}: {told:.3f} px foretold, {truth:.3f} px left")
        assert told is not None
        assert 0.9 * truth < told < 1.1 * truth + 0.03


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize(
    ("both", "every"),
    [(((60, 2.0), (24, 0.5)), 11), (((100, 2.0), (40, 1.0)), 11), (((130, 6.0), (40, 2.0)), 16)],
)
def test_what_is_left_of_two_sways_is_foretold(
    both: tuple[tuple[float, float], ...], every: int, noise: float
) -> None:
    for seed in range(4):
        motion = swaying(*both, seed=seed)
        truth = left_px(motion, knots_of(every))
        told = foretold(motion, knots_of(every), noise=noise).residual_px
        if seed == 0:
            print(f"\n{both}, every {every}: {told:.3f} px foretold, {truth:.3f} px left")
        assert told is not None
        assert 0.9 * truth < told < 1.1 * truth + 0.6 * noise + 0.003


def test_where_no_frequency_is_told_the_forecast_is_too_high_by_up_to_seven_times() -> None:
    for seed in range(4):
        motion = swaying((60, 2.0), (30, 2.0), seed=seed)
        rhythm, truth = foretold(motion, knots_of(11)), left_px(motion, knots_of(11))
        assert rhythm.frequency is None
        assert rhythm.residual_px is not None
        assert truth < rhythm.residual_px < 7.0 * truth


@pytest.mark.parametrize("count", [4, 5])
def test_of_four_or_five_frames_the_forecast_is_too_high(count: int) -> None:
    for seed in range(4):
        motion, knots = swaying((40, 2.0), seed=seed), range(0, 11 * count, 11)
        told = foretold(motion, knots).residual_px
        assert told is not None
        assert left_px(motion, knots) < told < 2.0


def test_a_gap_counts_and_a_frame_that_only_the_curve_runs_through_closes_it() -> None:
    motion, regular = swaying((40, 2.0)), list(knots_of(11))
    gappy = [knot for knot in regular if knot != 66]
    truth = left_px(motion, gappy)
    assert truth > 2.0 * left_px(motion, regular)
    assert foretold(motion, gappy).residual_px == pytest.approx(truth, rel=0.1)
    moments = np.asarray(gappy, np.float64)
    sure = np.ones((len(gappy), CELLS))
    closed = rhythm_of(moments, motion(moments), sure, knots=regular)
    assert closed.residual_px == pytest.approx(left_px(motion, regular), rel=0.1)


@pytest.mark.parametrize(("period", "every"), [(40, 16), (24, 11), (60, 27)])
def test_the_interval_that_is_recommended_is_the_longest_that_will_do(
    period: int, every: int
) -> None:
    motion = swaying((period, 2.0))
    found = foretold(motion, knots_of(every)).interval_for(0.25)
    assert found is not None
    left = {one: left_px(motion, knots_of(one)) for one in (found, found + 1)}
    print(f"\nperiod {period}, every {every}: one every {found} frames leaves {left[found]:.3f} px")
    assert 1 < found < every
    assert left[found] < 1.1 * 0.25
    assert left[found + 1] > 0.9 * 0.25
    assert foretold(motion, knots_of(found - 1)).interval_for(0.25) is None


def test_motion_faster_than_two_frames_a_period_cannot_be_told() -> None:
    """Aliasing: the documentation says so, and this shows why it has to."""
    motion = swaying((23, 2.0))
    told = foretold(motion, knots_of(22)).residual_px
    assert told is not None
    assert told < 0.2 * left_px(motion, knots_of(22))


def test_the_error_of_what_others_tell_is_that_of_the_cubic_around() -> None:
    moments = 11.0 * np.arange(9)
    told = by_others(moments, [2, 3, 6])
    for cycles in (0.05, 0.2, 0.45):
        turn = 2.0 * np.pi * cycles
        closed = 1.0 - 4.0 / 3.0 * np.cos(turn) + np.cos(2.0 * turn) / 3.0
        assert told.gain(cycles / 11.0) == pytest.approx(closed, abs=1e-12)


def test_the_curve_is_told_between_tracking_frames_only_and_keeps_rest() -> None:
    curve = by_curve((3, 5, 6, 20))
    assert curve.times.tolist() == [4.0, *range(7, 20)]
    assert curve.gain(0.0) == pytest.approx(0.0, abs=1e-9)
    assert by_curve((3, 4, 5)).gain(0.1) == 0.0
