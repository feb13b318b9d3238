"""The level of the lights over a sweep, and a field that does not show it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.api.processing import process
from olat.errors import FileError
from olat.io.drift_file import read_drift, write_drift
from olat.io.field_file import open_field
from olat.model.condition import Tracking
from olat.model.drift import LightDrift
from olat.model.image import Frames, RadianceImage
from olat.model.motion import ReferenceFrame
from olat.model.session import Frame
from olat.stages.choose_reference import outward
from olat.stages.measure_drift import MeasureDrift
from olat.stages.products import light_changes
from tests.support.sessions import CLEAN, simulated

SPHERE = {**CLEAN, "size": 96, "lights": 24, "tracking_every": 4}
MATTE = {"subject": "sphere", "material": "lambert"}


def field_of(folder: Path, *, warm_up: float) -> tuple[np.ndarray, LightDrift]:
    """Return the field of a capture whose lights dim, and the drift that was found in it."""
    simulated(folder, **SPHERE, **MATTE, imperfections={"warm_up": warm_up})
    assert not process(folder, pipeline="normals", workers=0).failures
    planes = np.stack(list(open_field(folder / "olat" / "A" / "field.zarr").planes))
    return planes.astype(np.float64), read_drift(folder / "olat" / "A" / "drift.csv")


@pytest.mark.slow
def test_lights_that_dim_by_a_tenth_leave_no_trace_in_the_field(tmp_path: Path) -> None:
    steady, still = field_of(tmp_path / "steady", warm_up=0.0)
    field, drift = field_of(tmp_path / "dimming", warm_up=0.1)
    bright = steady > 0.3
    ratio = np.array(
        [
            np.median(one[lit] / other[lit])
            for one, other, lit in zip(field, steady, bright, strict=True)
            if lit.sum() > 200
        ]
    )
    ratio /= ratio.mean()
    change = np.ptp(drift.levels.mean(axis=1))
    left = np.abs(ratio - 1.0).max()
    print(f"\nlights dim by {change:.1%} over the sweep; planes differ by {left:.2%}")
    assert change > 0.03
    assert left < 0.003
    assert np.ptp(still.levels.mean(axis=1)) < 0.002


def full_on(*levels: float) -> Frames[RadianceImage]:
    """Return full-on frames of a flat subject, ten frames apart, at levels of the lights."""
    shots = {
        10 * number: Frame("A", 10 * number, Tracking(), Path(f"{number}.exr"))
        for number in range(len(levels))
    }

    def load(frame: Frame) -> RadianceImage:
        radiance = np.full((20, 30, 3), 0.5 * levels[frame.index // 10], np.float32)
        return RadianceImage(radiance, np.zeros((20, 30), np.uint8))

    return Frames(shots, load)


def measured(frames: Frames[RadianceImage]) -> LightDrift:
    return MeasureDrift().run(frames, None, ReferenceFrame(next(outward(frames)), "middle"))


@pytest.mark.parametrize(("levels", "frame"), [((0.9, 1, 1, 1, 1), 0), ((1, 1, 1, 1.1), 30)])
def test_a_full_on_frame_that_blinked_is_named(
    caplog: pytest.LogCaptureFixture, levels: tuple[float, ...], frame: int
) -> None:
    drift = measured(full_on(*levels))
    (note,) = caplog.messages
    assert note.startswith(f"Full-on frame {frame} is off the level of those around it by 10.0 %")
    assert drift.moments == tuple(range(0, 10 * len(levels), 10))
    assert light_changes(drift) == {"full_on_frames": len(levels), "change": 0.0}


def test_a_first_frame_that_is_brighter_is_believed_and_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing tells a warm-up within one gap from a blink, and LEDs do lose some percent."""
    drift = measured(full_on(1.04, 1, 1, 1, 1, 1))
    change, note = caplog.messages
    assert change.startswith("The lights' level changes by 4.0 %")
    assert note.startswith("Full-on frame 0, the first, is 4.0 % brighter than the next")
    assert "taken for their warm-up, which a single bright blink would look like" in note
    assert light_changes(drift)["change"] == pytest.approx(0.04, abs=1e-5)


def test_a_warm_up_that_the_next_frames_show_too_is_believed_without_doubt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    measured(full_on(*(1.0 + 0.05 * np.exp(-np.arange(8.0)))))
    (note,) = caplog.messages
    assert note.startswith("The lights' level changes by")


def test_eyes_that_close_once_are_left_out_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    drift = measured(full_on(1, 1, 1, 1.008, 1, 1))
    assert not caplog.messages
    assert light_changes(drift)["change"] == 0.0


@pytest.mark.parametrize(("count", "is_sure"), [(2, False), (3, False), (4, True), (6, True)])
def test_few_full_on_frames_do_not_tell_drift_from_a_blink_which_is_said(
    caplog: pytest.LogCaptureFixture, count: int, is_sure: bool
) -> None:
    measured(full_on(*np.linspace(1.0, 0.96, count)))
    (note,) = caplog.messages
    assert note.startswith("The lights' level changes by")
    assert ("may also be a blink of the lights in one" in note) == (not is_sure)


def test_a_full_on_frame_in_the_dark_leaves_the_field_as_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of three it cannot be left out; the planes would be divided by nothing."""
    drift = measured(full_on(1.0, 1.0, 0.0))
    (note,) = caplog.messages
    assert "not measured, nor taken out: the subject gives no light back in a full-on" in note
    assert drift.moments == ()


def test_drift_is_read_as_it_was_written(tmp_path: Path) -> None:
    drift = LightDrift(
        (3, 14, 25), np.array([[1.0, 1.0, 1.0], [0.99, 0.98, 0.97], [0.5, 0.6, 0.7]])
    )
    write_drift(tmp_path / "drift.csv", drift)
    found = read_drift(tmp_path / "drift.csv")
    assert found.moments == drift.moments
    np.testing.assert_array_equal(found.levels, drift.levels)


@pytest.mark.parametrize("text", ["", "frame,red\n1,2\n", "frame,red,green,blue\n1,2,x,4\n"])
def test_a_spoiled_table_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "drift.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match="frame, red, green, blue"):
        read_drift(path)
