"""Maps of other shapes and programs, and what a rig makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.api.envmap import Conversion, axes_environment, converted_map, write_map
from olat.api.envmap_weights import shared_out, write_shared
from olat.errors import FileError, UsageError
from olat.io.environment_file import read_environment, write_environment
from olat.io.exr import write_exr
from olat.light.arrangements import fibonacci_sphere
from olat.light.latlong import directions_of_pixels
from olat.light.latlong_cells import energy_of_map
from olat.model.environment import EnvironmentMap
from olat.model.rig import LightRig
from tests.support import sphere_pictures

RIG = LightRig("sphere", fibonacci_sphere(40), np.ones((40, 3)))


@pytest.fixture
def source(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Write a map of noise."""
    radiance = (rng.random((16, 32, 3)) * 4.0).astype(np.float32)
    write_environment(tmp_path / "map.exr", EnvironmentMap(radiance))
    return tmp_path / "map.exr"


@pytest.mark.parametrize("name", ["blender", "three", "skylibs", "usd", "mitsuba"])
def test_there_and_back_gives_the_same_pixels(source: Path, tmp_path: Path, name: str) -> None:
    there = converted_map(source, Conversion(target=name))
    write_map(tmp_path / "b.exr", there.environment, half=False, words="")
    back = converted_map(tmp_path / "b.exr", Conversion(source=name))
    assert there.is_exact
    assert back.is_exact
    assert_array_equal(back.environment.radiance, read_environment(source).radiance)


def test_blender_needs_words(source: Path) -> None:
    notes = converted_map(source, Conversion(target="blender")).notes
    assert any("Blender's up is its +Z" in words for words in notes)


def test_an_odd_width_is_resampled_and_it_is_said(tmp_path: Path) -> None:
    map_ = EnvironmentMap(np.ones((15, 30, 3), np.float32))
    write_environment(tmp_path / "a.exr", map_)
    done = converted_map(tmp_path / "a.exr", Conversion(target="three"))
    assert not done.is_exact
    assert any("resampled" in words for words in done.notes)


def test_resizing_keeps_the_energy(source: Path) -> None:
    before = energy_of_map(read_environment(source).radiance)
    for width in (10, 64):
        done = converted_map(source, Conversion(width=width))
        assert done.environment.radiance.shape == (width // 2, width, 3)
        assert_allclose(energy_of_map(done.environment.radiance), before, rtol=1e-5)


def test_turns_follow_each_other_and_exposure_multiplies(source: Path) -> None:
    still = read_environment(source).radiance
    turns = (("y", 90.0), ("y", 180.0), ("y", 90.0), ("x", 0.0))
    done = converted_map(source, Conversion(turns=turns, exposure_stops=2.0))
    assert done.is_exact
    assert_array_equal(done.environment.radiance, 4.0 * still)


def test_turning_about_another_axis_keeps_energy_and_moves_light(source: Path) -> None:
    done = converted_map(source, Conversion(turns=[("x", 90.0)]))
    before = energy_of_map(read_environment(source).radiance)
    assert not done.is_exact
    assert_allclose(energy_of_map(done.environment.radiance), before, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("mirror_ball", sphere_pictures.mirror_ball(128)),
        ("angular", sphere_pictures.angular(128)),
        ("cube", sphere_pictures.cube(32)),
        ("cross", sphere_pictures.cross(32, is_upright=True)),
    ],
)
def test_other_shapes_are_unfolded(tmp_path: Path, name: str, picture: np.ndarray) -> None:
    planes = {channel: picture[..., k].copy() for k, channel in enumerate("RGB")}
    write_exr(tmp_path / "a.exr", planes, attributes={})
    done = converted_map(tmp_path / "a.exr", Conversion(projection=name, width=64))
    expected = sphere_pictures.colored(directions_of_pixels(32, 64))
    # Where all of them see well: the upper half towards image right.
    assert_allclose(done.environment.radiance[8:16, 8:24], expected[8:16, 8:24], rtol=0, atol=0.03)
    assert any(f"unfolded from {name}" in words for words in done.notes)


def test_a_mirrored_map_is_flipped_when_told(tmp_path: Path) -> None:
    """Color that tells directions, drawn mirrored; every map is flipped about its middle."""
    right = sphere_pictures.colored(directions_of_pixels(16, 32))
    write_environment(tmp_path / "a.exr", EnvironmentMap(right[:, ::-1].copy()))
    done = converted_map(tmp_path / "a.exr", Conversion(is_mirrored=True))
    assert_array_equal(done.environment.radiance, right)
    theirs = np.roll(right, 8, axis=1)
    write_environment(tmp_path / "b.exr", EnvironmentMap(theirs[:, ::-1].copy()))
    done = converted_map(tmp_path / "b.exr", Conversion(source="three", is_mirrored=True))
    assert_array_equal(done.environment.radiance, right)
    write_exr(tmp_path / "c.exr", {"Y": np.ones((96, 16), np.float32)}, attributes={})
    with pytest.raises(UsageError, match="a cube cannot be flipped as a whole"):
        converted_map(tmp_path / "c.exr", Conversion(projection="cube", is_mirrored=True))


