"""Sequences: maps that turn, lights that move, and runs that were stopped."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.api.field import Field
from olat.api.sequence import Shot, Wanted, moving, relit_shots, turning, write_sequence
from olat.errors import UsageError
from olat.io.exr import read_exr
from olat.io.field_file import create_field, write_plane
from olat.io.sequence_place import frame_place
from olat.model.environment import EnvironmentMap
from olat.model.field import LightPlane
from olat.model.lighting import DistantLight, EnvironmentLight, Key, Lighting, PointLight
from tests.support.exports import sphere_field
from tests.support.movies import read_movie

SKY = np.zeros((16, 32, 3), np.float32)
SKY[7:9, 12:16] = (4.0, 2.0, 1.0)
SKY += 0.1
LIGHTING = Lighting((EnvironmentLight(EnvironmentMap(SKY)),), name="sky")


def made(folder: Path, size: int = 24) -> Field:
    source = sphere_field(size, 40, hemisphere=False)
    path = folder / "field.zarr"
    create_field(path, source.header)
    for light, plane in enumerate(source.planes):
        write_plane(path, LightPlane(light, plane, np.zeros((size, size), np.uint8)))
    places = np.zeros((size, size, 3), np.float32)
    return Field(path, lambda: places)


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return made(tmp_path)


def shots_of(step: float = 30.0) -> list[Shot]:
    return turning(LIGHTING, np.arange(0.0, 360.0, step).tolist(), first=1)


def test_every_frame_is_the_picture_of_its_angle(field: Field) -> None:
    for shot, picture in relit_shots(field, shots_of(90.0)):
        angle = 90.0 * (shot.number - 1)
        single = field.relight(environment=SKY, rotate_deg=angle)
        assert_allclose(picture, single, rtol=0, atol=1e-5)


def test_a_turn_ends_where_it_began(field: Field) -> None:
    around = turning(LIGHTING, [0.0, 355.0, 360.0], first=1)
    first, before, last = (picture for _, picture in relit_shots(field, around))
    assert_allclose(last, first, rtol=0, atol=1e-6)
    assert np.abs(before - first).max() > 1e-3


def test_lights_move_by_keys_and_lamps_are_lit_from_their_places(field: Field) -> None:
    keys = [
        Key(5, Lighting((PointLight((1.0, 0.0, 0.5)),))),
        Key(9, Lighting((PointLight((-1.0, 0.0, 0.5)),))),
    ]
    shots = moving(keys, first=1)
    assert [shot.number for shot in shots] == [1, 2, 3, 4, 5]
    balance = []
    for _, picture in relit_shots(field, shots):
        balance.append(picture[:, 12:].sum() - picture[:, :12].sum())
    assert np.all(np.diff(balance) < 0)
    assert balance[2] == pytest.approx(0.0, abs=0.05 * float(balance[0]))


def test_pictures_have_one_exposure_and_say_what_they_are(field: Field, tmp_path: Path) -> None:
    wanted = Wanted((tmp_path / "s" / "t.###.png", tmp_path / "s" / "t.exr"))
    told: list[tuple[int, int]] = []
    written = write_sequence(
        field, shots_of(), wanted, lambda done, all_: told.append((done, all_))
    )
    assert told[-1] == (12, 12)
    names = sorted(path.name for path in (tmp_path / "s").iterdir())
    assert names[:2] == ["t.0001.exr", "t.0002.exr"]
    assert "t.012.png" in names
    channels, header = read_exr(tmp_path / "s" / "t.0004.exr")
    assert header["olat/lighting"] == "sky, turned by 90 degrees"
    assert header["olat/frameNumber"] == 4
    linear = np.stack([channels[color] for color in "RGB"], axis=-1) * written.exposure
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    png = iio.imread(tmp_path / "s" / "t.004.png") / 255.0
    assert_allclose(png, np.clip(coded, 0, 1), rtol=0, atol=0.003)


def test_a_second_run_keeps_what_stands_and_makes_what_does_not(
    field: Field, tmp_path: Path
) -> None:
    wanted = Wanted((tmp_path / "t.exr",), exposure_stops=0.0)
    shots = shots_of()
    assert len(write_sequence(field, shots, wanted).made) == 12
    (tmp_path / "t.0003.exr").unlink()
    again = write_sequence(field, shots, wanted)
    assert [path.name for path in again.made] == ["t.0003.exr"]
    assert len(again.kept) == 11
    darker = Lighting((EnvironmentLight(EnvironmentMap(SKY / 2)),), name="sky")
    other = turning(darker, [30.0 * n for n in range(12)], first=1)
    assert len(write_sequence(field, other, wanted).made) == 12


def test_pictures_of_others_are_not_replaced(field: Field, tmp_path: Path) -> None:
    iio.imwrite(tmp_path / "t.0002.png", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(UsageError, match="that no sequence has made"):
        write_sequence(field, shots_of(), Wanted((tmp_path / "t.png",)))
    assert [path.name for path in tmp_path.glob("*.png")] == ["t.0002.png"]


@pytest.mark.parametrize("name", ["t.mp4", "t.webp"])
def test_movies_show_the_same_pictures(tmp_path: Path, name: str) -> None:
    field = made(tmp_path, size=96)
    wanted = Wanted((tmp_path / "t.png", tmp_path / name), fps=20.0)
    write_sequence(field, shots_of(), wanted)
    frames, fps = read_movie(tmp_path / name)
    assert fps == pytest.approx(20.0)
    pictures = [iio.imread(tmp_path / f"t.{number:04d}.png") for number in range(1, 13)]
    assert len(frames) == 12
    error = frames.astype(float) - np.stack(pictures)
    psnr_db = 10 * np.log10(255**2 / np.mean(error**2))
    print(f"{name}: {psnr_db:.1f} dB")
    assert psnr_db > 36.0
    assert np.abs(error.mean(axis=(0, 1, 2))).max() < 3.0  # no cast


def test_odd_sides_get_a_black_edge_in_mp4(tmp_path: Path) -> None:
    field = made(tmp_path, size=25)
    write_sequence(field, shots_of(90.0), Wanted((tmp_path / "t.mp4",)))
    frames, _ = read_movie(tmp_path / "t.mp4")
    assert frames.shape[1:3] == (26, 26)


@pytest.mark.parametrize(
    ("pattern", "number", "name"),
    [
        ("out.exr", 7, "out.0007.exr"),
        ("out.####.exr", 7, "out.0007.exr"),
        ("out_##.png", 1001, "out_1001.png"),
        ("out.%05d.exr", 7, "out.00007.exr"),
        ("out%d.png", 7, "out7.png"),
    ],
)
def test_names_say_where_the_number_goes(pattern: str, number: int, name: str) -> None:
    assert frame_place(Path("a") / pattern, number) == Path("a") / name


def test_two_places_for_a_number_are_refused() -> None:
    with pytest.raises(UsageError, match="there are 2 places"):
        frame_place(Path("a##b##.png"), 1)


def test_only_maps_turn(field: Field) -> None:
    with pytest.raises(UsageError, match="turns a map"):
        turning(Lighting((DistantLight((0.0, 0.0, 1.0)),)), [0.0], first=1)
    with pytest.raises(UsageError, match="no frames"):
        list(relit_shots(field, []))


SCRIPT = """
import sys
from pathlib import Path
from olat.api.sequence import Wanted, turning, write_sequence
from tests.api.test_sequence import LIGHTING
from olat.api.field import Field
folder = Path(sys.argv[1])
shots = turning(LIGHTING, [float(n) for n in range(360)], first=1)
write_sequence(Field(folder / "field.zarr"), shots, Wanted((folder / "t.exr",), exposure_stops=0.0))
"""


@pytest.mark.slow
def test_a_killed_run_leaves_whole_pictures_and_the_next_carries_on(tmp_path: Path) -> None:
    field = made(tmp_path, size=64)
    running = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)])
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("t.*.exr"))) < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    running.kill()
    running.wait()
    left = sorted(tmp_path.glob("t.*.exr"))
    assert 20 <= len(left) < 360
    for path in left:
        assert set(read_exr(path)[0]) == {"R", "G", "B"}
    shots = turning(LIGHTING, [float(n) for n in range(360)], first=1)
    again = write_sequence(field, shots, Wanted((tmp_path / "t.exr",), exposure_stops=0.0))
    assert len(again.kept) == len(left)
    assert len(again.made) == 360 - len(left)
