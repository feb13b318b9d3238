"""Motion between tracking frames, found from the sweep itself, against simulated truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from olat.motion.refinement import refined
from tests.support.moving_sweeps import MovingSweep, moving_sweep

SMALL = {"size": 128, "lights": 40, "sway_px": 1.0}
STILL = {"size": 192, "lights": 60}


@pytest.fixture(scope="module")
def swaying() -> MovingSweep:
    """Sway faster than the tracking frames tell."""
    return moving_sweep(tracking_every=10, sway_period=24.0, **SMALL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("every", "period", "largest"),
    [(20, 60.0, 0.15), (10, 24.0, 0.15), (20, 24.0, 0.35)],
)
def test_what_interpolation_leaves_is_found_in_the_sweep(every, period, largest):
    """60 lights, a sway of 2 px, tracking flows that err by 0.1 px rms, sensor noise."""
    sweep = moving_sweep(tracking_every=every, sway_period=period)
    motion = sweep.known_motion(scatter=0.1)
    found = refined(sweep.sweep, motion)
    before, after = sweep.error_px(motion), sweep.error_px(motion, found.flow)
    print(
        f"\ntracking every {every + 1} frames, period {period:g}: rms {before:.3f} -> {after:.3f} "
        f"px; leaving one light out {found.residuals[0]:.5f} -> {found.residuals[-1]:.5f}"
    )
    assert after < min(largest, 0.55 * before)
    assert found.residuals[-1] < found.residuals[0]


@pytest.mark.slow
@pytest.mark.parametrize(("is_spiral", "scatter"), [(True, 0.0), (False, 0.1)])
def test_a_still_subject_stays_exactly_where_it_is(is_spiral, scatter):
    sweep = moving_sweep(tracking_every=10, sway_px=0.0, is_spiral=is_spiral, **STILL)
    found = refined(sweep.sweep, sweep.known_motion(scatter=scatter))
    fall = 1.0 - found.residuals[-1] / found.residuals[0]
    print(f"\nstill: the error of leaving one light out falls by {fall:.2%}")
    assert not found.is_believed
    assert not found.coefficients.any()


@pytest.mark.slow
def test_a_sweep_that_is_followed_well_is_left_alone():
    """The demo: one tracking frame every 11, one sway every 60."""
    sweep = moving_sweep(tracking_every=10, sway_period=60.0)
    motion = sweep.known_motion(scatter=0.0)
    found = refined(sweep.sweep, motion)
    print(f"\ninterpolated to {sweep.error_px(motion):.3f} px; believed: {found.is_believed}")
    assert sweep.error_px(motion) < 0.05
    assert not found.coefficients.any()


@pytest.mark.slow
def test_small_sweeps_gain_too(swaying):
    motion = swaying.known_motion(scatter=0.05)
    found = refined(swaying.sweep, motion)
    before, after = swaying.error_px(motion), swaying.error_px(motion, found.flow)
    print(f"\n{before:.3f} -> {after:.3f} px")
    assert after < 0.6 * before


@pytest.mark.slow
def test_saturated_places_do_not_pull(swaying):
    """Bars at fixed places in the photographs, full in every other frame."""
    motion = swaying.known_motion(scatter=0.05)
    pictures, usable = swaying.sweep.pictures.copy(), swaying.sweep.usable.copy()
    pictures[::2, :, 60:64] = 3.0
    usable[::2, :, 60:64] = False
    flagged = replace(swaying.sweep, pictures=pictures, usable=usable)
    clean, found = refined(swaying.sweep, motion), refined(flagged, motion)
    errors = [swaying.error_px(motion, each.flow) for each in (clean, found)]
    print(f"\nclean {errors[0]:.3f} px, with saturated bars {errors[1]:.3f} px")
    assert errors[1] < 0.7 * swaying.error_px(motion)


@pytest.mark.slow
def test_the_sweep_as_a_whole_stays_with_the_full_on_frame(swaying):
    motion = swaying.known_motion(scatter=0.0)
    found = refined(swaying.sweep, motion)
    assert found.is_believed
    wrong = [
        motion.flow(time) + found.flow(row) - swaying.true[row]
        for row, time in enumerate(motion.times)
    ]
    off = np.stack(wrong)[:, swaying.sweep.mask].mean(axis=(0, 1))
    assert np.abs(off).max() < 0.05


def test_numbers_that_disagree_are_refused(swaying):
    motion = swaying.known_motion()
    with pytest.raises(ValueError, match="one row a picture and one column a tracking frame"):
        refined(swaying.sweep, replace(motion, times=motion.times[:-1]))


def test_an_empty_mask_is_refused(swaying):
    empty = replace(swaying.sweep, mask=np.zeros_like(swaying.sweep.mask))
    with pytest.raises(ValueError, match="the mask is empty"):
        refined(empty, swaying.known_motion())


def test_where_no_pass_is_made_nothing_moves(swaying):
    found = refined(swaying.sweep, swaying.known_motion(), passes=0)
    assert_array_equal(found.coefficients, 0.0)
    assert len(found.residuals) == 1
