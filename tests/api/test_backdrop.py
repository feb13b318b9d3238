"""A background behind a subject that is relit."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.testing import assert_allclose

from olat.api.backdrop import backdrop_of_environment, backdrop_of_plate
from olat.io.environment_file import write_environment
from olat.light.latlong import directions_of_pixels, rotation_about
from olat.model.environment import EnvironmentMap
from tests.support.sphere_pictures import colored

SIZE = (48, 64)
MAP = EnvironmentMap(colored(directions_of_pixels(128, 256)))


SUBJECT = np.zeros(SIZE, bool)
SUBJECT[:, 32:] = True
"""It fills the right half."""


def test_the_subject_hides_the_environment_that_lights_it() -> None:
    lit = np.full((*SIZE, 3), 0.25, np.float32)
    backdrop = backdrop_of_environment(SUBJECT, MAP, space="rec709", field_of_view_deg=40.0)
    picture = backdrop.behind(lit)
    assert_allclose(picture[:, 34:], 0.25, rtol=0, atol=1e-6)
    # In the middle is -z; at the left edge, half of 40 degrees towards -x.
    edge = np.array([-np.sin(np.deg2rad(20)), 0.0, -np.cos(np.deg2rad(20))])
    assert_allclose(picture[23:25, 0].mean(axis=0), (1 + edge) / 2, rtol=0, atol=0.01)


def test_it_turns_with_the_light() -> None:
    turn = rotation_about("y", 180.0)
    backdrop = backdrop_of_environment(
        SUBJECT, MAP, space="rec709", rotation=turn, field_of_view_deg=20.0
    )
    assert_allclose(backdrop.background[24, 32], [0.5, 0.5, 1.0], rtol=0, atol=0.01)


def test_a_coarse_map_is_said_to_be(tmp_path: Path) -> None:
    write_environment(tmp_path / "m.exr", EnvironmentMap(np.ones((16, 32, 3), np.float32)))
    backdrop = backdrop_of_environment(
        SUBJECT, tmp_path / "m.exr", space="camera", field_of_view_deg=40.0
    )
    assert "the background is soft" in backdrop.notes[0]


def test_a_plate_is_fitted_and_it_is_said(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), np.full((96, 200, 3), 255, np.uint8))
    backdrop = backdrop_of_plate(SUBJECT, tmp_path / "p.png", space="rec709")
    assert "scaled by 0.5" in backdrop.notes[0]
    picture = backdrop.behind(np.zeros((*SIZE, 3), np.float32))
    assert_allclose(picture[:, :30], 1.0, rtol=0, atol=1e-5)
    assert not picture[:, 36:].any()
