from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.inspection.light_check import axes_finding, light_warnings, placing_warnings
from olat.inspection.picture_names import direction_in_name
from olat.io.light_file import read_lights
from olat.model.rig import LightRig
from tests.support.lambert_sphere import sphere_pictures, spread_directions, write_pictures

SUBJECTS = ("gray", "cat", "buddha")
MIRROR_X, MIRROR_Y = np.diag([-1.0, 1.0, 1.0]), np.diag([1.0, -1.0, 1.0])
EXCHANGE = np.eye(3)[[1, 0, 2]]


def rig(directions: np.ndarray, intensities: np.ndarray | None = None) -> LightRig:
    colors = np.ones((len(directions), 3)) if intensities is None else intensities
    return LightRig("test", directions, colors)


def real(shared_data: Path, subject: str) -> tuple[dict[Path, int], np.ndarray]:
    """Return linear photographs of the University of Washington and their lights."""
    folder = shared_data / "uw"
    lit = {folder / subject / f"{subject}.{light}.png": light for light in range(12)}
    return lit, read_lights(folder / "lights.txt").vectors


def faces(folder: Path) -> tuple[dict[Path, int], np.ndarray]:
    """Return photographs of the Yale face database B, whose names tell their lights."""
    named = {path: direction_in_name(path.stem) for path in sorted(folder.glob("*.pgm"))}
    paths = [path for path, direction in named.items() if direction]
    lit = {path: light for light, path in enumerate(paths)}
    return lit, np.array([named[path] for path in paths])


def sphere(
    folder: Path, directions: np.ndarray, intensities: np.ndarray | float = 0.9
) -> dict[Path, int]:
    paths = [folder / f"{light}.png" for light in range(len(directions))]
    pictures = sphere_pictures(directions, size=64)
    write_pictures(paths, pictures * np.broadcast_to(intensities, (len(paths), 3))[:, None, None])
    return {path: light for light, path in enumerate(paths)}


@pytest.mark.parametrize("encoding", ["linear", "srgb"])
@pytest.mark.parametrize("subject", SUBJECTS)
def test_true_lights_of_real_photographs_raise_no_alarm(
    shared_data: Path, subject: str, encoding: str
) -> None:
    lit, lights = real(shared_data, subject)
    assert light_warnings(lit, rig(lights), encoding=encoding) == []


@pytest.mark.parametrize("face", ["yaleB01", "yaleB02"])
def test_true_lights_of_real_faces_raise_no_alarm(shared_data: Path, face: str) -> None:
    lit, lights = faces(shared_data / "yale" / face)
    assert light_warnings(lit, rig(lights), encoding="linear") == []


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("shift", [1, 3])
def test_lights_in_another_order_break_lambert_s_law(
    shared_data: Path, subject: str, shift: int
) -> None:
    lit, lights = real(shared_data, subject)
    (words,) = light_warnings(lit, rig(np.roll(lights, shift, axis=0)), encoding="linear")
    assert "their order or axes are probably wrong" in words


@pytest.mark.parametrize("subject", [*SUBJECTS, "yaleB01", "yaleB02"])
@pytest.mark.parametrize(
    ("axes", "words"), [(MIRROR_X, "seem mirrored in x"), (EXCHANGE, "x and y exchanged")]
)
def test_lights_in_other_axes_lean_to_the_other_side(
    shared_data: Path, subject: str, axes: np.ndarray, words: str
) -> None:
    is_face = subject.startswith("yale")
    lit, lights = faces(shared_data / "yale" / subject) if is_face else real(shared_data, subject)
    (warning,) = light_warnings(lit, rig(lights @ axes.T), encoding="linear")
    assert words in warning


def test_lights_mirrored_from_top_to_bottom_are_told_where_the_subject_is_round(
    shared_data: Path,
) -> None:
    lit, lights = real(shared_data, "gray")
    (warning,) = light_warnings(lit, rig(lights @ MIRROR_Y), encoding="linear")
    assert "mirrored in y: the upper side of the subject is brighter where y" in warning


def test_lights_that_point_to_the_subject_are_told_on_all_axes(shared_data: Path) -> None:
    lit, lights = real(shared_data, "gray")
    warnings = light_warnings(lit, rig(-lights), encoding="linear")
    assert [words.split(":")[0][-13:] for words in warnings] == ["mirrored in x", "mirrored in y"]
    (behind,) = placing_warnings(rig(-lights))
    assert behind.startswith("12 of 12 lights are BEHIND the subject")
    assert 'frame = "opencv"' in behind


def test_lights_all_around_are_in_their_place(tmp_path: Path) -> None:
    lights = spread_directions(30)
    assert placing_warnings(rig(lights)) == []
    assert light_warnings(sphere(tmp_path, lights), rig(lights), encoding="linear") == []


def test_lights_of_different_power_obey_the_law_once_it_is_known(tmp_path: Path) -> None:
    lights = spread_directions(24, hemisphere=True)
    power = np.where(np.arange(24)[:, None] % 2, [0.9, 0.8, 0.7], [0.2, 0.1, 0.3])
    lit = sphere(tmp_path, lights, power)
    assert light_warnings(lit, rig(lights, power), encoding="linear") == []
    assert len(light_warnings(lit, rig(lights), encoding="linear")) == 1


def test_a_few_photographs_prove_nothing(tmp_path: Path) -> None:
    lights = spread_directions(7, hemisphere=True)
    assert light_warnings(sphere(tmp_path, lights), rig(-lights), encoding="linear") == []
    assert light_warnings({}, rig(lights), encoding="linear") == []


def test_it_is_said_where_the_lights_are() -> None:
    lights = np.array([[0.6, 0.0, 0.8], [-0.6, 0.0, 0.8], [0.0, 1.0, 0.0], [0.0, 0.6, -0.8]])
    finding = axes_finding(rig(lights))
    assert finding.value == "2 in front, 1 behind; 2 above, 0 below; 1 right, 1 left"
    assert finding.confidence == "guess"
