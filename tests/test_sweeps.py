"""How far the frames of a sweep are from the pose of the reference, against known motion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import olat
from olat.io.map_files import read_flow, read_radiance
from olat.io.motion_file import read_sweep_motion
from olat.model.condition import Olat
from olat.model.flags import PixelFlag
from olat.model.motion import TrackingFlow
from olat.motion.flow import flow_between, upsampled
from olat.motion.time_curve import Interpolation
from olat.motion.tracking import flow_at
from olat.synthetic.truth import SyntheticTruth
from tests.support.sessions import simulated
from tests.support.texture import Texture, noisy, pixel_centers

pytestmark = pytest.mark.slow

SIZE = 320
SHAPE = (SIZE, SIZE)
FRAMES = 157
"""Of a sweep, tracking frames included."""
CURVES: tuple[Interpolation, ...] = ("linear", "catmull_rom", "spline", "sway")


@dataclass(frozen=True)
class Swaying:
    """A round subject before black that is seen in any pose without resampling."""

    texture: Texture
    path: Callable[[float], tuple[float, float, float]]
    """Where it is at a moment (x, y) [px], and its turn [rad]."""
    middle: float = SIZE / 2
    radius: float = 0.42 * SIZE

    def flow(self, time: float, reference: float) -> np.ndarray:
        """Return where every pixel of the reference goes [px]."""
        points = self._own(pixel_centers(SIZE, SIZE), reference)
        x, y, turn = self.path(time)
        cosine, sine = np.cos(turn), np.sin(turn)
        moved = points @ np.array([[cosine, sine], [-sine, cosine]]) + (x, y) + self.middle
        return moved - pixel_centers(SIZE, SIZE)

    def inside(self, time: float, margin: float = 0.0) -> np.ndarray:
        """Tell where the subject is seen."""
        own = self._own(pixel_centers(SIZE, SIZE), time)
        return np.linalg.norm(own, axis=-1) < self.radius - margin

    def seen(self, time: float, rng: np.random.Generator) -> np.ndarray:
        """Return a tracking frame, with noise of 1/200 of white."""
        own = self._own(pixel_centers(SIZE, SIZE), time)
        edge = np.clip(self.radius - np.linalg.norm(own, axis=-1) + 0.5, 0.0, 1.0)
        return noisy(self.texture.at(own) * edge[..., None].astype(np.float32), rng)

    def _own(self, points: np.ndarray, time: float) -> np.ndarray:
        x, y, turn = self.path(time)
        cosine, sine = np.cos(turn), np.sin(turn)
        return (points - self.middle - (x, y)) @ np.array([[cosine, -sine], [sine, cosine]])


def sway(time: float) -> tuple[float, float, float]:
    """Sway by 2 px with a period of 60 frames, and turn by a tenth of a degree."""
    phase = 2.0 * np.pi * time / 60.0
    return 1.6 * np.sin(phase), 1.2 * np.sin(phase), 0.002 * np.cos(phase)


def drift(time: float) -> tuple[float, float, float]:
    """Go on by 0.05 px a frame."""
    return 0.04 * (time - FRAMES / 2), 0.03 * (time - FRAMES / 2), 0.0


def tracked(subject: Swaying, *, every: int) -> tuple[int, dict[int, TrackingFlow]]:
    """Return the reference, and the flow that is found to each other tracking frame."""
    rng = np.random.default_rng(20)
    knots = [*range(0, FRAMES - 1, every), FRAMES - 1]
    reference = knots[len(knots) // 2]
    seen = {knot: subject.seen(knot, rng) for knot in knots}
    return reference, {
        knot: TrackingFlow(*flow_between(seen[reference], seen[knot], preset="standard"), SHAPE)
        for knot in knots
        if knot != reference
    }


def errors_px(
    subject: Swaying, reference: int, flows: dict[int, TrackingFlow], curve: Interpolation
) -> np.ndarray:
    """Return the error of alignment of every frame at every pixel of the subject."""
    inside = subject.inside(reference)
    errors = []
    for time in range(FRAMES):
        motion = flow_at(time, flows, reference, interpolation=curve)
        assert motion.is_covered
        assert np.median(upsampled(motion.confidence, SHAPE)[inside]) > 0.9
        wrong = upsampled(motion.flow, SHAPE) - subject.flow(time, reference)
        errors.append(np.linalg.norm(wrong[inside], axis=-1))
    return np.array(errors)


def rms(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))


@pytest.mark.parametrize(("every", "most"), [(11, 0.12), (21, 0.25)])
def test_every_frame_of_a_swaying_sweep_is_aligned(every: int, most: float) -> None:
    subject = Swaying(Texture.random(np.random.default_rng(20)), sway)
    reference, flows = tracked(subject, every=every)
    found = {curve: errors_px(subject, reference, flows, curve) for curve in CURVES}
    told = ", ".join(f"{curve} {rms(errors):.3f}" for curve, errors in found.items())
    at_knots = rms(found["sway"][sorted(flows)])
    print(
        f"sway of 2 px, period 60, tracked every {every}, {FRAMES} frames: rms error inside the "
        f"subject [px] {told}; of the tracking frames themselves {at_knots:.3f}"
    )
    assert all(len(errors) == FRAMES for errors in found.values())
    assert rms(found["sway"]) <= most / 2.0
    assert rms(found["sway"]) <= rms(found["spline"]) + 0.005
    assert rms(found["spline"]) < 0.5 * rms(found["linear"])


def test_a_steady_drift_leaves_next_to_nothing() -> None:
    subject = Swaying(Texture.random(np.random.default_rng(20)), drift)
    reference, flows = tracked(subject, every=21)
    errors = errors_px(subject, reference, flows, "sway")
    away = subject.inside(reference, margin=8.0)[subject.inside(reference)]
    print(
        f"drift of 0.05 px a frame: inside the subject mean {errors.mean():.3f} px, rms "
        f"{rms(errors):.3f} px, 8 px away from its outline {rms(errors[:, away]):.3f} px"
    )
    assert errors.mean() < 0.05
    assert rms(errors[:, away]) < 0.05
    assert rms(errors) < 0.05


@pytest.mark.parametrize(("every", "most"), [(11, 0.12), (21, 0.25)])
def test_every_frame_of_a_simulated_session_is_aligned(
    every: int, most: float, tmp_path: Path
) -> None:
    """A head turns as it sways, and shading does not turn with it: the flow itself errs more."""
    changes = {"tracking_every": every - 1, "sway_period": 60.0, "near_lights": False}
    truth = simulated(tmp_path, size=384, lights=100, **changes)
    olat.process(tmp_path, workers=0, pipeline="normals", keep=["aligned"])
    made = tmp_path / "olat" / "A"
    motion = read_sweep_motion(made / "sweep_motion.json")
    found = {knot: read_flow(made / "flow" / f"{knot:04d}.exr") for knot in motion.used}
    trusted = np.ones(truth.mask.shape, np.float32)
    exact = {
        knot: TrackingFlow(truth.flow(knot), trusted, trusted.shape)
        for knot in motion.used
        if knot != motion.reference
    }
    olats = [f for f, shot in enumerate(truth.stage.conditions) if isinstance(shot, Olat)]
    told, in_all, in_time = [], {}, {}
    for curve in CURVES:
        in_all[curve] = rms(_of_head(truth, olats, found, motion.reference, curve))
        in_time[curve] = rms(_of_head(truth, olats, exact, motion.reference, curve))
        told.append(f"{curve} {in_all[curve]:.3f} (by time alone {in_time[curve]:.3f})")
    knots = rms(_of_head(truth, [*exact], found, motion.reference, "sway"))
    print(
        f"simulated head, tracked every {every}, {len(olats)} OLATs: rms error [px] "
        f"{', '.join(told)}; of the tracking frames themselves {knots:.3f}"
    )
    for frame in olats:
        aligned = read_radiance(made / "aligned" / f"{frame:04d}.exr")
        assert aligned.confidence is not None
        assert not (aligned.flags & PixelFlag.UNTRACKED).any()
        assert np.median(aligned.confidence[truth.mask]) > 0.9
    assert len(olats) == 100
    assert in_time["sway"] <= most
    assert knots < 0.26  # what turning under fixed lights costs the flow itself
    assert in_all["sway"] <= np.hypot(in_time["sway"], 1.1 * knots)
    assert in_all["sway"] <= in_all["spline"] + 0.005


def _of_head(
    truth: SyntheticTruth,
    frames: Sequence[int],
    flows: Mapping[int, TrackingFlow],
    reference: int,
    curve: Interpolation,
) -> np.ndarray:
    """Return the error of alignment of some frames at every pixel of the head."""
    errors = []
    for frame in frames:
        motion = flow_at(frame, flows, reference, interpolation=curve)
        wrong = upsampled(motion.flow, truth.mask.shape) - truth.flow(frame)
        errors.append(np.linalg.norm(wrong[truth.mask], axis=-1))
    return np.array(errors)
