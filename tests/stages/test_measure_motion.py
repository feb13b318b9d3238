"""Bad tracking frames are measured, named and left out; the work stops only where it must."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import olat
from olat.api.summary import Summary
from olat.io.exr import read_exr
from olat.io.manifest import read_session
from olat.io.motion_file import read_reference, read_sweep_motion
from olat.model.condition import Tracking
from olat.model.flags import PixelFlag
from olat.model.motion import SweepMotion, TrackingFlow
from olat.motion.tracking import flow_at
from olat.synthetic.truth import SyntheticTruth
from tests.support import faults
from tests.support.sessions import simulated

STAGE = {"size": 128, "lights": 32, "tracking_every": 5, "near_lights": False}
FRAMES = (2, 5, 11, 17, 23, 29, 35, 41, 44)
MIDDLE = 23
DEFINITIONS = Path(__file__).parents[1] / "definitions"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Capture a head that sways, the eyes open but between tracking frames."""
    folder = tmp_path_factory.mktemp("whole") / "session"
    simulated(folder, **STAGE, blink_at=30)
    session = read_session(folder)
    tracking = [shot.index for shot in session.frames if isinstance(shot.condition, Tracking)]
    assert tuple(tracking) == FRAMES
    return folder


@pytest.fixture
def session(whole: Path, tmp_path: Path) -> Path:
    """Copy the capture, to be spoiled."""
    return Path(shutil.copytree(whole, tmp_path / "session"))


def run(session: Path, *settings: str, is_aligned: bool = False) -> Summary:
    return olat.process(
        session,
        workers=0,
        pipeline=str(DEFINITIONS / ("aligned.toml" if is_aligned else "motion.toml")),
        settings=settings,
        keep=["aligned"] if is_aligned else [],
        trust_manifest=True,
    )


def process(session: Path, *settings: str, is_aligned: bool = False) -> tuple[SweepMotion, str]:
    """Process a session; return what was measured and what was said."""
    summary = run(session, *settings, is_aligned=is_aligned)
    assert summary.failures == []
    return read_sweep_motion(products(session) / "sweep_motion.json"), "\n".join(summary.notes)


def stopped(session: Path, *settings: str) -> str:
    """Process a session that cannot be processed; return what was said."""
    summary = run(session, *settings, is_aligned=True)
    (failure,) = summary.failures
    assert failure["kind"] == "SolveError"
    assert not list(products(session).glob("aligned/*"))
    return str(failure["message"])


def products(session: Path) -> Path:
    return session / "olat-motion" / "A"


def refusals(motion: SweepMotion) -> dict[int, str]:
    return {each.frame: each.refusal for each in motion.frames if not each.is_used}


def move(session: Path, frame: int, right: int, down: int = 0) -> None:
    """Shift a photograph by an even number of pixels; the dark comes after it."""
    rng = np.random.default_rng(frame)

    def moved(counts: np.ndarray, black: np.ndarray) -> np.ndarray:
        height, width = counts.shape
        out = black + 2.0 * rng.standard_normal(counts.shape)
        out[down:, right:] = counts[: height - down, : width - right]
        return out

    faults.rewrite(session, frame, moved)


def test_a_clean_sweep_is_used_throughout_without_a_word(session: Path) -> None:
    motion, said = process(session)
    assert motion.reference == MIDDLE
    assert motion.used == FRAMES
    assert motion.doubts == ()
    assert motion.unsure == ()
    assert motion.share > 0.98
    assert motion.interval == 6.0
    assert motion.residual_px is not None
    assert motion.residual_px < 0.05
    for word in ("racking frame", "reference", "too fast", "twitched"):
        assert word not in said
    assert (products(session) / "sweep_motion.png").stat().st_size > 10_000


def white(session: Path, frame: int) -> None:
    faults.rewrite(session, frame, lambda counts, _: np.full_like(counts, 1e6))


def upside_down(session: Path, frame: int) -> None:
    faults.rewrite(session, frame, lambda counts, _: counts[::-1])


