"""Lights that a folder of pictures shows: made ones, and those of a real stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial import KDTree

from olat.errors import FileError
from olat.io.display import write_png
from olat.io.frame_expression import format_frames
from olat.io.light_file import holds_of, read_lights, rig_from_lights
from olat.io.light_footprints import read_footprints, read_lit
from olat.light.arrangements import above, fibonacci_sphere
from olat.light.footprints import share_of_nearest
from olat.light.geodesic import geodesic_sphere
from olat.light.latlong import directions_of_pixels
from olat.light.spacing import spacings, widest_gap

HEIGHT = 64
FULL_ON = (0, 5, 10)


def picture(folder: Path, name: str, lit: np.ndarray, level: int = 255) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_png(folder / name, np.where(lit, level, 0).astype(np.uint8)[..., None].repeat(3, axis=2))


def cap(direction: np.ndarray, radius: float, height: int = HEIGHT) -> np.ndarray:
    return directions_of_pixels(height, 2 * height) @ direction > np.cos(radius)


def sweep(folder: Path, lights: np.ndarray, *, radius: float | None) -> Path:
    """Write a sweep with full-on frames; patches are caps, or the cells of the nearest light."""
    nearest = KDTree(lights).query(directions_of_pixels(HEIGHT, 2 * HEIGHT).reshape(-1, 3))[1]
    cells = nearest.reshape(HEIGHT, 2 * HEIGHT)
    frames = [frame for frame in range(len(lights) + len(FULL_ON)) if frame not in FULL_ON]
    for frame in FULL_ON:
        picture(folder, f"map.{frame:03d}.png", np.zeros(cells.shape, bool))
    for light, frame in enumerate(frames):
        lit = cells == light if radius is None else cap(lights[light], radius)
        picture(folder, f"map.{frame:03d}.png", lit)
    return folder


@pytest.mark.parametrize("radius", [None, 0.15])
def test_a_folder_of_patches_gives_the_lights_and_the_frames(
    tmp_path: Path, radius: float | None
) -> None:
    lights = fibonacci_sphere(24)
    file = read_lights(sweep(tmp_path, lights, radius=radius))
    found = rig_from_lights(file).directions
    off = np.degrees(2 * np.arcsin(np.linalg.norm(found - lights, axis=1) / 2))
    assert off.max() < 1.5  # half of a pixel of 2.8 degrees
    assert holds_of(file) == "directions"
    assert file.patterns is not None
    assert file.patterns.tracking == FULL_ON
    assert file.patterns.olat[1] == 0
    assert file.patterns.olat[6] == 4
    assert file.names[:2] == ("map.001.png", "map.002.png")
    words = "share the sphere without a gap" if radius is None else "the center of its patch"
    assert words in file.notes[0]


def test_a_frame_lit_all_over_has_all_lights_on(tmp_path: Path) -> None:
    picture(tmp_path, "0.png", np.ones((HEIGHT, 2 * HEIGHT), bool))
    picture(tmp_path, "1.png", cap(np.array([0.0, 0, 1]), 0.2))
    patterns = read_footprints(tmp_path).patterns
    assert patterns is not None
    assert (patterns.tracking, patterns.olat) == ((0,), {1: 0})


def test_the_middle_of_a_picture_is_what_its_program_says(tmp_path: Path) -> None:
    picture(tmp_path, "0.png", cap(np.array([0.0, 0, 1]), 0.2))
    found = {
        convention: read_footprints(tmp_path, convention=convention).vectors[0]
        for convention in ("openexr", "three", "skylibs")
    }
    assert_allclose(found["openexr"], [0, 0, 1], rtol=0, atol=1e-12)
    assert_allclose(found["three"], [1, 0, 0], rtol=0, atol=1e-12)
    assert_allclose(found["skylibs"], [0, 0, -1], rtol=0, atol=1e-12)


def test_frames_count_by_their_numbers_not_by_their_places(tmp_path: Path) -> None:
    for frame in (9, 10, 2):
        picture(tmp_path, f"f{frame}.png", cap(fibonacci_sphere(12)[frame], 0.2))
    patterns = read_footprints(tmp_path).patterns
    assert patterns is not None
    assert patterns.olat == {2: 0, 9: 1, 10: 2}


@pytest.mark.parametrize(
    ("name", "lit", "level", "words"),
    [
        ("1.png", np.ones((40, 60), bool), 255, r"1\.png: it is 60 x 40; the others are 128 x 64"),
        ("x.png", cap(np.eye(3)[0], 0.2), 255, r"x\.png: there is no number in its name"),
        ("00.png", cap(np.eye(3)[0], 0.2), 255, r"frame 0 is 0\.png already; one picture a frame"),
        ("1.png", cap(np.eye(3)[0], 0.2), 90, r"1\.png: its brightest pixel is 0\.35 of full"),
        (
            "1.png",
            cap(np.eye(3)[0], 0.2) | cap(-np.eye(3)[0], 0.2),
            255,
            r"1\.png: what is lit is spread over the sphere \(.* 0\.00, 1 is a point\)",
        ),
    ],
)
def test_a_folder_that_is_no_set_of_patches_is_refused(
    tmp_path: Path, name: str, lit: np.ndarray, level: int, words: str
) -> None:
    picture(tmp_path, "0.png", cap(np.array([0.0, 0, 1]), 0.2))
    picture(tmp_path, name, lit, level)
    with pytest.raises(FileError, match=words):
        read_footprints(tmp_path)


def test_photographs_are_no_maps(tmp_path: Path) -> None:
    picture(tmp_path, "0.png", np.ones((40, 60), bool))
    with pytest.raises(
        FileError, match=r"0\.png is 60 x 40; latitude-longitude maps, .* olat init"
    ):
        read_footprints(tmp_path)


def test_an_empty_folder_suggests_the_light_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "coin.lp").touch()
    with pytest.raises(FileError, match=r"holds no pictures; .* Did you mean .*coin\.lp\?"):
        read_lights(tmp_path)


def test_only_black_pictures_are_no_lights(tmp_path: Path) -> None:
    picture(tmp_path, "0.png", np.zeros((HEIGHT, 2 * HEIGHT), bool))
    with pytest.raises(FileError, match="1 pictures, none with a light"):
        read_footprints(tmp_path)


def test_patches_that_overlap_are_told_and_keep_their_centers(tmp_path: Path) -> None:
    lights = fibonacci_sphere(12)
    file = read_lights(sweep(tmp_path, lights, radius=0.9))
    off = np.degrees(2 * np.arcsin(np.linalg.norm(file.vectors - lights, axis=1) / 2))
    assert off.max() < 0.5
    assert "more than once" in file.notes[0]


def cells_on_disk(folder: Path, names: tuple[str, ...]) -> np.ndarray:
    """Return which light's picture each pixel is lit in."""
    cells = np.full((256, 512), -1)
    for light, name in enumerate(names):
        lit = read_lit(folder / name)
        assert (cells[lit] == -1).all()
        cells[lit] = light
    return cells


