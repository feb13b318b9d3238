"""Keys' cubic between pixels against its closed form, and all that is read by it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.motion.cubic_kernel import keys_weights, read_plane
from olat.motion.low_rank_level import Level
from olat.motion.refinement_field import InterpolatedMotion, MovedSweep, SweepPictures

SHAPE = (40, 56)


def keys(distance: np.ndarray) -> np.ndarray:
    """Keys' kernel as the paper has it, with a = -1/2."""
    s = np.abs(distance)
    near = 1.5 * s**3 - 2.5 * s**2 + 1.0
    far = -0.5 * s**3 + 2.5 * s**2 - 4.0 * s + 2.0
    return np.where(s < 1.0, near, np.where(s < 2.0, far, 0.0))


def wave(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return a pattern whose finest detail has a standard deviation of some 3 px."""
    return np.sin(x / 3.0) * np.cos(y / 4.0)


@pytest.fixture
def places(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    x, y = rng.uniform((-9.0, -9.0), np.array(SHAPE[::-1]) + 8.0, (500, 2)).T.astype(np.float32)
    return x, y


def test_the_weights_are_those_of_the_paper() -> None:
    t = np.linspace(0.0, 1.0, 33, dtype=np.float32)
    expected = keys(t + np.arange(1, -3, -1)[:, None])
    assert_allclose([keys_weights(each) for each in t], expected.T, rtol=0, atol=1e-6)


def test_a_plane_is_read_as_by_plain_sums_and_its_edge_goes_on(rng, places) -> None:
    plane = rng.random(SHAPE, np.float32)
    x, y = (np.clip(each, 0, size - 1) for each, size in zip(places, SHAPE[::-1], strict=True))
    wide = np.pad(plane, 2, mode="edge")
    across = keys(x[:, None] - np.arange(-2, SHAPE[1] + 2))
    down = keys(y[:, None] - np.arange(-2, SHAPE[0] + 2))
    expected = np.einsum("ph,hw,pw->p", down, wide, across)
    assert_allclose(read_plane(plane, *places), expected, rtol=0, atol=1e-5)


def test_on_whole_pixels_a_plane_is_copied(rng) -> None:
    plane = rng.random(SHAPE, np.float32)
    y, x = (each.ravel().astype(np.float32) for each in np.indices(SHAPE))
    assert_array_equal(read_plane(plane, x, y), plane.ravel())


def test_a_place_that_is_no_number_is_read_within_the_plane() -> None:
    plane = np.full(SHAPE, 2.0, np.float32)
    found = read_plane(plane, np.float32([np.nan, np.inf, -np.inf]), np.float32([0, np.nan, 3]))
    assert_allclose(found, 2.0, rtol=0, atol=1e-6)


def test_registration_reads_parabolas_where_they_are_as_opencv_does_not(rng) -> None:
    y, x = np.indices(SHAPE, np.float32)
    bowl = ((x - 28.0) ** 2 - (y - 20.0) * x) / 400.0
    rows, columns = (each.ravel() for each in np.indices(SHAPE)[:, 8:-8, 8:-8])
    none, ones = np.zeros(1, np.int64), np.ones(len(rows), np.float32)
    level = Level(1, bowl[None], np.ones_like(bowl)[None], rows, columns, none, ones)
    dx, dy = rng.uniform(-2.0, 2.0, (2, 1, len(rows)))
    found, _ = level.read(dx, dy)
    at_x, at_y = columns + dx[0], rows + dy[0]
    expected = ((at_x - 28.0) ** 2 - (at_y - 20.0) * at_x) / 400.0
    assert_allclose(found[0], expected, rtol=0, atol=1e-5)
    by_opencv = cv2.remap(
        bowl, at_x[None].astype(np.float32), at_y[None].astype(np.float32), cv2.INTER_CUBIC
    )
    assert np.abs(by_opencv[0] - expected).max() > 0.005


def test_refinement_finds_no_misfit_where_motion_is_known_by_parts_of_a_pixel() -> None:
    """One light over a pattern that moves: by OpenCV's cubic 0.9 % of it seemed to be left."""
    y, x = np.indices(SHAPE, np.float32)
    steps = np.linspace(-1.0, 1.0, 9, dtype=np.float32)
    pictures = np.stack([wave(x - step, y) for step in steps]).astype(np.float32)
    mask = np.zeros(SHAPE, bool)
    mask[6:-6, 6:-6] = True

    def flow(time: int) -> np.ndarray:
        moved = np.zeros((*SHAPE, 2), np.float32)
        moved[..., 0] = steps[time]
        return moved

    frames = tuple(range(len(steps)))
    motion = InterpolatedMotion(frames, (0, 8), 4, np.ones((9, 2)) / 2, flow)
    sweep = SweepPictures(pictures, np.ones(pictures.shape, bool), mask)
    still = np.zeros((9, 1, 2), np.float32)
    left = MovedSweep(sweep, motion, np.ones((1, *SHAPE), np.float32)).move(still)
    print(f"left of a pattern that is one: {left:.2%}")
    assert left < 0.004
