from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import FileError, UsageError
from olat.inspection.light_search import find_lights, sphere_through
from tests.support.lambert_sphere import spread_directions


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
