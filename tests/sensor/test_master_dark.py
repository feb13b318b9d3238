from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from olat.sensor.master_dark import master_dark
from olat.sensor.tally import Tally

SHAPE = (60, 80, 1)
NOISE = 3.0


def darks(rng: np.random.Generator, count: int, *, noise: float = NOISE, black: float = 512.0):
    return [
        np.rint(black + noise * rng.standard_normal(SHAPE)).astype(np.float32) for _ in range(count)
    ]


@settings(max_examples=20)
@given(count=st.integers(2, 9), seed=st.integers(0, 99))
def test_a_tally_says_what_numpy_says_of_the_whole_stack(count: int, seed: int) -> None:
    stack = darks(np.random.default_rng(seed), count)
    tally = Tally()
    for frame in stack:
        tally.add(frame)
    np.testing.assert_allclose(tally.mean, np.mean(stack, axis=0), rtol=0, atol=1e-3)
    np.testing.assert_allclose(tally.variance, np.var(stack, axis=0, ddof=1), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("struck", [0, 15], ids=["the first frame", "the last frame"])
def test_a_struck_reading_costs_the_others_no_precision(rng, struck: int) -> None:
    stack = (1000.0 + 0.5 * rng.standard_normal((16, *SHAPE))).astype(np.float32)
    others = np.delete(stack, struck, axis=0).astype(np.float64)
    stack[struck] += 59_000.0
    tally = Tally()
    for frame in stack:
        tally.add(frame)
    mean, variance, counts = tally.without_outliers(0.5, spreads=7.0)
    worst = np.abs(variance - others.var(axis=0, ddof=1)).max()
    print(f"variance of 0.25 DN^2 beside a reading of 60 000 DN is {worst:.4f} DN^2 off at most")
    assert (counts == 15).all()
    # Single precision knows a difference of 59 000 to 0.004.
    assert worst < 0.01
    np.testing.assert_allclose(mean, others.mean(axis=0), rtol=0, atol=0.02)
    np.testing.assert_allclose(
        tally.variance, stack.astype(np.float64).var(axis=0, ddof=1), rtol=1e-5
    )


def test_the_dark_is_the_mean_and_its_error_falls_with_the_root_of_the_frames(rng) -> None:
    found = master_dark(iter(darks(rng, 16)))
    assert found.frames == 16
    spread = np.hypot(NOISE, np.sqrt(1 / 12)) / 4
    np.testing.assert_allclose(found.mean.std(), spread, rtol=0.05)
    np.testing.assert_allclose(found.mean.mean(), 512.0, rtol=0, atol=5 * spread / 69)


def test_the_read_noise_is_that_of_the_usual_sites(rng) -> None:
    frames = darks(rng, 16)
    for frame in frames:
        frame[::9, ::9] += 200.0 * rng.standard_normal(frame[::9, ::9].shape).astype(np.float32)
    found = master_dark(frames).read_noise_dn
    truth = np.hypot(NOISE, np.sqrt(1 / 12))
    print(f"read noise {found:.3f} DN of {truth:.3f} with one site of 81 flickering")
    np.testing.assert_allclose(found, truth, rtol=0.02)


def test_what_lies_below_zero_stays_there(rng) -> None:
    frames = [frame - 520.0 for frame in darks(rng, 9)]
    assert master_dark(frames).mean.mean() == pytest.approx(-8.0, abs=0.1)


@pytest.mark.parametrize("count", [4, 16])
def test_a_particle_that_strikes_one_frame_leaves_no_mark(rng, count: int) -> None:
    frames = darks(rng, count)
    clean = master_dark(frames)
    frames[2][20:23, 30] += 900.0
    struck = master_dark(frames)
    assert struck.struck == clean.struck + 3
    np.testing.assert_allclose(struck.mean[20:23, 30], 512.0, rtol=0, atol=4 * NOISE / np.sqrt(3))
    others = np.ones(SHAPE, bool)
    others[20:23, 30] = False
    np.testing.assert_array_equal(struck.mean[others], clean.mean[others])


def test_leaving_out_the_highest_only_where_it_stands_out_adds_no_bias(rng) -> None:
    mean = np.mean([master_dark(darks(rng, 4)).mean.mean() for _ in range(20)])
    error = NOISE / np.sqrt(4 * 20 * np.prod(SHAPE))
    assert abs(mean - 512.0) < 4 * error


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_frames_are_refused(rng, count: int) -> None:
    with pytest.raises(ValueError, match=f"there are {count} dark frames .*; 4 or more are needed"):
        master_dark(darks(rng, count))


def test_a_frame_that_was_lit_is_refused_by_its_place(rng) -> None:
    frames = darks(rng, 8)
    frames[5] += 40.0
    with pytest.raises(ValueError, match=r"dark frame 6 of 8 reads \+40\.\d+ DN against"):
        master_dark(frames)


def test_frames_of_two_sizes_are_refused(rng) -> None:
    with pytest.raises(ValueError, match=r"\(60, 78, 1\) follows one of \(60, 80, 1\)"):
        master_dark([*darks(rng, 4), darks(rng, 1)[0][:, :78]])
