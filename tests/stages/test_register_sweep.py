"""Motion of a sweep without tracking frames, as a stage and in its pipeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import olat
from olat.errors import SolveError
from olat.model.condition import Olat
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.session import Camera, Frame
from olat.motion.flow import upsampled
from olat.stages.register_sweep import RegisterSweep
from tests.support.sessions import normal_error_deg, simulated, without_tracking
from tests.support.unregistered import moved_pictures, patterned_sweep, sway

CAMERA = Camera("A")
SHAPE, FRAMES = (200, 240), 32
MASK = np.zeros(SHAPE, bool)
MASK[10:-10, 10:-10] = True


def sweep_of(
    pictures: np.ndarray, first: int = 5, flags: dict[int, np.ndarray] | None = None
) -> Frames[RadianceImage]:
    """Return pictures as OLAT frames, numbered from `first`."""
    shots = {
        first + row: Frame("A", first + row, Olat(row), Path(f"{row}.exr"))
        for row in range(len(pictures))
    }

    def load(frame: Frame) -> RadianceImage:
        plane = pictures[frame.index - first]
        none = np.zeros(plane.shape, np.uint8)
        radiance = np.repeat(plane[..., None], 3, axis=2).astype(np.float32)
        return RadianceImage(radiance, (flags or {}).get(frame.index, none))

    return Frames(shots, load)


@pytest.fixture(scope="module")
def still() -> np.ndarray:
    return patterned_sweep(np.random.default_rng(2), SHAPE, FRAMES)


def test_motion_comes_in_pixels_of_the_photograph(
    still: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    truth = sway(SHAPE, FRAMES, 2.0)
    frames = sweep_of(moved_pictures(still, truth))
    # A quarter of the pixels: half the size.
    found = RegisterSweep(megapixels=0.02).run(frames, MASK, CAMERA)
    assert found.frames == tuple(range(5, 5 + FRAMES))
    assert found.reference == 5 + FRAMES // 2
    assert found.shape == SHAPE
    flows = np.stack([upsampled(flow, SHAPE) for flow in found.flows])
    error = np.linalg.norm((flows - truth)[:, MASK], axis=-1)
    rms = float(np.sqrt((error**2).mean()))
    print(f"registered at half size: {rms:.3f} px of the photograph, of 2 px")
    assert rms < 0.15
    assert "No tracking frames are used: 32 OLAT frames were registered to frame 21" in caplog.text


def test_a_still_subject_is_told_and_left_alone(
    still: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    found = RegisterSweep().run(sweep_of(still), MASK, CAMERA)
    assert not found.flows.any()
    assert (found.confidence == 1.0).all()
    assert caplog.messages == [
        "No motion was found that frames under different lights bear out: all 32 are taken as they "
        "are, which is right for a still subject."
    ]


@pytest.mark.slow
def test_without_a_mask_the_subject_is_what_the_lights_reach(still: np.ndarray) -> None:
    pictures = moved_pictures(still, sway(SHAPE, FRAMES, 1.0)) * MASK
    told = RegisterSweep().run(sweep_of(pictures), MASK, CAMERA)
    found = RegisterSweep().run(sweep_of(pictures), None, CAMERA)
    inside = (slice(None), slice(4, -4), slice(4, -4))
    assert np.abs(found.flows - told.flows)[inside].max() < 0.1


@pytest.mark.slow
def test_saturated_readings_have_no_part(still: np.ndarray) -> None:
    truth = sway(SHAPE, FRAMES, 1.0)
    pictures = moved_pictures(still, truth)
    burnt = np.zeros(SHAPE, np.uint8)
    burnt[60:120, 80:150] = PixelFlag.SATURATED
    pictures[:, 60:120, 80:150] = 1.0
    frames = sweep_of(pictures, flags=dict.fromkeys(range(5, 5 + FRAMES), burnt))
    found = RegisterSweep().run(frames, MASK, CAMERA)
    flows = np.stack([upsampled(flow, SHAPE) for flow in found.flows])
    error = np.linalg.norm((flows - truth)[:, MASK], axis=-1)
    assert np.sqrt((error**2).mean()) < 0.1


@pytest.mark.slow
def test_a_frame_of_something_else_is_named(
    still: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = moved_pictures(still, sway(SHAPE, FRAMES, 1.0))
    pictures[7] = patterned_sweep(np.random.default_rng(9), SHAPE, 1)[0] + 0.2
    found = RegisterSweep().run(sweep_of(pictures), MASK, CAMERA)
    assert np.median(found.confidence[7]) < 0.5
    assert "Frames that do not look as the others tell, with low confidence: 12." in caplog.text


def test_of_a_still_subject_only_a_frame_of_something_else_is_doubted(
    still: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = still.copy()
    pictures[7] = patterned_sweep(np.random.default_rng(9), SHAPE, 1)[0] + 0.2
    found = RegisterSweep().run(sweep_of(pictures), MASK, CAMERA)
    assert not found.flows.any()
    assert np.median(found.confidence[7]) < 0.5
    assert (np.delete(found.confidence, 7, axis=0) == 1.0).all()
    assert "Frames that do not look as the others tell, with low confidence: 12." in caplog.text


def test_frames_of_two_sizes_are_refused(still: np.ndarray) -> None:
    pictures = [*still[:9], still[9][:100]]
    with pytest.raises(SolveError, match="frame 14 is 240 x 100 px, frame 5 240 x 200 px"):
        RegisterSweep().run(sweep_of(pictures), None, CAMERA)


def test_too_few_frames_are_told(still: np.ndarray) -> None:
    with pytest.raises(SolveError, match="camera 'A': registration: 4 frames; 8 are needed"):
        RegisterSweep().run(sweep_of(still[:4]), MASK, CAMERA)


@pytest.mark.slow
def test_normals_of_a_moving_head_are_better_without_tracking_frames_too(tmp_path: Path) -> None:
    truth = simulated(
        tmp_path / "moving",
        size=256,
        lights=60,
        tracking_every=10,
        sway_px=4.0,
        near_lights=False,
        material="lambert",
    )
    errors = {}
    for pipeline in ("standard", "untracked"):
        session = without_tracking(tmp_path / "moving", tmp_path / pipeline)
        olat.process(session, workers=0, pipeline=pipeline)
        normals = olat.open(session, pipeline=pipeline).normals()
        errors[pipeline] = float(normal_error_deg(normals, truth, margin=3).mean())
    print(", ".join(f"{name}: mean normal error {error:.2f} deg" for name, error in errors.items()))
    assert errors["untracked"] < 0.8 * errors["standard"]
