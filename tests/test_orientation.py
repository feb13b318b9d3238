"""The labelled axes map lights spheres: every axis shows where docs/conventions.md says.

Three ways that share no code for shading: a chrome and a gray ball drawn from the map, the
simulated sweep of a sphere, and, where they are installed, Mitsuba and Blender.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.io.axes_map import AXES, COLORS, PATCH_RADIANCE, axes_map
from olat.io.environment_file import write_environment
from olat.io.exr import read_exr_picture
from olat.light.arrangements import fibonacci_sphere
from olat.light.environment_weights import weights_for_environment
from olat.light.latlong import directions_of_pixels, resized
from olat.light.latlong_resampling import between_conventions, rolled, sampled
from olat.model.environment import EnvironmentMap
from olat.model.rig import LightRig
from olat.relight.plate import background_of_map
from olat.relight.probe import chrome_ball, matte_ball
from olat.synthetic.render import radiance_under, see
from olat.synthetic.scene import PinholeCamera, Pose, ball

X, Y, Z = np.eye(3)
WAYS = np.array([X, -X, Y, -Y, Z, -Z])
HALF = np.sqrt(0.5)
ON_CHROME = {"+X": (HALF, 0), "-X": (-HALF, 0), "+Y": (0, HALF), "-Y": (0, -HALF), "+Z": (0, 0)}
"""Where a chrome ball of radius 1 mirrors each axis to the camera; -Z is its rim."""
SIZE = 96


@pytest.fixture(scope="module")
def axes() -> np.ndarray:
    """Draw the labelled map."""
    return axes_map(width=512)


def patch_of(color: np.ndarray) -> str:
    """Return the axis whose patch has the hue of a color."""
    hues = np.array(COLORS) / np.linalg.norm(COLORS, axis=1, keepdims=True)
    return AXES[int(np.argmax(hues @ color))]


def beside_the_label(way: np.ndarray) -> np.ndarray:
    """Return directions on a patch where there are no letters, 25 degrees above its middle."""
    up = Y if abs(way[1]) < 0.5 else Z * np.sign(way[1])
    angle = np.deg2rad(26.0)
    return (np.cos(angle) * way + np.sin(angle) * up)[None]


@pytest.mark.parametrize("number", range(6))
def test_each_patch_lies_around_its_axis(axes, number):
    found = sampled(axes, beside_the_label(WAYS[number]))[0]
    assert_allclose(found, PATCH_RADIANCE * np.array(COLORS[number]), rtol=0, atol=1e-5)


def test_light_from_image_right_lies_left_of_the_center_of_the_map(axes):
    assert patch_of(axes[90, 128]) == "+X"
    assert patch_of(axes[90, 384]) == "-X"
    assert patch_of(axes[90, 256]) == "+Z"
    assert patch_of(axes[90, 2]) == "-Z"


@pytest.mark.parametrize("name", sorted(ON_CHROME))
def test_a_chrome_ball_shows_each_axis_where_it_is_mirrored(axes, name):
    shown = chrome_ball(axes, size=SIZE)
    x, y = ON_CHROME[name]
    column, row = (1.0 + x) * SIZE / 2.0 - 0.5, (1.0 - y) * SIZE / 2.0 - 0.5
    # Labels are dark on bright patches, so the middle of what has the color is looked at.
    hues = shown / np.maximum(np.linalg.norm(shown, axis=-1, keepdims=True), 1e-9)
    color = np.array(COLORS[AXES.index(name)])
    alike = hues @ (color / np.linalg.norm(color)) > 0.99
    rows, columns = np.nonzero(alike & (shown.max(axis=-1) > 0.9))
    # The middle of a patch on the ball is not quite where its axis is: mirrors squeeze.
    assert_allclose([columns.mean(), rows.mean()], [column, row], rtol=0, atol=0.05 * SIZE)


def test_the_rim_of_a_chrome_ball_is_behind(axes):
    shown = chrome_ball(axes, size=SIZE)
    for row, column in (
        (SIZE // 2, 1),
        (SIZE // 2, SIZE - 2),
        (1, SIZE // 2),
        (SIZE - 2, SIZE // 2),
    ):
        assert patch_of(shown[row, column]) == "-Z"


@pytest.mark.parametrize("number", range(4))
def test_a_gray_ball_turns_to_the_color_of_the_axis_that_it_faces(axes, number):
    """Near the rim a ball faces +x, -x, +y or -y; what differs from the middle tells which."""
    shown = matte_ball(axes, size=SIZE)
    x, y = WAYS[number, :2] * 0.95
    row, column = round((1.0 - y) * SIZE / 2.0 - 0.5), round((1.0 + x) * SIZE / 2.0 - 0.5)
    opposite = shown[SIZE - 1 - row, SIZE - 1 - column]
    gain = shown[row, column] - opposite
    expected = np.array(COLORS[number]) - np.array(COLORS[number ^ 1])
    assert gain @ expected / np.linalg.norm(gain) / np.linalg.norm(expected) > 0.98


def test_four_quarter_turns_light_alike(axes):
    turned = axes
    for _ in range(4):
        turned, _ = rolled(turned, 90.0)
    assert_array_equal(turned, axes)
    lights = fibonacci_sphere(100)
    still = weights_for_environment(lights, EnvironmentMap(axes)).weights
    for degrees in (360.0, -360.0):
        whole = weights_for_environment(lights, EnvironmentMap(axes), rotation=degrees).weights
        assert_allclose(whole, still, rtol=0, atol=1e-9)


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_turning_the_weights_is_turning_the_map(axes, quarter):
    lights = fibonacci_sphere(100)
    asked = weights_for_environment(lights, EnvironmentMap(axes), rotation=90.0 * quarter)
    moved = weights_for_environment(lights, EnvironmentMap(rolled(axes, 90.0 * quarter)[0]))
    # Pixels on the border of two cells fall to either side.
    assert_allclose(asked.weights, moved.weights, rtol=0, atol=2e-3)


def olat_pictures(subject, rig: LightRig, camera: PinholeCamera) -> tuple[np.ndarray, object]:
    """Photograph a subject under one light at a time."""
    view = see(subject, camera, Pose())
    one = np.eye(len(rig))[:, :, None] * np.ones(3)
    return np.stack([radiance_under(view, rig, drive) for drive in one]), view


@pytest.fixture(scope="module")
def rig() -> LightRig:
    """Place distant lights all around."""
    return LightRig("sphere", fibonacci_sphere(200), np.ones((200, 3)))


def test_the_relit_sweep_of_a_gray_ball_is_the_ball_in_the_map(axes, rig):
    """The field route, whole: pictures under one light, weights, sum; against one convolution."""
    pictures, view = olat_pictures(ball(albedo=0.5), rig, PinholeCamera(64, field_of_view_deg=8.0))
    weights = weights_for_environment(rig.directions, EnvironmentMap(axes)).weights
    relit = np.einsum("lhwc,lc->hwc", pictures, weights)
    normals = view.picture(view.normals)[view.mask]
    toward = directions_of_pixels(64, 128).reshape(-1, 3)
    solid = np.repeat(-np.diff(np.cos(np.linspace(0, np.pi, 65))) * 2 * np.pi / 128, 128)
    energy = resized(axes, 64, 128).reshape(-1, 3) * solid[:, None]
    direct = 0.5 * (np.maximum(normals @ toward.T, 0.0) @ energy) / np.pi
    error = np.abs(relit[view.mask] - direct)
    print(f"gray ball, 200 lights: {error.max():.4f} at most of {direct.max():.3f}")
    assert error.max() < 0.02 * direct.max()


@pytest.mark.parametrize("number", range(5))
def test_the_relit_sweep_of_a_glossy_ball_mirrors_each_axis(axes, rig, number):
    glossy = ball(albedo=0.0, specular=1.0, exponent=40.0)
    pictures, view = olat_pictures(glossy, rig, PinholeCamera(64, field_of_view_deg=8.0))
    weights = weights_for_environment(rig.directions, EnvironmentMap(axes)).weights
    relit = np.einsum("lhwc,lc->hwc", pictures, weights)
    mirrored = view.picture(view.mirrored)
    row, column = np.unravel_index(np.argmax(mirrored @ WAYS[number]), view.mask.shape)
    assert patch_of(relit[row, column]) == AXES[number]
    expected = ON_CHROME[AXES[number]]
    seen = np.array([column - 31.5, 31.5 - row]) / (0.1 / 1.6 * 32 / np.tan(np.deg2rad(4.0)))
    assert_allclose(seen, expected, rtol=0, atol=0.06)


@pytest.mark.slow
@pytest.mark.parametrize("material", ["chrome", "gray"])
def test_mitsuba_agrees(axes, material):
    mitsuba = pytest.importorskip("mitsuba", reason="Mitsuba is not installed; it is an extra")
    mitsuba.set_variant("scalar_rgb")
    size, map_ = 24, axes_map(width=256)
    bsdf = (
        {"type": "conductor", "material": "none"}
        if material == "chrome"
        else {"type": "diffuse", "reflectance": {"type": "rgb", "value": [0.5, 0.5, 0.5]}}
    )
    to_world = mitsuba.ScalarTransform4f().look_at(origin=[0, 0, 5], target=[0, 0, 0], up=[0, 1, 0])
    scene = mitsuba.load_dict(
        {
            "type": "scene",
            "integrator": {"type": "path", "max_depth": 2, "hide_emitters": True},
            "sensor": {
                "type": "orthographic",
                "to_world": to_world,
                "film": {
                    "type": "hdrfilm",
                    "width": size,
                    "height": size,
                    "pixel_format": "rgb",
                    "rfilter": {"type": "box"},
                },
                "sampler": {"type": "independent", "sample_count": 1024},
            },
            "ball": {"type": "sphere", "bsdf": bsdf},
            "light": {"type": "envmap", "bitmap": mitsuba.Bitmap(map_)},
        }
    )
    theirs = np.array(mitsuba.render(scene))
    ours = chrome_ball(map_, size=size) if material == "chrome" else matte_ball(map_, size=size) / 2
    right = (np.arange(size) + 0.5) / size * 2.0 - 1.0
    inside = np.hypot(*np.meshgrid(right, right)) < 0.8
    error = np.abs(theirs - ours)[inside]
    mirrored = np.abs(theirs - ours[:, ::-1])[inside]
    print(f"Mitsuba, {material}: {error.mean():.4f} on average, {mirrored.mean():.4f} if mirrored")
    assert error.mean() < 0.02 * PATCH_RADIANCE
    assert error.mean() < 0.2 * mirrored.mean()


@pytest.mark.slow
def test_blender_agrees(tmp_path):
    """In a process of its own: Blender takes what it is in for its own."""
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("Blender's module bpy is not installed; it is an extra")
    map_ = axes_map(width=512, convention="blender")
    write_environment(tmp_path / "axes.exr", EnvironmentMap(map_))
    script = Path(__file__).parent / "support" / "blender_balls.py"
    words = [sys.executable, script, tmp_path / "axes.exr", tmp_path, "120"]
    subprocess.run([str(word) for word in words], check=True, capture_output=True)
    own, _ = between_conventions(map_, "blender", "openexr")
    behind = background_of_map(own, height=120, width=120, field_of_view_deg=90.0)
    for name, ours in (("chrome", chrome_ball(own, size=120)), ("behind", behind)):
        theirs = read_exr_picture(tmp_path / f"{name}.exr")
        right = (np.arange(120) + 0.5) / 60.0 - 1.0
        inside = np.hypot(*np.meshgrid(right, right)) < 0.8
        error, mirrored = (np.abs(theirs - one)[inside].mean() for one in (ours, ours[:, ::-1]))
        print(f"Blender, {name}: {error:.4f} on average, {mirrored:.4f} if mirrored")
        assert error < 0.2 * mirrored
