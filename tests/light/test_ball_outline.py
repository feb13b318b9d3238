"""The outline of a ball: fitted, found in pictures, refused."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from olat.light.ball_outline import ball_in_mask, fit_ball
from olat.light.ball_search import ball_in_picture
from olat.light.ball_view import OrthographicBall, PerspectiveBall, Pinhole
from tests.light.mirror_sphere import MirrorSphere, ball_at, camera

AROUND = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False)


@settings(max_examples=40)
@given(
    x=st.floats(-0.3, 0.3),
    y=st.floats(-0.2, 0.2),
    distance=st.floats(3.0, 60.0),
    bend=st.floats(-0.3, 0.3),
)
def test_the_outline_in_perspective_tells_where_the_ball_is(x, y, distance, bend):
    """Exactly, through a distorted lens too: a cone of rays, not an ellipse's middle."""
    ideal = Pinhole.of_field_of_view(600, 800, 50.0)
    pinhole = Pinhole(ideal.matrix, np.array([bend, 0.05, 1e-3, -2e-3, 0.0]))
    ball = PerspectiveBall(pinhole, np.array([x, y, -1.0]) * distance)
    fit = fit_ball(ball.outline(AROUND), pinhole)
    np.testing.assert_allclose(fit.view.center, ball.center, rtol=0, atol=1e-6 * distance**2)


def test_the_middle_of_the_outline_is_not_where_the_center_is_seen():
    """They differ by 4 % of the radius for a ball of 0.1 radians, 20 degrees off the axis."""
    pinhole = Pinhole.of_field_of_view(1000, 1000, 60.0)
    ball = PerspectiveBall(pinhole, 10.0 * np.array([np.sin(0.35), 0.0, -np.cos(0.35)]))
    edge = ball.outline(AROUND)
    (x, _), axes, _ = cv2.fitEllipseAMS(edge.astype(np.float32))
    gap = x - ball.center_px[0]
    sine, tangent = 0.1, np.tan(0.35)
    expected = (
        pinhole.matrix[0, 0]
        * tangent
        * ((1 + tangent**2) * sine**2 / (1 - sine**2 * (1 + tangent**2)))
    )
    print(f"middle of the ellipse is {gap:.2f} px from the center seen, expected {expected:.2f}")
    assert gap == pytest.approx(expected, abs=0.02)
    assert max(axes) / min(axes) == pytest.approx(1.0 / np.cos(0.35), rel=0.02)


def test_a_circle_is_fitted_though_a_third_of_its_outline_is_something_else(rng):
    ball = OrthographicBall(np.array([200.3, 150.7]), 90.0)
    points = ball.outline(AROUND) + rng.normal(scale=0.1, size=(200, 2))
    points[:60] += rng.uniform(3.0, 30.0, (60, 2))
    fit = fit_ball(points, tries=200)
    np.testing.assert_allclose(fit.view.center_px, ball.center_px, rtol=0, atol=0.05)
    assert fit.view.radius_px == pytest.approx(90.0, abs=0.05)
    assert 0.65 < fit.coverage < 0.8


def disc(center, radius, shape=(240, 320)):
    y, x = np.indices(shape)
    return (x - center[0]) ** 2 + (y - center[1]) ** 2 <= radius**2


def test_a_mask_tells_the_circle_to_a_tenth_of_a_pixel():
    for radius in (20.3, 55.8, 101.5):
        fit = ball_in_mask(disc((150.2, 118.6), radius))
        np.testing.assert_allclose(fit.view.center_px, (150.2, 118.6), rtol=0, atol=0.1)
        assert fit.view.radius_px == pytest.approx(radius, abs=0.1)