@pytest.mark.slow
def test_the_lights_and_the_rhythm_of_a_real_stage(shared_data: Path) -> None:
    folder = shared_data / "stage" / "OLAT_EnvMaps"
    file = read_lights(folder)
    directions = rig_from_lights(file).directions
    assert file.patterns is not None

    apart = np.degrees(spacings(directions))
    cells = cells_on_disk(folder, file.names)
    pixels = directions_of_pixels(256, 512).reshape(-1, 3)
    nearest = KDTree(directions).query(pixels)[1].reshape(256, 512)
    shares = share_of_nearest(cells, directions)
    gap, radius = widest_gap(directions)
    frame = above(geodesic_sphere(6), np.radians(-53))
    off = np.degrees(2 * np.arcsin(KDTree(frame).query(directions)[0] / 2))
    print(
        f"\nreal stage: {len(directions)} lights, {np.median(apart):.2f} degrees apart "
        f"({apart.min():.2f} to {apart.max():.2f}), widest gap {np.degrees(radius):.1f} degrees "
        f"around y = {gap[1]:.3f}\n"
        f"all lights on in frames {format_frames(file.patterns.tracking)}\n"
        f"the nearest light of {(nearest == cells).mean():.2%} of the pixels is the one whose "
        f"picture shows them; at least {shares.min():.1%} of each light's solid angle\n"
        f"{len(frame)} corners of a geodesic sphere of frequency 6 are above -53 degrees; the "
        f"lights hang {off.mean():.2f} degrees from them on average, {off.max():.2f} at most"
    )
    assert len(directions) == 331
    assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=0, atol=1e-12)
    assert file.patterns.tracking == (0, 20, *range(41, 336, 21), 348, 349)
    assert [*file.patterns.olat.values()] == list(range(331))
    # Evenly all around, but for the floor.
    assert 10.0 < apart.min() < np.median(apart) < 10.8 < apart.max() < 11.8
    assert gap[1] < -0.99
    # 662 angles, found from the borders alone, explain 131072 pixels.
    assert (nearest == cells).mean() > 0.995
    assert shares.min() > 0.98
    # Truth from outside the pictures: such stages are built on geodesic spheres.
    assert len(frame) == 331
    assert len(set(KDTree(frame).query(directions)[1])) == 331
    assert off.max() < 1.1
