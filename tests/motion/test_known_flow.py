"""Flow of other programs on the grid of our own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.motion import TrackingFlow
from olat.motion.known_flow import on_grid

SHAPE = (40, 60)
GRID = (20, 30)


def turned(shape):
    """Return the flow of a turn by a twentieth about the corner."""
    y, x = np.indices(shape, np.float32)
    return np.stack([-0.05 * y, 0.05 * x], axis=-1).astype(np.float32)


def test_an_affine_motion_is_read_at_the_middle_of_each_coarse_pixel():
    found = TrackingFlow(turned(SHAPE), np.full(SHAPE, 0.8, np.float32), SHAPE)
    flow, confidence = on_grid(found, shape=SHAPE, grid=GRID)
    y, x = 2.0 * np.indices(GRID) + 0.5
    assert_allclose(flow, np.stack([-0.05 * y, 0.05 * x], axis=-1), rtol=0, atol=1e-5)
    assert_allclose(confidence, 0.8, rtol=0, atol=1e-6)


def test_what_is_not_known_has_no_part_in_the_mean():
    flow, sure = turned(SHAPE), np.ones(SHAPE, np.float32)
    flow[::2], sure[::2] = 0.0, 0.0
    sure[:, :10] = 0.0
    found, confidence = on_grid(TrackingFlow(flow, sure, SHAPE), shape=SHAPE, grid=GRID)
    rows = 2.0 * np.arange(20)[:, None] + 1.0
    assert_allclose(found[:, 5:, 0], np.repeat(-0.05 * rows, 25, axis=1), rtol=0, atol=1e-5)
    assert_allclose(confidence[:, 5:], 0.5, rtol=0, atol=1e-6)
    assert not found[:, :5].any()
    assert not confidence[:, :5].any()


def test_frames_developed_at_half_size_move_half_as_far():
    found = TrackingFlow(np.full((*SHAPE, 2), 3.0, np.float32), np.ones(SHAPE, np.float32), SHAPE)
    flow, _ = on_grid(found, shape=GRID, grid=GRID)
    assert_allclose(flow, 1.5, rtol=0, atol=1e-6)


def test_flow_of_other_frames_is_refused():
    found = TrackingFlow(turned(GRID), np.ones(GRID, np.float32), GRID)
    with pytest.raises(
        ValueError, match="of frames of 30 x 20 px, but the photographs are 60 x 40"
    ):
        on_grid(found, shape=SHAPE, grid=GRID)
