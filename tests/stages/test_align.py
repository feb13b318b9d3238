"""One frame in the pose of the reference, with and without a lens and tracking frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import olat
from olat.errors import CalibrationError, SolveError
from olat.geometry.undistortion import undistorted_positions
from olat.io.map_files import read_radiance
from olat.model.condition import ON_SUBJECT, ColorGradient, Olat, Polarized, Tracking
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.motion import FrameMotion
from olat.motion.warp import resampled, split
from olat.stages.align import Align
from olat.surface.lambert import normals_from_olats
from tests.support.lenses import lens_of
from tests.support.sessions import simulated
from tests.surface.readings import degrees_between

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


def test_motion_of_frames_of_another_size_is_no_fault_of_olat(rng):
    motion = replace(moved_by(1.0), shape=(48, 60))
    with pytest.raises(SolveError, match=r"found in frames of 60 x 48 px, but .* has 64 x 48 px"):
        Align().run(image(rng), motion, None)


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


def half_sure():
    """Return a motion that is sure in the right half only."""
    motion = moved_by(2.0)
    motion.confidence[:, :32] = 0.25
    return motion


def test_what_was_not_moved_has_no_confidence(rng):
    assert Align().run(image(rng), UNKNOWN, None).confidence is None
    assert Align().run(image(rng), UNKNOWN, LENS).confidence is None


def test_a_moved_frame_says_how_far_its_motion_is_trusted(rng):
    aligned = Align().run(image(rng), half_sure(), None)
    assert_array_equal(aligned.confidence[:, :34], np.full((48, 34), 0.25, np.float32))
    assert_array_equal(aligned.confidence[:, 34:-2], np.ones((48, 28), np.float32))
    assert not aligned.confidence[:, -2:].any()
    hidden = (aligned.flags & PixelFlag.OCCLUDED) != 0
    expected = np.zeros(SHAPE, bool)
    expected[:, :32] = True
    assert_array_equal(hidden, expected)


def test_the_confidence_is_that_of_the_undistorted_pixel(rng):
    aligned = Align().run(image(rng), half_sure(), LENS)
    positions = undistorted_positions(LENS, height=SHAPE[0], width=SHAPE[1])
    there = (aligned.flags & PixelFlag.OUT_OF_FRAME) == 0
    left = positions[..., 0] <= 33.0
    right = positions[..., 0] >= 34.0
    assert left[there].any()
    assert right[there].any()
    assert (aligned.confidence[there & left] == 0.25).all()
    assert (aligned.confidence[there & right] == 1.0).all()
    assert not aligned.confidence[~there].any()


def test_a_motion_that_tears_is_not_trusted_where_it_does(rng):
    motion = moved_by(0.0)
    motion.flow[:, 32:, 0] = 3.0
    aligned = Align().run(image(rng), motion, None)
    # Between columns 31 and 32, and two more to either side.
    assert not aligned.confidence[:, 29:35].any()
    assert (aligned.confidence[:, :29] == 1.0).all()
    # Nobody says that it is hidden.
    assert not aligned.flags[:, 29:35].any()


def test_a_motion_on_a_coarse_grid_is_brought_to_full_size(rng):
    coarse = np.broadcast_to(np.float32([2.0, 0.0]), (4, 5, 2)).copy()
    motion = FrameMotion(coarse, np.full((4, 5), 0.75, np.float32), SHAPE, "registration")
    photograph = image(rng)
    aligned = Align().run(photograph, motion, None)
    assert_array_equal(aligned.radiance[:, :-2], photograph.radiance[:, 2:])
    assert (aligned.confidence[:, :-2] == 0.75).all()


def test_tracking_frames_are_aligned_as_all_others_are():
    assert set(Align.conditions) == set(ON_SUBJECT)
    assert {Olat, Tracking, ColorGradient, Polarized} <= set(ON_SUBJECT)


def test_a_frame_that_no_tracking_frame_covers_is_flagged_all_over(rng):
    still = replace(moved_by(0.0), is_covered=False)
    aligned = Align().run(image(rng), still, None)
    assert (aligned.flags & PixelFlag.UNTRACKED != 0).all()
    assert aligned.confidence is not None
    covered = Align().run(image(rng), moved_by(0.0), None)
    assert not (covered.flags & PixelFlag.UNTRACKED).any()


def test_a_lens_of_other_photographs_is_refused(rng):
    with pytest.raises(CalibrationError, match="align: lens: calibrated on 64 x 64 px"):
        Align().run(image(rng), UNKNOWN, lens_of("barrel", height=64, width=64))


@pytest.mark.slow
def test_a_swaying_head_has_its_confidence_in_the_field_and_in_the_solves(tmp_path):
    stage = {"size": 128, "lights": 24, "tracking_every": 8, "sway_px": 3.0, "near_lights": False}
    truth = simulated(tmp_path, **stage)
    settings, keep = ["solve_normals.source=olats"], ["aligned"]
    summary = olat.process(tmp_path, workers=0, pipeline="normals", settings=settings, keep=keep)
    assert summary.exit_code == 0
    opened = olat.open(tmp_path)
    field = opened.field().opened
    height = field.header.height
    codes = field.read_confidence(0, height)
    frames = opened.session.frames_of("A").values()
    olats = {f.condition.light: f.index for f in frames if isinstance(f.condition, Olat)}
    tracking = [frame.index for frame in frames if isinstance(frame.condition, Tracking)]
    for row, light in enumerate(field.header.lights):
        aligned = read_radiance(tmp_path / f"olat/A/aligned/{olats[light]:04d}.exr")
        assert np.abs(codes[row] / 255.0 - aligned.confidence).max() < 1.0 / 255.0
    # A tracking frame is brought into the pose of the reference too.
    first = read_radiance(tmp_path / f"olat/A/aligned/{min(tracking):04d}.exr")
    assert first.confidence is not None
    strip, flags = field.read_rows(0, height)
    directions = field.header.rig.directions
    solved = normals_from_olats(strip, flags, directions, confidence=codes, shadow_floor=0.004)
    found = opened.normals()
    assert_array_equal(found.normals, solved[0])
    assert_array_equal(found.confidence, solved[2])
    blind = normals_from_olats(strip, flags, directions, shadow_floor=0.004)[0]
    errors = [
        degrees_between(normals, truth.normals)[truth.mask & normals.any(axis=-1)]
        for normals in (blind, solved[0])
    ]
    print(
        f"swaying head, {codes[:, truth.mask].mean() / 255:.2f} mean confidence: normals "
        f"{errors[0].mean():.3f} degrees (median {np.median(errors[0]):.3f}), by confidence "
        f"{errors[1].mean():.3f} ({np.median(errors[1]):.3f})"
    )
    # Its flow is good, so that there is little to win; nothing may be lost.
    assert errors[1].mean() < 1.01 * errors[0].mean()
    assert np.median(errors[1]) < 1.01 * np.median(errors[0])


@pytest.mark.slow
def test_a_still_session_has_no_array_of_confidence(tmp_path):
    stage = {"size": 64, "lights": 12, "tracking_every": 0, "sway_px": 0.0}
    simulated(tmp_path, **stage)
    assert olat.process(tmp_path, workers=0, pipeline="normals").exit_code == 0
    assert not (tmp_path / "olat/A/field.zarr/confidence").exists()
    assert olat.open(tmp_path).field().opened.read_confidence(0, 64) is None
