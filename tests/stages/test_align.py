"""One frame in the pose of the reference, with and without a lens and tracking frames."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from olat.errors import CalibrationError
from olat.geometry.undistortion import undistorted_positions
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.motion import FrameMotion
from olat.motion.warp import resampled, split
from olat.stages.align import Align
from tests.support.lenses import lens_of

SHAPE = (48, 64)
LENS = lens_of("barrel").at(*SHAPE)


def image(rng):
    radiance = rng.random((*SHAPE, 3), np.float32)
    return RadianceImage(radiance, np.zeros(SHAPE, np.uint8), radiance / 100, "rec709")


def moved_by(shift):
    """Return a motion of all pixels to the right."""
    flow = np.zeros((*SHAPE, 2), np.float32)
    flow[..., 0] = shift
    return FrameMotion(flow, np.ones(SHAPE, np.float32), SHAPE)


UNKNOWN = FrameMotion(np.zeros((1, 1, 2), np.float32), np.ones((1, 1), np.float32), None, "none")


def test_a_subject_of_unknown_motion_without_a_lens_is_passed_on(rng):
    photograph = image(rng)
    assert Align().run(photograph, UNKNOWN, None) is photograph


def test_a_subject_of_unknown_motion_is_undistorted(rng):
    photograph = image(rng)
    out = Align().run(photograph, UNKNOWN, LENS)
    positions = undistorted_positions(LENS, height=SHAPE[0], width=SHAPE[1])
    expected = resampled(photograph, *split(positions))
    assert_array_equal(out.radiance, expected.radiance)
    assert_array_equal(out.variance, expected.variance)
    assert out.space == "rec709"
    assert np.abs(out.radiance - photograph.radiance).max() > 0.1


def test_motion_and_lens_are_one_resampling(rng):
    photograph = image(rng)
    moved = Align().run(photograph, moved_by(2.0), LENS)
    # On whole pixels the shift alone is a copy.
    positions = undistorted_positions(LENS, height=SHAPE[0], width=SHAPE[1])
    expected = resampled(photograph, positions[..., 0] + 2.0, np.array(positions[..., 1]))
    inside = (moved.flags | expected.flags) & PixelFlag.OUT_OF_FRAME == 0
    assert inside.mean() > 0.9
    assert_array_equal(moved.radiance[inside], expected.radiance[inside])


def test_without_a_lens_frames_move_as_they_did(rng):
    photograph = image(rng)
    moved = Align().run(photograph, moved_by(2.0), None)
    assert_array_equal(moved.radiance[:, :-2], photograph.radiance[:, 2:])


def test_a_lens_of_other_photographs_is_refused(rng):
    with pytest.raises(CalibrationError, match="align: lens: calibrated on 64 x 64 px"):
        Align().run(image(rng), UNKNOWN, lens_of("barrel", height=64, width=64))
