"""Lobes on disk, lit from Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import olat
from olat.api.lobes import Lobes
from olat.errors import SessionError, UsageError
from olat.io.map_files import write_lobes
from olat.light.arrangements import fibonacci_sphere
from olat.model.environment import EnvironmentMap
from olat.model.maps import LobeMaps
from tests.support.bare_sweep import bare_sweep

SHAPE = (9, 12)


@pytest.fixture
def lobes(tmp_path: Path, rng: np.random.Generator) -> Lobes:
    axes = fibonacci_sphere(SHAPE[0] * SHAPE[1]).reshape(*SHAPE, 3)
    integral = np.pi * rng.uniform(0.2, 0.8, (*SHAPE, 3)).astype(np.float32)
    moment = (integral * axes * 2 / 3).astype(np.float32)
    one, nothing = np.ones(SHAPE, np.float32), np.zeros(SHAPE, np.uint8)
    write_lobes(tmp_path / "lobes.exr", LobeMaps(integral, moment, one, nothing, "rec709"), {})
    return Lobes(tmp_path / "lobes.exr")


def test_a_light_of_any_length_shades_a_matte_surface_by_its_cosine(lobes: Lobes) -> None:
    light = np.array([0.0, 3.0, 4.0])
    cosine = np.maximum(lobes.lobes.axis @ light / 5.0, 0.0)[..., np.newaxis]
    expected = lobes.maps.integral / np.pi * cosine
    assert_allclose(lobes.relight(light=light), expected, rtol=0, atol=1e-5)
    assert light.tolist() == [0.0, 3.0, 4.0]  # what was passed is not made shorter
    assert repr(lobes) == "<lobes lobes.exr: one a pixel, 12 x 9 px>"
    assert lobes.space == "rec709"


def test_a_uniform_map_of_radiance_1_gives_the_albedo_of_a_matte_surface(lobes: Lobes) -> None:
    even = np.ones((16, 32, 3), np.float32)
    found = lobes.relight(environment=even)
    assert_allclose(found, lobes.maps.integral / np.pi, rtol=0, atol=1e-5)
    assert_allclose(lobes.relight(environment=even, rotate_deg=77.0), found, rtol=0, atol=1e-5)


def test_a_map_in_another_color_is_taken_to_that_of_the_lobes(lobes: Lobes) -> None:
    red = np.zeros((16, 32, 3), np.float32)
    red[..., 0] = 1.0
    rec709 = lobes.relight(environment=red)
    acescg = lobes.relight(environment=EnvironmentMap(red, space="acescg"))
    assert_allclose(rec709[..., 1:], 0.0, rtol=0, atol=1e-6)
    assert (acescg[..., 0] > 1.3 * rec709[..., 0]).all()  # its red is more saturated


def test_shadows_are_a_plane_for_a_light_and_asked_for_by_direction_in_a_map(lobes: Lobes) -> None:
    hidden = np.ones(SHAPE, np.float32)
    hidden[:, :5] = 0.0
    lit = lobes.relight(light=(0, 0, 1), visibility=hidden)
    assert np.abs(lit[:, :5]).max() < 1e-7
    assert lit[:, 5:].any()
    even = np.ones((32, 64, 3), np.float32)
    open_ = lobes.relight(environment=even, visibility=lambda _: np.ones(SHAPE, np.float32))
    assert_allclose(open_, lobes.relight(environment=even), rtol=0.02)
    closed = lobes.relight(environment=even, visibility=lambda _: hidden)
    assert_allclose(closed, open_ * hidden[..., None], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("lighting", "words"),
    [
        ({}, "either a light or an environment"),
        ({"light": (0, 0, 0)}, "not all zero"),
        ({"environment": np.ones((4, 8))}, r"shape \(4, 8\)"),
        ({"light": (0, 0, 1), "visibility": np.ones((2, 2), np.float32)}, "12 x 9 px"),
        (
            {"environment": np.ones((8, 16, 3), np.float32), "visibility": np.ones(SHAPE)},
            "one plane was given for a whole environment",
        ),
        ({"light": (0, 0, 1), "shadows": True}, "opened without its session"),
        (
            {"light": (0, 0, 1), "shadows": True, "visibility": np.ones(SHAPE, np.float32)},
            "both shadows and a visibility",
        ),
        ({"environment": np.full((8, 16, 3), np.nan, np.float32)}, "not finite"),
    ],
)
def test_a_lighting_that_cannot_be_meant_is_refused(
    lobes: Lobes, lighting: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        lobes.relight(**lighting)


def test_lobes_of_a_session_without_gradients_are_refused_by_that(tmp_path: Path) -> None:
    session = bare_sweep(tmp_path)
    with pytest.raises(SessionError, match="fitted to gradients, and none was shot"):
        olat.open(session).lobes("A")
