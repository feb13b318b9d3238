"""Correction of the motion of a sweep, as a stage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import olat
from olat.engine.pipeline import load_pipeline
from olat.errors import PipelineError, SolveError
from olat.io.sweep_flow_file import read_correction
from olat.model.condition import Olat, Tracking
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.motion import MotionCorrection, SweepMotion, TrackedFrame, TrackingFlow
from olat.model.session import Camera, Frame
from olat.stages import STAGES
from olat.stages.capture import GIVEN
from olat.stages.interpolate_motion import InterpolateMotion
from olat.stages.refine_motion import RefineMotion
from tests.support.sessions import normal_error_deg, simulated

CAMERA = Camera("A")
GRID, SHAPE = (12, 16), (48, 64)
SWEEP = SweepMotion(0, tuple(TrackedFrame(knot, 1.0, 0.0, 0.0) for knot in (0, 10)))


def tracked() -> Frames[TrackingFlow]:
    """Return a subject that has moved by 2 px to the right at frame 10."""

    def load(frame: Frame) -> TrackingFlow:
        flow = np.zeros((*GRID, 2), np.float32)
        flow[..., 0] = 0.2 * frame.index
        return TrackingFlow(flow, np.ones(GRID, np.float32), SHAPE)

    return Frames({knot: frame_at(knot) for knot in (0, 10)}, load)


def at_rest(reference: int) -> Frames[TrackingFlow]:
    """Return the same flows, but that to the reference, which is none."""
    flows = tracked()
    still = TrackingFlow(np.zeros((*GRID, 2), np.float32), np.ones(GRID, np.float32), SHAPE)
    return Frames(dict(flows.shots), lambda at: still if at.index == reference else flows[at.index])


def frame_at(index: int) -> Frame:
    return Frame("A", index, Tracking(), Path(f"{index}.exr"))


def correction_of(*frames: int) -> MotionCorrection:
    flows = np.zeros((len(frames), 3, 4, 2), np.float32)
    flows[..., 1] = 0.5
    return MotionCorrection(frames, flows, SHAPE)


def test_a_correction_is_added_to_the_motion_of_its_frames():
    motion = InterpolateMotion().run(frame_at(4), tracked(), SWEEP, correction=correction_of(3, 4))
    assert_allclose(motion.flow[..., 0], 0.8, rtol=0, atol=1e-6)
    assert_allclose(motion.flow[..., 1], 0.5, rtol=0, atol=1e-6)
    assert_allclose(motion.confidence, 1.0, rtol=0, atol=1e-6)


@pytest.mark.parametrize("reference", [0, 10])
def test_the_reference_does_not_move(reference: int):
    """It took what its neighbors in time were corrected by, and was resampled."""
    sweep = SweepMotion(reference, SWEEP.frames)
    correction = correction_of(-1, 1, 9, 11)
    motion = InterpolateMotion().run(
        frame_at(reference), at_rest(reference), sweep, correction=correction
    )
    assert_array_equal(motion.flow, 0.0)


def test_tracking_frames_keep_the_motion_that_was_measured():
    correction = correction_of(3, 9, 11)
    motion = InterpolateMotion().run(frame_at(10), tracked(), SWEEP, correction=correction)
    assert_array_equal(motion.flow, tracked()[10].flow)


def test_a_tracking_frame_that_is_not_used_is_corrected_like_the_frames_around():
    refused = TrackedFrame(5, 0.0, 0.0, 0.0, refusal="black")
    sweep = SweepMotion(0, (SWEEP.frames[0], refused, SWEEP.frames[1]))
    motion = InterpolateMotion().run(frame_at(5), tracked(), sweep, correction=correction_of(3, 9))
    assert_allclose(motion.flow[..., 1], 0.5, rtol=0, atol=1e-6)


@pytest.mark.parametrize("corrected", [(), (3,), (6, 7)])
def test_frames_without_a_correction_keep_their_motion(corrected: tuple[int, ...]):
    correction = correction_of(*corrected)
    motion = InterpolateMotion().run(frame_at(5), tracked(), SWEEP, correction=correction)
    assert_allclose(motion.flow[..., 0], 1.0, rtol=0, atol=1e-6)
    assert_allclose(motion.flow[..., 1], 0.0, rtol=0, atol=1e-6)


def test_a_correction_of_frames_of_another_size_is_refused():
    correction = replace(correction_of(3, 4), shape=(96, 128))
    with pytest.raises(
        SolveError, match="correction is of frames of 128 x 96 px, the motion of 64"
    ):
        InterpolateMotion().run(frame_at(4), tracked(), SWEEP, correction=correction)


@pytest.mark.parametrize("interpolation", ["spline", "catmull_rom", "linear"])
def test_a_correction_of_another_interpolation_is_refused_before_anything_runs(interpolation: str):
    setting = [f"interpolate_motion.interpolation={interpolation}"]
    with pytest.raises(PipelineError, match="'refine_motion' corrects what 'sway' leaves"):
        load_pipeline("refined", catalog=STAGES, given=GIVEN, settings=setting)
    assert load_pipeline("standard", catalog=STAGES, given=GIVEN, settings=setting)


def photographed(sizes: dict[int, tuple[int, int]], flag: int = 0) -> Frames[RadianceImage]:
    """Return tracking frames 0 and 10, and OLAT frames at all other numbers, all flagged alike."""

    def load(frame: Frame) -> RadianceImage:
        shape = sizes[frame.index]
        flags = np.full(shape, flag if isinstance(frame.condition, Olat) else 0, np.uint8)
        return RadianceImage(np.ones((*shape, 3), np.float32), flags)

    shots = {
        index: Frame("A", index, Tracking() if index in (0, 10) else Olat(index), Path("x.exr"))
        for index in sizes
    }
    return Frames(shots, load)


@pytest.mark.parametrize("odd", [0, 4])
def test_frames_of_another_size_are_refused_and_not_squeezed(odd: int):
    sizes = dict.fromkeys((0, 3, 4, 10), SHAPE) | {odd: (40, 64)}
    with pytest.raises(
        SolveError, match=f"frame {odd} is 64 x 40 px, frame 3 64 x 48 px; one size"
    ):
        RefineMotion().run(photographed(sizes), tracked(), SWEEP, None, CAMERA)


@pytest.mark.parametrize("place", [np.s_[20:24, 20:24], np.s_[20]], ids=["4 x 4 px", "one row"])
def test_a_mask_that_is_all_rim_is_no_fault_of_olat(place: tuple[slice, ...] | int):
    mask = np.zeros(SHAPE, bool)
    mask[place] = True
    sweep = photographed(dict.fromkeys((0, 3, 4, 10), SHAPE))
    with pytest.raises(
        SolveError, match=r"camera .A.: refinement: \d pixels of 64 x 48 .*Check the mask"
    ):
        RefineMotion().run(sweep, tracked(), SWEEP, mask, CAMERA)


def test_a_sweep_that_is_saturated_all_over_is_no_fault_of_olat():
    sweep = photographed(dict.fromkeys((0, 3, 4, 10), SHAPE), PixelFlag.SATURATED)
    with pytest.raises(SolveError, match="camera 'A': prediction: nothing is lit"):
        RefineMotion().run(sweep, tracked(), SWEEP, np.ones(SHAPE, bool), CAMERA)


def processed(folder: Path, pipeline: str):
    summary = olat.process(folder, workers=0, pipeline=pipeline)
    assert not summary.failures
    return summary, olat.open(folder, pipeline=pipeline).normals()


@pytest.mark.slow
def test_normals_of_a_fast_sway_gain_by_refinement(tmp_path: Path):
    """A sway of 2 px with a period of 24 frames, and one tracking frame every 21."""
    truth = simulated(
        tmp_path / "s", size=192, tracking_every=20, near_lights=False, sway_period=24.0
    )
    _, before = processed(tmp_path / "s", "standard")
    _, after = processed(tmp_path / "s", "refined")
    off, better = (normal_error_deg(each, truth, margin=2).mean() for each in (before, after))
    print(f"\nnormals: {off:.2f} deg by tracking frames alone, {better:.2f} deg refined")
    assert better < 0.6 * off
    found = read_correction(tmp_path / "s" / "olat" / "A" / "correction.npz")
    assert len(found.frames) == 60
    assert found.shape == (192, 192)


@pytest.mark.slow
def test_a_still_subject_has_no_correction_and_a_note_says_so(tmp_path: Path):
    simulated(tmp_path / "s", size=128, lights=40, near_lights=False, sway_px=0.0)
    summary, _ = processed(tmp_path / "s", "refined")
    assert any("no motion that the tracking frames do not tell of" in n for n in summary.notes)
    assert read_correction(tmp_path / "s" / "olat" / "A" / "correction.npz").frames == ()
