"""Lamps as points: what they send, in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.lighting import PointLight, RectangleLight, SpotLight
from olat.relight.emitters import Emitters, emitters_of


def reading(emitters: Emitters, place: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Return what a white matte patch reads, by the definition of `Emitters`."""
    away = emitters.positions - place
    square = (away**2).sum(axis=1)
    unit = away / np.sqrt(square)[:, None]
    leaving = -np.einsum("ec,ec->e", unit, emitters.axes)
    inner, outer = emitters.cone
    edge = np.clip((leaving - outer) / (inner - outer), 0, 1)
    sent = edge**2 * (3 - 2 * edge) / square
    if emitters.cosine_power:
        sent = sent * np.maximum(leaving, 0)
    return (sent * np.maximum(unit @ normal, 0)) @ emitters.intensities


ORIGIN = np.zeros(3)


@pytest.mark.parametrize(
    "light",
    [
        PointLight((0.3, -0.4, 1.2), color=(1.0, 2.0, 0.5)),
        SpotLight((0.3, -0.4, 1.2), color=(1.0, 2.0, 0.5)),
        RectangleLight((0.3, -0.4, 1.2), width=0.6, height=0.2, color=(1.0, 2.0, 0.5)),
    ],
)
def test_white_at_the_origin_reads_the_color(
    light: PointLight | SpotLight | RectangleLight,
) -> None:
    normal = np.array([0.3, -0.4, 1.2]) / 1.3
    assert_allclose(reading(emitters_of(light), ORIGIN, normal), [1.0, 2.0, 0.5], rtol=1e-12)


def test_at_half_the_distance_it_is_four_times_as_bright() -> None:
    emitters = emitters_of(PointLight((0.0, 0.0, 2.0)))
    toward = np.array([0.0, 0.0, 1.0])
    assert_allclose(reading(emitters, np.array([0.0, 0.0, 1.0]), toward), 4.0)


def test_a_rectangle_lights_a_parallel_patch_by_its_form_factor() -> None:
    # From the patch a rectangle a x b at the distance h, its corner above the patch, fills
    # 1/(2 pi) (A/sqrt(1+A^2) atan(B/sqrt(1+A^2)) + B/sqrt(1+B^2) atan(A/sqrt(1+B^2))) of its view
    # (Siegel and Howell, Thermal Radiation Heat Transfer); four of them meet above the origin.
    def form_factor(a: float, b: float) -> float:
        first = a / np.hypot(1, a) * np.arctan(b / np.hypot(1, a))
        second = b / np.hypot(1, b) * np.arctan(a / np.hypot(1, b))
        return float(4 * (first + second) / (2 * np.pi))

    width, height = 0.8, 0.5
    emitters = emitters_of(RectangleLight((0.0, 0.0, 1.0), width=width, height=height))
    toward = np.array([0.0, 0.0, 1.0])
    for distance in (1.0, 0.6, 0.4):
        place = np.array([0.0, 0.0, 1.0 - distance])
        found = reading(emitters, place, toward)[0]
        scale = form_factor(width / 2 / distance, height / 2 / distance)
        expected = scale / form_factor(width / 2, height / 2)
        assert found == pytest.approx(expected, rel=5e-3)  # 8 x 8 points


def test_a_rectangle_does_not_shine_backwards() -> None:
    emitters = emitters_of(RectangleLight((0.0, 0.0, 1.0)))
    behind = reading(emitters, np.array([0.0, 0.0, 2.0]), np.array([0.0, 0.0, -1.0]))
    assert_allclose(behind, 0.0)


def test_a_spot_is_whole_inside_and_nothing_outside() -> None:
    emitters = emitters_of(SpotLight((0.0, 0.0, 1.0), cone_deg=40.0, blend=0.5))
    toward = np.array([0.0, 0.0, 1.0])
    levels = []
    for angle in (0.0, 9.9, 15.0, 20.1):
        place = np.array([np.tan(np.deg2rad(angle)), 0.0, 0.0])
        away = np.array([0.0, 0.0, 1.0]) - place
        levels.append(reading(emitters, place, away / np.linalg.norm(away))[0] * (away @ away))
    assert_allclose(levels[:2], 1.0, rtol=1e-12)
    cosine = np.cos(np.deg2rad([10.0, 15.0, 20.0]))
    t = (cosine[1] - cosine[2]) / (cosine[0] - cosine[2])
    assert levels[2] == pytest.approx(3 * t**2 - 2 * t**3, abs=1e-9)
    assert levels[3] == 0.0
    assert reading(emitters, np.zeros(3), toward)[0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("light", "words"),
    [
        (PointLight((0.0, 0.0, 0.0)), "off the origin"),
        (PointLight((np.nan, 0.0, 1.0)), "off the origin"),
        (SpotLight((0.0, 0.0, 1.0), target=(0.0, 0.0, 1.0)), "another place is needed"),
        (SpotLight((0.0, 0.0, 1.0), cone_deg=0.0), "a cone between 0 and 360"),
        (RectangleLight((0.0, 0.0, 1.0), width=0.0), "longer than 0"),
        (RectangleLight((0.0, 0.0, 1.0), target=(0.0, 0.0, 9.0)), "does not face the origin"),
    ],
)
def test_a_lamp_that_cannot_be_is_refused(
    light: PointLight | SpotLight | RectangleLight, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        emitters_of(light)
