from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from olat.io.session_warnings import session_warnings
from olat.model.condition import ColorGradient, Condition, Dark, Olat, Target, Tracking
from olat.model.rig import LightRig
from olat.model.session import Camera, Frame, Session


def session(
    *conditions: Condition, suffix: str = ".png", encoding: str | float = "linear"
) -> Session:
    """Return a capture of one camera under three lights."""
    return Session(
        "test",
        Path("capture"),
        LightRig("axes", np.eye(3), np.ones((3, 3))),
        (Camera("A", encoding=encoding),),
        tuple(
            Frame("A", index, condition, Path(f"{index}{suffix}"))
            for index, condition in enumerate(conditions)
        ),
    )


def lit_from(directions: np.ndarray) -> Session:
    rig = LightRig("bent", directions, np.ones((len(directions), 3)))
    return replace(session(Olat(0)), rig=rig)


def test_a_sound_session_is_not_spoken_of() -> None:
    roles = (Olat(0), Olat(1), Olat(2), Tracking(), ColorGradient())
    assert session_warnings(session(*roles)) == []


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG"])
def test_jpeg_that_is_called_linear_is_doubted(suffix: str) -> None:
    (words,) = session_warnings(session(Olat(0), suffix=suffix))
    assert words.startswith("JPEG is read as linear (camera A), but cameras write it sRGB-coded.")


@pytest.mark.parametrize("encoding", ["srgb", 2.2])
def test_jpeg_that_is_called_anything_else_is_believed(encoding: str | float) -> None:
    assert session_warnings(session(Olat(0), suffix=".jpg", encoding=encoding)) == []


def test_frames_of_targets_are_told_with_what_could_be_measured_on_them() -> None:
    roles = (Dark(), Dark(), Olat(0), Target("mirror_ball"), Target("flat"))
    sensor, rig = session_warnings(session(*roles))
    assert sensor == (
        "Not used: frames 0,1 (dark), 4 (flat), as no sensor calibration is certified. Measure it: "
        "olat process SESSION --pipeline calibrate_camera, then olat certify SESSION."
    )
    assert "frames 3 (mirror_ball), as no rig calibration" in rig
    assert "--pipeline calibrate_rig" in rig


def test_targets_of_what_is_calibrated_are_not_told() -> None:
    roles = (Dark(), Target("mirror_ball"), Target("chart"))
    (color,) = session_warnings(session(*roles), {("sensor", "A"), ("rig", "")})
    assert "no color calibration" in color
    assert len(session_warnings(session(*roles), {("sensor", "B"), ("rig", "")})) == 2


@pytest.mark.parametrize(("degrees", "is_told"), [(0.0, True), (0.09, True), (0.11, False)])
def test_lights_nearer_than_a_tenth_of_a_degree_are_told(degrees: float, is_told: bool) -> None:
    angle = np.radians(degrees)
    near = [np.sin(angle), 0.0, np.cos(angle)]
    told = session_warnings(lit_from(np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], near])))
    assert [words.startswith("Lights 0 and 2 (from 0) have the same") for words in told] == (
        [True] if is_told else []
    )


def test_many_lights_in_one_direction_are_told_briefly() -> None:
    (words,) = session_warnings(lit_from(np.tile([0.0, 0.0, 1.0], (10, 1))))
    assert words.startswith("Lights 0 and 1, 0 and 2, 0 and 3, 0 and 4, 0 and 5, and 40 more pairs")
