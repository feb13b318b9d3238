from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import FileError, UsageError
from olat.inspection.capture import inspect_capture
from olat.inspection.light_search import find_lights, sphere_through
from olat.inspection.session_text import write_session
from olat.io.light_footprints import shows_footprints
from olat.io.manifest import read_session
from olat.light.latlong import directions_of_pixels
from tests.support.lambert_sphere import sphere_pictures, spread_directions, write_pictures


def saved(path: Path, vectors: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, vectors)
    return path


def photographs(count: int) -> list[Path]:
    return [Path(f"{number}.JPG") for number in range(count)]


def test_a_sphere_is_found_through_its_points(rng: np.random.Generator) -> None:
    points = np.array([608.0, 1547.0, 534.0]) + 1711.0 * spread_directions(12)
    center, radius, spread = sphere_through(points)
    assert_allclose(center, [608.0, 1547.0, 534.0], rtol=0, atol=1e-6)
    assert_allclose([radius, spread], [1711.0, 0.0], rtol=0, atol=1e-6)


def test_lights_around_a_far_center_in_millimeters_are_understood(tmp_path: Path) -> None:
    positions = np.array([608.0, 1547.0, 534.0]) + 1711.0 * spread_directions(12)
    path = tmp_path / "lights" / "light_pattern_metadata.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"light_positions": positions.tolist()}))
    found = find_lights(tmp_path, given=None, photographs=photographs(13))
    assert (found.holds, found.units, found.center) == ("positions", "mm", (608.0, 1547.0, 534.0))
    assert [finding.what for finding in found.findings] == ["lights", "units", "center"]


def test_lights_around_the_origin_need_no_center(tmp_path: Path) -> None:
    saved(tmp_path / "lights.txt", 1.6 * spread_directions(30))
    found = find_lights(tmp_path, given=None, photographs=photographs(30))
    assert (found.holds, found.units, found.center) == ("positions", "m", (0.0, 0.0, 0.0))


def test_the_capture_itself_comes_before_what_lies_beside_it(tmp_path: Path) -> None:
    capture = tmp_path / "cat"
    saved(tmp_path / "lights.txt", spread_directions(5))
    saved(capture / "notes.txt", spread_directions(5))
    beside = find_lights(capture, given=None, photographs=photographs(5))
    assert beside.file.path == tmp_path / "lights.txt"
    assert (beside.findings[0].confidence, beside.findings[0].reason) == (
        "likely",
        "beside the capture",
    )
    saved(capture / "my_lights.csv", spread_directions(5))
    inside = find_lights(capture, given=None, photographs=photographs(5))
    assert inside.file.path.name == "my_lights.csv"
    assert inside.findings[0].confidence == "certain"


def test_of_several_files_the_one_with_as_many_lights_is_taken(tmp_path: Path) -> None:
    saved(tmp_path / "lights_a.txt", spread_directions(5))
    saved(tmp_path / "lights_b.txt", spread_directions(6))
    found = find_lights(tmp_path, given=None, photographs=photographs(6))
    assert found.file.path.name == "lights_b.txt"
    assert found.findings[0].confidence == "likely"
    assert "lights_a.txt would do too" in found.findings[0].reason


def test_a_capture_without_lights_is_told_which_files_would_do(tmp_path: Path) -> None:
    capture = tmp_path / "capture"
    capture.mkdir()
    words = (
        r"capture: 6 photographs \(.jpg\), but no light file; the direction to every light is "
        r"needed. Give one with --lights FILE: RTI light positions \(.lp\); DiLiGenT"
    )
    with pytest.raises(UsageError, match=words):
        find_lights(capture, given=None, photographs=photographs(6))


def test_a_light_file_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "dome.lp").write_text("a.jpg 1 0\n")
    with pytest.raises(FileError, match=r"dome.lp:1: 'a.jpg 1 0' is no light"):
        find_lights(tmp_path, given=None, photographs=photographs(6))


def test_another_light_file_heals_a_broken_one_but_not_silently(tmp_path: Path) -> None:
    (tmp_path / "dome.lp").write_text("a.jpg 1 0\n")
    saved(tmp_path / "lights.txt", spread_directions(6))
    found = find_lights(tmp_path, given=None, photographs=photographs(6))
    assert found.file.path.name == "lights.txt"
    assert "dome.lp:1" in found.warnings[0]


def test_lights_of_a_point_file_are_found_and_named(tmp_path: Path) -> None:
    rows = "".join(f"v {x} {y} {z}\n" for x, y, z in 1.6 * spread_directions(9))
    (tmp_path / "LSX_light_positions_aligned.pc").write_text(rows, encoding="utf-8")
    (tmp_path / "zlib.pc").write_text("Name: zlib\n", encoding="utf-8")
    found = find_lights(tmp_path, given=None, photographs=photographs(9))
    assert found.findings[0].value.startswith("9 positions from LSX_light_positions_aligned.pc")
    assert found.warnings == ()


def footprints(folder: Path, count: int, *, full_on: int) -> Path:
    """Picture a lit cap a light, and a black picture before every `full_on` of them."""
    folder.mkdir(parents=True)
    frame = 0
    for light, direction in enumerate(spread_directions(count)):
        if light % full_on == 0:
            cv2.imwrite(str(folder / f"{frame:03d}.png"), np.zeros((64, 128), np.uint8))
            frame += 1
        lit = directions_of_pixels(64, 128) @ direction > 0.985
        cv2.imwrite(str(folder / f"{frame:03d}.png"), np.where(lit, 255, 0).astype(np.uint8))
        frame += 1
    return folder


def test_a_folder_of_footprints_is_found_named_and_no_camera(tmp_path: Path) -> None:
    lit = sphere_pictures(spread_directions(12))
    shots = np.insert(lit, (0, 4, 8), lit.mean(axis=0), axis=0)  # all on before every 4 lights
    write_pictures((tmp_path / "cam01" / f"{n:03d}.png" for n in range(15)), shots)
    footprints(tmp_path / "light_maps", 12, full_on=4)
    found = inspect_capture(tmp_path, encoding="linear")
    assert [camera.pictures.folder.name for camera in found.cameras] == ["cam01"]
    lights = next(finding for finding in found.findings if finding.what == "lights")
    assert lights.value == "12 directions from light_maps (light footprints)"
    sequence = next(finding for finding in found.findings if finding.what == "sequence")
    assert "15 pictures - 3 tracking (0-10x5) = 12 OLAT frames" in sequence.value
    assert any("light_maps/ (pictures of where the lights are)" in told for told in found.warnings)
    write_session(found, tmp_path)
    session = read_session(tmp_path)
    assert_allclose(session.rig.directions, spread_directions(12), rtol=0, atol=0.03)


def test_the_pictures_of_a_real_stage_are_known_for_footprints(
    shared_data: Path, tmp_path: Path
) -> None:
    assert shows_footprints(shared_data / "stage" / "OLAT_EnvMaps")
    for other in ("uw/chrome", "lens", "flow", "env", "bracket"):
        assert not shows_footprints(shared_data / other)


def test_wide_photographs_are_no_footprints(tmp_path: Path) -> None:
    wide = np.pad(sphere_pictures(spread_directions(8)), ((0, 0), (0, 0), (16, 16), (0, 0)))
    write_pictures((tmp_path / f"{n}.png" for n in range(8)), wide)
    assert not shows_footprints(tmp_path)