def test_a_cube_is_known_by_its_header(tmp_path: Path) -> None:
    picture = sphere_pictures.cube(16)
    planes = {channel: picture[..., k].copy() for k, channel in enumerate("RGB")}
    write_exr(tmp_path / "a.exr", planes, attributes={"envmap": OpenEXR.ENVMAP_CUBE})
    done = converted_map(tmp_path / "a.exr", Conversion())
    assert done.environment.radiance.shape == (32, 64, 3)
    expected = sphere_pictures.colored(directions_of_pixels(32, 64))
    assert_allclose(done.environment.radiance, expected, rtol=0, atol=0.05)
    with pytest.raises(FileError, match="cube of six faces"):
        read_environment(tmp_path / "a.exr")


def test_a_ball_that_is_brought_to_fewer_pixels_keeps_its_lamp(tmp_path: Path) -> None:
    """The lamp of one pixel gives as much light whatever the width."""
    ball = np.zeros((256, 256), np.float32)
    ball[100, 90] = 1e4
    write_exr(tmp_path / "a.exr", {"Y": ball}, attributes={})
    energies = [
        energy_of_map(
            converted_map(
                tmp_path / "a.exr", Conversion(projection="mirror_ball", width=width)
            ).environment.radiance
        )[0]
        for width in (None, 32, 8)
    ]
    assert_allclose(energies, energies[0], rtol=1e-5)
    # r = sin(angle / 2) keeps areas: everywhere a pixel stands for 4 times its part of the disk.
    assert energies[0] == pytest.approx(1e4 * 4.0 * (2.0 / 256) ** 2, rel=0.03)


def test_a_red_pixel_right_of_the_center_is_a_light_from_image_left(tmp_path: Path) -> None:
    """No silent mirror, from file to weights: the chrome ball shows it at its left."""
    from olat.relight.probe import chrome_ball

    radiance = np.zeros((64, 128, 3), np.float32)
    radiance[31:33, 70:73, 0] = 1.0
    write_environment(tmp_path / "red.exr", EnvironmentMap(radiance))
    shared = shared_out(tmp_path / "red.exr", RIG)
    toward = shared.weights[:, 0] @ RIG.directions
    assert toward[0] < 0.0
    ball = chrome_ball(
        converted_map(tmp_path / "red.exr", Conversion()).environment.radiance, size=64
    )
    assert np.nonzero(ball[..., 0])[1].mean() < 31.5


def test_a_display_picture_is_taken_only_when_asked(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((16, 32, 3), 255, np.uint8))
    with pytest.raises(FileError, match="--assume srgb"):
        converted_map(tmp_path / "a.png", Conversion())
    done = converted_map(tmp_path / "a.png", Conversion(assume="srgb"))
    assert_allclose(done.environment.radiance, 1.0, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        (Conversion(target="renderman"), UsageError, "renderman: known are blender, mitsuba"),
        (Conversion(width=33), UsageError, "--width 33: an even number of pixels from 4 on"),
        (Conversion(projection="cube"), FileError, "as cube it must be six times as high .* latl"),
    ],
)
def test_what_there_is_not_is_refused(
    source: Path, how: Conversion, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        converted_map(source, how)


def test_a_ball_has_no_convention(tmp_path: Path) -> None:
    write_exr(tmp_path / "a.exr", {"Y": np.ones((32, 32), np.float32)}, attributes={})
    with pytest.raises(UsageError, match=r"--from three is about latitude-longitude maps"):
        converted_map(tmp_path / "a.exr", Conversion(source="three", projection="angular"))


def test_the_axes_need_a_width_of_four_parts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a multiple of 4"):
        axes_environment(width=130, convention="openexr")
    notes = write_map(
        tmp_path / "a.png", axes_environment(width=64, convention="usd"), half=False, words=""
    )
    assert "for eyes" in notes[0]


def test_weights_are_those_of_the_map_in_every_form(source: Path, tmp_path: Path) -> None:
    shared = shared_out(source, RIG, kernel="voronoi", rotate_deg=90.0)
    for name in ("w.csv", "w.json", "w.png", "w.exr"):
        write_shared(tmp_path / name, shared)
        assert (tmp_path / name).stat().st_size > 0
    lit = read_environment(tmp_path / "w.exr")
    assert_allclose(energy_of_map(lit.radiance), np.pi * shared.weights.sum(axis=0), rtol=1e-5)
    assert shared.told()["kernel"] == "voronoi"
    with pytest.raises(UsageError, match=r"needed is a name that ends in \.csv"):
        write_shared(tmp_path / "w.txt", shared)


def test_weights_need_lights_whose_place_is_known(source: Path) -> None:
    with pytest.raises(UsageError, match="it is not known where its lights are"):
        shared_out(source, LightRig.unlocated("lost", 4))
    with pytest.raises(UsageError, match="--kernel cubic: there are auto, voronoi"):
        shared_out(source, RIG, kernel="cubic")


def test_a_summary_is_whole(source: Path) -> None:
    done = converted_map(source, Conversion())
    told = replace(done, notes=("a",)).summary()
    assert (told["width"], told["height"], told["exact"]) == (32, 16, True)
    assert told["notes"] == ["a"]
    assert_allclose(told["mean"], energy_of_map(done.environment.radiance) / (4 * np.pi), rtol=1e-6)
