"""The highlight of a lamp: its center, and what is not taken for it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from olat.light.ball_view import mirrored_rays
from olat.light.highlight import find_highlight
from olat.light.mirror_ball_rays import irradiance_at_center
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from tests.light.mirror_sphere import MirrorSphere, orthographic

DISTANCE = 1.7


def sphere(**changes):
    return MirrorSphere(orthographic(), np.zeros(3), **{"noise": 0.01, **changes})


def lamp(polar_deg, azimuth_deg=30.0):
    """Return a place, by the angle from the view and the angle around it."""
    polar, around = np.radians([polar_deg, azimuth_deg])
    return DISTANCE * np.array(
        [np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)]
    )


def error_deg(ball, highlight, place):
    """Return how far the mirrored ray passes by the lamp, seen from where it starts."""
    directions, normals = mirrored_rays(ball.view, highlight.center_px[np.newaxis])
    away = place - ball.radius * normals[0]
    cosine = directions[0] @ away / np.linalg.norm(away)
    return float(np.degrees(np.arccos(min(cosine, 1.0))))


@pytest.mark.parametrize("polar", [0, 20, 60, 90, 120, 150, 160])
def test_the_mirrored_ray_meets_the_lamp(polar):
    ball = sphere()
    found = find_highlight(ball.photo(ball.under(lamp(polar))), ball.box)
    assert error_deg(ball, found, lamp(polar)) < 0.06
    assert found.is_sure == (polar < 160)
    assert found.rival < 0.05


@pytest.mark.slow
def test_errors_are_as_large_as_the_standard_error_says(rng):
    """Of the center, over 40 draws of strong noise."""
    ball = sphere(noise=0.6, lamp=0.02)
    place = lamp(50.0)
    clean = find_highlight(ball.photo(sphere(noise=0.0, lamp=0.02).under(place)), ball.box)
    found = [find_highlight(ball.photo(ball.under(place)), ball.box) for _ in range(40)]
    off = np.array([one.center_px - clean.center_px for one in found])
    spread, told = np.sqrt(np.mean(off**2)), np.mean([one.sigma_px for one in found])
    print(f"noise: spread {spread:.3f} px, standard error told {told:.3f} px")
    assert 0.5 < spread / told < 1.6


def test_a_floor_that_glows_and_a_panel_that_glints_are_not_the_lamp():
    ball = sphere()
    picture = ball.under(lamp(70.0))
    rows, columns = np.indices(ball.shape)
    glow = np.exp(-(((columns - 240) / 60.0) ** 2 + ((rows - 360) / 12.0) ** 2))
    picture += 3.0 * glow
    # As bright as the lamp, but drawn out: a window frame, seen in a panel.
    picture += np.where((abs(columns - 170) < 40) & (abs(rows - 200) < 1), 20.0, 0.0)
    found = find_highlight(ball.photo(picture), ball.box)
    assert error_deg(ball, found, lamp(70.0)) < 0.1
    assert found.rival < 0.5


def test_a_fainter_second_reflection_of_the_same_lamp_is_told_as_a_rival():
    ball = sphere()
    picture = ball.under(lamp(40.0)) + ball.under(lamp(120.0, 200.0), level=0.9)
    found = find_highlight(ball.photo(picture), ball.box)
    assert error_deg(ball, found, lamp(40.0)) < 0.06
    assert 0.5 < found.rival < 1.0
    assert not found.is_sure


def test_what_shines_in_every_frame_is_subtracted():
    ball = sphere()
    window = sphere(noise=0.0).under(lamp(100.0, 100.0), level=3.0)
    ambient = np.repeat(window[ball.box.span][..., None], 3, axis=2).astype(np.float32)
    photo = ball.photo(ball.under(lamp(40.0)) + window)
    assert error_deg(ball, find_highlight(photo, ball.box), lamp(40.0)) > 50.0
    found = find_highlight(photo, ball.box, ambient=ambient)
    assert error_deg(ball, found, lamp(40.0)) < 0.06


def test_a_hot_pixel_is_not_a_lamp():
    ball = sphere()
    picture = ball.under(lamp(40.0))
    picture[300, 200] = 400.0
    assert error_deg(ball, find_highlight(ball.photo(picture), ball.box), lamp(40.0)) < 0.06


def test_a_lamp_beside_the_ball_is_not_its_own_reflection():
    """A lamp behind the ball that the camera sees directly, past the outline."""
    ball = sphere()
    picture = ball.under(lamp(130.0))
    cv2.circle(picture, (int(240 + 158 * 0.8), int(240 - 158 * 0.6)), 3, 60.0, -1)
    found = find_highlight(ball.photo(picture), ball.box)
    assert error_deg(ball, found, lamp(130.0)) < 0.1


def test_a_clipped_highlight_is_used_and_flagged():
    ball = sphere(lamp=0.06)
    photo = ball.photo(ball.under(lamp(60.0)), white=5.0)
    found = find_highlight(photo, ball.box)
    assert found.is_saturated
    assert not found.is_sure
    assert error_deg(ball, found, lamp(60.0)) < 0.2
    sharp = find_highlight(ball.photo(ball.under(lamp(60.0))), ball.box)
    assert not sharp.is_saturated
    assert found.sigma_px > 5.0 * sharp.sigma_px
    assert found.irradiance[0] < 0.5 * sharp.irradiance[0]


def test_darkness_has_no_highlight():
    ball = sphere()
    with pytest.raises(ValueError, match=r"nothing on the ball stands out: .* 10 times is needed"):
        find_highlight(ball.photo(ball.under(None)), ball.box)


def test_a_dead_pixel_that_the_developer_flagged_does_not_count():
    ball = sphere()
    photo = ball.photo(ball.under(None))
    radiance, flags = photo.radiance.copy(), photo.flags.copy()
    radiance[230:233, 230:233] = 9.0
    flags[230:233, 230:233] = PixelFlag.DEAD
    with pytest.raises(ValueError, match="nothing on the ball stands out"):
        find_highlight(RadianceImage(radiance, flags), ball.box)


def test_the_ball_reflects_the_irradiance_of_a_near_lamp_from_everywhere_alike():
    """A disc of radiance L and angular radius a is L pi sin(a)^2 at the center of the ball."""
    ball = sphere(noise=0.0)
    solid_angle = 2.0 * np.pi * (1.0 - np.cos(np.arctan(ball.lamp / DISTANCE)))
    far, near = [], []
    for polar in (0, 30, 60, 90, 120, 150):
        found = find_highlight(ball.photo(ball.under(lamp(polar))), ball.box)
        far.append(found.irradiance[0] / (ball.level * solid_angle))
        center = irradiance_at_center(ball.view, found, lamp(polar) / ball.radius)
        near.append(center[0] / (ball.level * solid_angle))
    for name, ratios in (("as if distant", far), ("near", near)):
        print(f"irradiance over truth, {name}:", ", ".join(f"{ratio:.3f}" for ratio in ratios))
    np.testing.assert_allclose(near, 1.0, rtol=0, atol=0.01)
    assert np.ptp(far) > 0.02


def test_all_of_an_arc_at_the_outline_counts():
    """A wide lamp behind the ball is drawn out to an arc, which holds as much light as a disc."""
    ball = sphere(noise=0.0, lamp=0.1)
    solid_angle = 2.0 * np.pi * (1.0 - np.cos(np.arctan(ball.lamp / DISTANCE)))
    ratios = []
    for polar in (0.0, 140.0, 155.0, 160.0, 165.0):
        found = find_highlight(ball.photo(ball.under(lamp(polar))), ball.box)
        center = irradiance_at_center(ball.view, found, lamp(polar) / ball.radius)
        ratios.append(center[0] / (ball.level * solid_angle))
    print("irradiance over truth, of an arc:", ", ".join(f"{ratio:.3f}" for ratio in ratios))
    np.testing.assert_allclose(ratios, 1.0, rtol=0, atol=0.03)
