"""How well a subject was followed is measured over the subject, whatever the background does."""

from __future__ import annotations

import numpy as np
import pytest

from olat.model.motion import TrackedFrame, TrackingFlow
from olat.motion.brightness import alike_in_level
from olat.motion.cells import cell_flow, small_mask, small_trust
from olat.motion.flow import flow_between
from olat.motion.followed import Followed, followed, within_frame
from olat.motion.sweep import OFF, Sweep, sweep_motion
from tests.support.texture import Texture, pixel_centers

FULL = (120, 160)
GRID = (60, 80)


def flow_of(shift: tuple[float, float], confidence: np.ndarray | float = 1.0) -> TrackingFlow:
    flow = np.broadcast_to(np.array(shift, np.float32), (*GRID, 2)).copy()
    trust = np.broadcast_to(np.float32(confidence), GRID).copy()
    return TrackingFlow(flow, trust, FULL)


def disc(shape: tuple[int, int] = FULL) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]] / shape[0]
    return np.hypot(x - 2.0 / 3.0, y - 0.5) < 0.3


def test_a_background_that_is_not_followed_is_no_matter() -> None:
    trust = disc(GRID).astype(np.float32)
    found = followed(flow_of((3.0, -4.0), trust), disc())
    assert found.agreement == pytest.approx(1.0, abs=0.03)
    assert found.median_px == pytest.approx(5.0, abs=1e-5)
    assert found.largest_px == pytest.approx(5.0, abs=1e-5)
    assert found.against_px == pytest.approx(0.0, abs=1e-5)
    assert found.outside == 0.0


def test_half_of_the_subject_is_half() -> None:
    trust = np.ones(GRID, np.float32)
    trust[: GRID[0] // 2] = 0.1
    assert followed(flow_of((0.0, 0.0), trust), disc()).agreement == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(
    ("shift", "outside"), [((79.5, 0.0), 0.5), ((-80.0, 0.0), 0.5), ((0.0, 200.0), 1.0)]
)
def test_what_lies_outside_of_the_frame_is_counted(
    shift: tuple[float, float], outside: float
) -> None:
    assert followed(flow_of(shift), disc()).outside == pytest.approx(outside, abs=0.03)


def test_cells_average_what_is_sure_of_the_subject() -> None:
    """A shear, spoiled where it is not sure."""
    y, x = np.mgrid[:240, :240].astype(np.float32)
    flow = np.stack([0.01 * y, -0.02 * x], axis=-1)
    confidence = np.ones((240, 240), np.float32)
    flow[::3, ::3], confidence[::3, ::3] = 99.0, 0.0
    cells = cell_flow(flow, confidence, np.ones((240, 240), bool))
    middles = 10.0 * np.arange(24) + 4.5
    exact = np.stack(np.broadcast_arrays(0.01 * middles[:, None], -0.02 * middles), axis=-1)
    # Which pixels are missing shifts the middle of a cell by a part of a pixel.
    np.testing.assert_allclose(cells.motion.reshape(24, 24, 2), exact, atol=0.02)
    assert cells.trust.mean() == pytest.approx(8.0 / 9.0, abs=1e-3)


def test_large_planes_are_made_small_and_small_ones_stay() -> None:
    assert small_trust(np.ones((900, 1200), np.float32)).shape == (288, 384)
    assert small_mask(np.ones((60, 80), bool)).shape == (60, 80)


def test_a_margin_is_left_out_on_all_sides() -> None:
    assert within_frame(np.ones((20, 30), bool), 4).sum() == 12 * 22
    assert not within_frame(np.ones((20, 30), bool), 10).any()


def textured() -> np.ndarray:
    return Texture.random(np.random.default_rng(2)).at(pixel_centers(160, 200))


def test_levels_that_differ_by_a_gain_or_a_ramp_keep_their_trust() -> None:
    reference = textured()
    ramp = np.linspace(0.85, 1.15, 200, dtype=np.float32)[np.newaxis, :, np.newaxis]
    flow, confidence = np.zeros((80, 100, 2), np.float32), np.ones((80, 100), np.float32)
    for moving in (reference, 0.5 * reference, ramp * reference):
        assert alike_in_level(reference, moving, flow, confidence).min() > 0.9


def test_where_the_subject_is_gone_nothing_is_trusted() -> None:
    """Flow finds nothing there and says no motion, in both directions."""
    reference = textured()
    moving = reference.copy()
    moving[:, 100:] = 0.004 * np.random.default_rng(1).standard_normal((160, 100, 3))
    flow, confidence = flow_between(reference, moving, preset="fine")
    found = alike_in_level(reference, moving, flow, confidence)
    assert np.median(found[:, 130:190]) < 0.05
    assert np.median(found[:, 20:80]) > 0.9
    black = np.zeros_like(reference)
    assert not alike_in_level(reference, black, flow, np.ones_like(confidence)).any()


def swept(motions: dict[int, float], agreement: dict[int, float] | None = None) -> Sweep:
    """Return a sweep of frames that moved to the right as a whole, with reference 0."""
    found: dict[int, Followed] = {}
    for index, px in motions.items():
        rows = np.arange(GRID[0])[:, np.newaxis] < GRID[0] * (agreement or {}).get(index, 1.0)
        found[index] = followed(flow_of((px, 0.0), rows.astype(np.float32)), np.ones(FULL, bool))
    return Sweep(0, found, {}, np.ones(FULL, bool), FULL)


def judged(sweep: Sweep) -> dict[int, TrackedFrame]:
    motion, _ = sweep_motion(sweep, lambda _, otherwise: otherwise)
    return {each.frame: each for each in motion.frames}


STEADY = {index: 0.2 * index for index in range(10, 80, 10)}


def test_steady_motion_is_used_throughout() -> None:
    frames = judged(swept(STEADY))
    assert list(frames) == list(range(0, 80, 10))
    assert all(each.is_used and not each.is_sudden for each in frames.values())
    assert frames[30].departure_px == pytest.approx(0.0, abs=1e-5)
    assert frames[0].departure_px is None


def test_a_flow_unlike_its_neighbors_is_refused_if_it_agrees_badly() -> None:
    frames = judged(swept({**STEADY, 40: 30.0}, {40: 0.5}))
    assert {index: each.refusal for index, each in frames.items() if not each.is_used} == {40: OFF}


def test_a_twitch_that_agrees_is_used_and_named() -> None:
    frames = judged(swept({**STEADY, 40: 30.0}))
    assert all(each.is_used for each in frames.values())
    assert [index for index, each in frames.items() if each.is_sudden] == [40]


def test_a_reference_alone_is_a_sweep() -> None:
    motion, rhythm = sweep_motion(swept({}), lambda _, otherwise: otherwise)
    assert motion.used == (0,)
    assert motion.share == 1.0
    assert rhythm is None
