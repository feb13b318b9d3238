"""A background behind a subject that is relit."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.api.backdrop import backdrop_of_environment, backdrop_of_plate
from olat.errors import UsageError
from olat.io.environment_file import write_environment
from olat.light.latlong import directions_of_pixels
from olat.light.latlong_resampling import rotation_about
from olat.model.environment import EnvironmentMap
from olat.model.session import Camera
from tests.support.sphere_pictures import colored

SIZE = (48, 64)
MAP = EnvironmentMap(colored(directions_of_pixels(128, 256)))


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    """Place a camera whose subject fills the right half."""
    mask = np.zeros((96, 128), np.uint8)
    mask[:, 64:] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    return Camera("A", field_of_view_deg=40.0, mask=tmp_path / "mask.png")


def test_the_subject_hides_the_environment_that_lights_it(camera: Camera) -> None:
    lit = np.full((*SIZE, 3), 0.25, np.float32)
    backdrop = backdrop_of_environment(camera, MAP, size=SIZE, space="rec709")
    picture = backdrop.behind(lit)
    assert_allclose(picture[:, 34:], 0.25, rtol=0, atol=1e-6)
    # In the middle is -z; at the left edge, half of 40 degrees towards -x.
    edge = np.array([-np.sin(np.deg2rad(20)), 0.0, -np.cos(np.deg2rad(20))])
    assert_allclose(picture[23:25, 0].mean(axis=0), (1 + edge) / 2, rtol=0, atol=0.01)


def test_it_turns_with_the_light(camera: Camera) -> None:
    turn = rotation_about("y", 180.0)
    backdrop = backdrop_of_environment(
        camera, MAP, size=SIZE, space="rec709", rotation=turn, field_of_view_deg=20.0
    )
    assert_allclose(backdrop.background[24, 32], [0.5, 0.5, 1.0], rtol=0, atol=0.01)


def test_a_coarse_map_is_said_to_be(camera: Camera, tmp_path: Path) -> None:
    write_environment(tmp_path / "m.exr", EnvironmentMap(np.ones((16, 32, 3), np.float32)))
    backdrop = backdrop_of_environment(camera, tmp_path / "m.exr", size=SIZE, space="camera")
    assert "the background is soft" in backdrop.notes[0]


def test_a_plate_is_fitted_and_it_is_said(camera: Camera, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "p.png"), np.full((96, 200, 3), 255, np.uint8))
    backdrop = backdrop_of_plate(camera, tmp_path / "p.png", size=SIZE, space="rec709")
    assert "scaled by 0.5" in backdrop.notes[0]
    picture = backdrop.behind(np.zeros((*SIZE, 3), np.float32))
    assert_allclose(picture[:, :30], 1.0, rtol=0, atol=1e-5)
    assert not picture[:, 36:].any()


def test_what_is_not_known_is_asked_for(camera: Camera) -> None:
    with pytest.raises(UsageError, match=r"it has no mask.*mask under \[camera.A\]"):
        backdrop_of_environment(Camera("A", field_of_view_deg=40.0), MAP, size=SIZE, space="camera")
    with pytest.raises(UsageError, match="its field of view is not told"):
        backdrop_of_environment(Camera("A", mask=camera.mask), MAP, size=SIZE, space="camera")
    with pytest.raises(UsageError, match="needed is the same aspect ratio"):
        backdrop_of_environment(camera, MAP, size=(48, 48), space="camera")