def test_holes_and_crumbs_of_a_mask_do_not_matter():
    mask = disc((150.0, 120.0), 60.0)
    whole = ball_in_mask(mask).view
    mask[100:110, 140:150] = False
    mask[5:9, 5:9] = True
    holed = ball_in_mask(mask).view
    np.testing.assert_array_equal(holed.center_px, whole.center_px)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.zeros((100, 100), bool), "it is empty; needed is a mask that is bright inside"),
        (disc((30.0, 120.0), 60.0), r"cut by the border of the picture \(left\)"),
        (disc((160.0, 200.0), 60.0), r"\(bottom\); its whole outline is needed. Move the ball"),
        (disc((160.0, 120.0), 7.0), "radius of 6.9 px; at least 12 px are needed"),
        (np.pad(np.ones((100, 60), bool), 30), "strays from that of a ball"),
    ],
    ids=["empty", "left", "bottom", "small", "square"],
)
def test_a_mask_that_is_no_whole_ball_is_refused(mask, words):
    with pytest.raises(ValueError, match=words):
        ball_in_mask(mask)


def glints(shape, rng, center, radius, count=40):
    """Return highlights all over a ball, and some beside it."""
    picture = np.zeros(shape)
    angle, reach = rng.uniform(0, 2 * np.pi, count), radius * np.sqrt(rng.uniform(0, 1.3, count))
    for x, y in zip(
        center[0] + reach * np.cos(angle), center[1] + reach * np.sin(angle), strict=True
    ):
        if 0 <= int(y) < shape[0] and 0 <= int(x) < shape[1]:
            picture[int(y), int(x)] = 30.0
    return cv2.GaussianBlur(picture, (0, 0), 1.5)


@pytest.mark.slow
@pytest.mark.parametrize("blur", [0.6, 1.5])
def test_a_ball_full_of_highlights_is_found_to_a_twentieth_of_a_pixel(rng, blur):
    pinhole = camera(600, 10.0)
    view = ball_at((0.02, -0.01, -1.6), pinhole)
    ball = MirrorSphere(view, np.zeros(3), shape=(600, 600), blur_px=blur, noise=0.0005)
    picture = ball.under(None) + glints((600, 600), rng, view.center_px, view.radius_px)
    fit = ball_in_picture(picture.astype(np.float32), pinhole)
    print(f"radius {fit.view.radius_px - view.radius_px:+.3f} px of {view.radius_px:.1f}")
    assert fit.view.radius_px == pytest.approx(view.radius_px, abs=0.05)
    np.testing.assert_allclose(fit.view.center_px, view.center_px, rtol=0, atol=0.05)
    assert fit.coverage > 0.8


def test_without_a_ball_none_is_found(rng):
    noise = rng.normal(1.0, 0.1, (240, 320))
    noise[60:180, 80:240] += 1.0
    with pytest.raises(ValueError, match=r"no ball was found: .* Give a mask"):
        ball_in_picture(noise.astype(np.float32))


def test_a_ball_cut_by_the_border_is_found_and_refused():
    picture = cv2.GaussianBlur(disc((300.0, 120.0), 70.0).astype(np.float32), (0, 0), 0.8)
    with pytest.raises(ValueError, match=r"cut by the border of the picture \(right\)"):
        ball_in_picture(picture)


def photographs(folder):
    return [
        cv2.imread(str(folder / f"{folder.name}.{light}.png")).mean(axis=2).astype(np.float32)
        / 255.0
        for light in range(12)
    ]


@pytest.mark.parametrize("name", ["gray", "chrome"])
def test_real_balls_are_found_without_their_masks(shared_data, name):
    """Where masks drawn by others have them; 1.3 px of 119 is how sure the mirror's mask is."""
    folder = shared_data / "uw" / name
    mask = cv2.imread(str(folder / f"{name}.mask.png"), cv2.IMREAD_GRAYSCALE) > 127
    drawn = ball_in_mask(mask).view
    found = ball_in_picture(np.sum(photographs(folder), axis=0))
    gap = np.linalg.norm(found.view.center_px - drawn.center_px)
    print(
        f"{name}: center {gap:.2f} px and radius {found.view.radius_px - drawn.radius_px:+.2f} px "
        f"from the mask's, coverage {found.coverage:.2f}, rms {found.rms_px:.2f} px"
    )
    assert gap < 1.5
    assert found.view.radius_px == pytest.approx(drawn.radius_px, abs=0.8)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["buddha", "cat"])
def test_a_statue_is_no_ball(shared_data, name):
    with pytest.raises(ValueError, match="no ball was found"):
        ball_in_picture(np.sum(photographs(shared_data / "uw" / name), axis=0))