SPOILS: dict[str, tuple[Callable[[Path, int], None], str]] = {
    "black": (faults.kill_light, "black"),
    "saturated": (white, "saturated"),
    "scene cut": (upside_down, "does not show the subject of the reference"),
    "left": (lambda session, frame: move(session, frame, 90), "the subject left the frame"),
    "too far": (
        lambda session, frame: move(session, frame, 36),
        "moved by 36 px, farther than flow can follow",
    ),
    "too far, aslant": (
        lambda session, frame: move(session, frame, 24, 20),
        "moved by 31 px, farther than flow can follow",
    ),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_bad_tracking_frame_is_named_and_the_others_are_used(session: Path, name: str) -> None:
    spoil, reason = SPOILS[name]
    spoil(session, 11)
    motion, said = process(session)
    agreement = {each.frame: each.agreement for each in motion.frames}
    print(f"\n{name}: {agreement[11]:.0%} of the subject agrees, {refusals(motion)}")
    assert refusals(motion) == {11: reason}
    assert motion.used == tuple(frame for frame in FRAMES if frame != 11)
    assert f"Tracking frame 11 is not used: {reason}." in said


@pytest.mark.slow
def test_every_frame_is_aligned_also_around_a_bad_tracking_frame(session: Path) -> None:
    faults.kill_light(session, 11)
    process(session, is_aligned=True)
    aligned = sorted((products(session) / "aligned").glob("*.exr"))
    assert [int(path.stem) for path in aligned] == list(range(FRAMES[0], FRAMES[-1] + 1))


@pytest.mark.parametrize("name", ["black", "saturated", "scene cut"])
def test_a_bad_middle_frame_is_not_the_reference(session: Path, name: str) -> None:
    SPOILS[name][0](session, MIDDLE)
    motion, said = process(session)
    found = read_reference(products(session) / "reference.json")
    assert found.frame == motion.reference == 17
    assert set(refusals(motion)) == {MIDDLE}
    assert f"Tracking frame {MIDDLE} is " in said
    assert "it is not the reference; frame 17 is" in said
    assert found.reason.startswith(f"frame {MIDDLE} is ")


@pytest.mark.slow
def test_a_subject_that_leaves_in_part_is_followed_and_the_rest_flagged(session: Path) -> None:
    """It sinks out of the picture, by a sixth of its height."""
    for frame in range(24, 45):
        move(session, frame, 0, 2 * ((frame - 23) // 2))
    motion, said = process(session, is_aligned=True)
    outside = {each.frame: round(each.outside, 3) for each in motion.frames if each.is_used}
    print(f"\nshare outside: {outside}")
    last = max(outside)
    assert outside[last] > 0.1
    assert "of the subject lies outside of the picture" in said
    channels, _ = read_exr(products(session) / "aligned" / f"{last:04d}.exr")
    flags = channels["flags.Y"].astype(np.uint8)
    assert (flags & PixelFlag.OUT_OF_FRAME).any()


def test_a_twitch_is_used_and_named(session: Path) -> None:
    move(session, 11, 8)
    motion, said = process(session)
    assert motion.used == FRAMES
    assert [each.frame for each in motion.frames if each.is_sudden] == [11]
    assert "The subject twitched near tracking frame 11" in said
    assert [(each.first, each.last) for each in motion.unsure] == [(5, 11), (11, 17)]


def left_between(truth: SyntheticTruth, motion: SweepMotion) -> float:
    """Return what interpolation of exact flows leaves in the frames between; rms [px]."""
    sure = np.ones(truth.mask.shape, np.float32)
    exact = {knot: TrackingFlow(truth.flow(knot), sure, sure.shape) for knot in motion.used}
    del exact[motion.reference]
    square = [
        np.sum((flow_at(time, exact, motion.reference).flow - truth.flow(time)) ** 2, axis=-1)
        for time in range(motion.used[0], motion.used[-1])
        if time not in motion.used
    ]
    return float(np.sqrt(np.mean(np.array(square)[:, truth.mask])))


def test_motion_too_fast_for_the_tracking_frames_is_told_with_what_would_do(
    tmp_path: Path,
) -> None:
    changes = {"tracking_every": 8, "sway_period": 24.0, "sway_px": 4.0, "blink_at": 90}
    truth = simulated(tmp_path, **{**STAGE, **changes})
    motion, said = process(tmp_path)
    assert motion.frequency is not None
    left = left_between(truth, motion)
    print(
        f"\nperiod {1 / motion.frequency:.1f} frames: {motion.residual_px:.2f} px foretold in "
        f"between, {left:.2f} px left"
    )
    assert motion.residual_px == pytest.approx(left, rel=0.25)
    # The axes sway at 0.6 to 1 times the rate.
    assert 22.0 < 1.0 / motion.frequency < 42.0
    (note,) = (note for note in said.splitlines() if "too fast" in note)
    assert "too fast for tracking frames 9 frames apart: the curve 'sway' leaves" in note
    assert "throughout would leave 0.25 px or less. refine_motion, in the pipeline refined" in note


def test_a_missing_tracking_frame_is_named(session: Path) -> None:
    with (session / "session.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('\n[[override]]\nframes = "11"\nskip = true\n')
    motion, said = process(session)
    assert motion.used == tuple(frame for frame in FRAMES if frame != 11)
    assert "From frame 5 to 17 no tracking frame is used, where they are 6 frames apart" in said


def confidence_inside(session: Path, frame: int) -> float:
    """Return the mean confidence of an aligned frame where the subject is lit."""
    channels, _ = read_exr(products(session) / "aligned" / f"{frame:04d}.exr")
    return float(channels["confidence.Y"][40:90, 40:90].mean())


def test_frames_where_tracking_frames_were_refused_are_trusted_less(tmp_path: Path) -> None:
    """With two of them dead, all frames between were still trusted by 0.995."""
    simulated(tmp_path / "session", **{**STAGE, "sway_px": 4.0, "sway_period": 30.0})
    session = tmp_path / "session"
    process(session, is_aligned=True)
    between = (15, 18, 28, 31)
    whole = {frame: confidence_inside(session, frame) for frame in between}
    for frame in (17, 29):
        faults.kill_light(session, frame)
    motion, said = process(session, is_aligned=True)
    killed = {frame: confidence_inside(session, frame) for frame in between}
    print(f"\nconfidence {whole}, with tracking frames 17 and 29 killed {killed}")
    assert [(each.first, each.last) for each in motion.unsure] == [(11, 23), (23, 35)]
    assert "From frame 11 to 23 no tracking frame is used" in said
    assert "the confidence of frames 24 to 34 is lower" in said
    for frame in between:
        assert killed[frame] < whole[frame] - 0.1
    assert min(killed.values()) > 0.5, "half a pixel is no reason to take nothing from a frame"


def test_the_work_stops_where_less_agrees_than_was_stated(session: Path) -> None:
    for frame in (2, 5, 11, 35, 41, 44):
        faults.kill_light(session, frame)
    said = stopped(session)
    assert "camera 'A': over the tracking frames 2" in said
    assert "of the subject agrees with reference 23; at least 30% is needed" in said
    for frame in (2, 5, 11, 35, 41, 44):
        assert f"{frame} (black)" in said
    motion, _ = process(session, "measure_motion.least_share=0.2")
    assert motion.used == (17, 23, 29)


def test_the_work_stops_where_all_tracking_frames_are_dark(session: Path) -> None:
    for frame in FRAMES:
        faults.kill_light(session, frame)
    said = stopped(session)
    assert "choose_reference: camera 'A': no tracking frame shows the subject: 2 is black" in said
    assert "shoot them again" in said


def test_the_user_names_the_reference(session: Path) -> None:
    motion, _ = process(session, "choose_reference.frame=35")
    assert motion.reference == 35
    assert read_reference(products(session) / "reference.json").reason == "told"


def test_a_named_reference_has_to_be_a_tracking_frame(session: Path) -> None:
    summary = run(session, "choose_reference.frame=12")
    (failure,) = summary.failures
    assert failure["kind"] == "SessionError"
    assert "frame 12 is not a tracking frame of camera 'A'; 9 tracking frames: " in str(
        failure["message"]
    )


def test_what_is_written_is_what_was_measured(session: Path) -> None:
    faults.kill_light(session, 11)
    motion, _ = process(session)
    document = json.loads((products(session) / "sweep_motion.json").read_text("utf-8"))
    assert [each["frame"] for each in document["frames"]] == list(FRAMES)
    assert document["frames"][2]["refusal"] == "black"
    receipt = json.loads((products(session) / "sweep_motion.receipt.json").read_text("utf-8"))
    assert receipt["metrics"]["used"] == len(motion.used) == 8
