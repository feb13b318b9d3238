from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import FileError
from olat.io.light_file import holds_of, read_lights, rig_from_lights
from olat.io.light_file_json import read_light_patterns

X, Y, Z = np.eye(3)


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "2\na.jpg 1 0 0\nb.jpg 0 0 1\n",
        "a.jpg 1 0 0\nb.jpg 0 0 1\n",
        "2\r\na.jpg 1,0 0,0 0,0\r\nb.jpg 0,0 0,0 1,0\r\n",
        b"\xef\xbb\xbf2\na.jpg 1 0 0\n\nb.jpg 0 0 1",
        "2\n" + "/media/My Disk/dome 3/a.jpg\t1\t0\t0\nb.jpg\t0\t0\t1\n",
        "2\nC:\\Users\\A B\\a.jpg 1 0 0\nC:\\Users\\A B\\b.jpg 0 0 1e0\n",
        '2\n"a.jpg" 1 0 0\n"b.jpg" 0 0 1\n',
        "2\na.jpg,1,0,0\nb.jpg,0,0,1\n",
    ],
)
def test_an_lp_file_is_read_as_people_write_it(tmp_path: Path, text: str | bytes) -> None:
    lights = read_lights(written(tmp_path, "dome.lp", text))
    assert_allclose(lights.vectors, [X, Z], rtol=0, atol=0)
    assert lights.names == ("a.jpg", "b.jpg")
    assert lights.notes == ()


def test_an_lp_name_may_hold_spaces_and_numbers(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.lp", "1\nmy coin 2 (3).jpg 0.6 0.0 0.8\n"))
    assert lights.names == ("my coin 2 (3).jpg",)
    assert_allclose(lights.vectors, [[0.6, 0.0, 0.8]], rtol=0, atol=0)


def test_a_wrong_count_is_noted_not_believed(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.lp", "5\na.jpg 1 0 0\n"))
    assert len(lights) == 1
    assert lights.notes == ("its first line says 5 lights, but 1 follow",)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.lp", "1\na.jpg 1 0\n", r"a\.lp:2: 'a\.jpg 1 0' is no light; 'name x y z' is needed"),
        ("a.lp", "1\na.jpg 0.1 0.2 0.3 1.0 1.0 1.0\n", r"a\.lp:2: .* 'name x y z' is needed"),
        ("a.lp", "2\na.jpg 1 0 0\nb.jpg 0 0 0\n", r"a\.lp:3: the light is at 0 0 0"),
        ("a.lp", "1\na.jpg nan 0 1\n", r"a\.lp:2: the light is at nan 0 1; numbers"),
        ("a.lp", "0\n", r"a\.lp: it lists no light"),
        ("a.txt", "", r"a\.txt: it lists no light"),
        ("a.txt", "1 0 0\n0 1\n", r"a\.txt:2: 2 columns; the first light has 3"),
        ("a.txt", "1 0\n0 1\n", r"a\.txt:1: 2 columns; 'x y z'"),
        ("a.txt", "1 0 0\n0 1 up\n", r"a\.txt:2: 'up' stands where a number is needed"),
        ("a.txt", "0.5 0.1 0.2 0.3\n0.5 0.1 0.2 0.4\n", "is no name, so the meaning"),
        ("a.txt", "1 0 0 1 1 -1\n", r"a\.txt:1: the intensity is 1 1 -1; numbers from 0"),
        ("a.csv", "u,v,w\n1,0,0\n", r"a\.csv:1: the columns are u, v, w; x, y, z, or azimuth"),
        ("a.csv", "x,y,z\n1,0\n", r"a\.csv:2: 2 columns; the header names 3"),
        ("a.csv", "x,y,z\n1,0,north\n", r"a\.csv:2: column 'z' is 'north'; a number is needed"),
        ("a.json", "{", r"a\.json:1: .* JSON is needed"),
        ("a.json", '{"lamps": []}', "found the keys 'lamps'; 'light_positions'"),
        ("a.json", '{"directions": [[1, 0]]}', r"directions\[0\] is \[1, 0\]; three numbers"),
        ("a.npy", "not an array", r"a\.npy: .* an array that NumPy saved is needed"),
    ],
)
def test_a_light_file_that_cannot_be_meant_is_refused_in_words(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    with pytest.raises(FileError, match=words):
        read_lights(written(tmp_path, name, text))


def test_a_missing_light_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.lp: the light file is not there"):
        read_lights(tmp_path / "none.lp")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "2\n1 0 0\n0 0 1\n"),
        ("a.txt", "# x y z\n1 0 0\n0 0 1\n"),
        ("a.txt", "1,0,0\n0,0,1\n"),
        ("a.txt", "1, 0, 0\n0, 0, 1\n"),
        ("a.txt", "1;0;0\n0;0;1\n"),
        ("a.txt", "1,0 0,0 0,0\n0,0 0,0 1,0\n"),
        ("a.tsv", "x\ty\tz\n1\t0\t0\n0\t0\t1\n"),
        ("a.csv", "light,direction_x,direction_y,direction_z\n0,1,0,0\n1,0,0,1\n"),
        ("a.csv", "X [m];Y [m];Z [m]\n1,0;0,0;0,0\n0,0;0,0;1,0\n"),
        ("a.csv", "azimuth,elevation\n90,0\n0,0\n"),
        ("a.csv", "name,theta_deg,phi_deg\na,90,0\nb,0,0\n"),
        ("a.csv", "theta_rad,phi_rad\n1.5707963267948966,0\n0,0\n"),
        ("a.json", "[[1, 0, 0], [0, 0, 1]]"),
    ],
)
def test_columns_are_read_however_they_are_separated_and_named(
    tmp_path: Path, name: str, text: str
) -> None:
    lights = read_lights(written(tmp_path, name, text))
    assert_allclose(lights.vectors, [X, Z], rtol=0, atol=1e-15)


def test_azimuth_grows_to_the_right_and_elevation_upwards(tmp_path: Path) -> None:
    text = "az,el\n30,0\n0,90\n"
    right, up = read_lights(written(tmp_path, "a.csv", text)).vectors
    assert_allclose(right, [0.5, 0.0, np.sqrt(0.75)], rtol=0, atol=1e-15)
    assert_allclose(up, Y, rtol=0, atol=1e-15)


def test_numbers_without_a_header_may_carry_names_and_colors(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.txt", "7 1 0 0 0.5 1 2\n9 0 0 1 1 1 1\n"))
    assert lights.names == ("7", "9")
    assert lights.intensities is not None
    assert_allclose(lights.intensities, [[0.5, 1, 2], [1, 1, 1]], rtol=0, atol=0)


def test_one_intensity_column_counts_for_all_colors(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.csv", "x,y,z,intensity\n1,0,0,0.5\n"))
    assert lights.intensities is not None
    assert_allclose(lights.intensities, [[0.5, 0.5, 0.5]], rtol=0, atol=0)


def test_a_diligent_object_brings_its_intensities_and_names(tmp_path: Path) -> None:
    written(tmp_path, "light_intensities.txt", "1.1 1.2 1.3\n2 2 2\n")
    written(tmp_path, "filenames.txt", "001.png\n002.png\n")
    lights = read_lights(written(tmp_path, "light_directions.txt", "1 0 0\n0 0 1\n"))
    assert (lights.source_format, lights.names) == ("DiLiGenT", ("001.png", "002.png"))
    assert lights.intensities is not None
    assert_allclose(lights.intensities, [[1.1, 1.2, 1.3], [2, 2, 2]], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 1 1\n", "1 intensities for 2 lights"),
        ("1 1 1\n1 1\n", r"light_intensities\.txt:2: found \['1', '1'\]; 'red green blue'"),
        ("1 1 1\n1 0 1\n", r"light_intensities\.txt:2: .* numbers above 0 are needed"),
    ],
)
def test_intensities_that_do_not_fit_are_refused(tmp_path: Path, text: str, words: str) -> None:
    written(tmp_path, "light_intensities.txt", text)
    with pytest.raises(FileError, match=words):
        read_lights(written(tmp_path, "light_directions.txt", "1 0 0\n0 0 1\n"))


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_an_array_is_read_and_turned_if_it_lies_on_its_side(tmp_path: Path, name: str) -> None:
    vectors = np.array([X, Z, Y, -X])
    save = np.save if name == "a.npy" else np.savez
    save(tmp_path / name, vectors.T)
    lights = read_lights(tmp_path / name)
    assert_allclose(lights.vectors, vectors, rtol=0, atol=0)
    assert lights.notes == ("the array is 3 x 4 and was transposed",)


@pytest.mark.parametrize("column", ["light", "id", "index", "Light"])
@pytest.mark.parametrize("base", [0, 1])
def test_a_column_that_numbers_the_lights_gives_their_order(
    tmp_path: Path, column: str, base: int
) -> None:
    rows = f"{base + 1},0,0,1,b\n{base + 2},0,1,0,c\n{base},1,0,0,a\n"
    lights = read_lights(written(tmp_path, "a.csv", f"{column},x,y,z,name\n{rows}"))
    assert_allclose(lights.vectors, [X, Z, Y], rtol=0, atol=0)
    assert lights.names == ("a", "b", "c")


def test_numbers_of_lights_count_as_numbers_not_as_words(tmp_path: Path) -> None:
    directions = np.random.default_rng(1).normal(size=(12, 3))
    rows = [f"{light}.0,{x},{y},{z}" for light, (x, y, z) in enumerate(directions)]
    text = "\n".join(["index,x,y,z", *sorted(rows)])
    lights = read_lights(written(tmp_path, "a.csv", text))
    assert_allclose(lights.vectors, directions, rtol=0, atol=0)
    assert lights.names == ()


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (("0", "1", "1"), r"a\.csv:4: light 1 stands already in .*a\.csv:3; one line a light"),
        (("0", "1", "99"), r"a\.csv:4: light 99 follows light 1; light 2 is missing\. Number"),
        (("4", "3", "2"), r"a\.csv:4: the first light is 2; 0 or 1 is needed\. Number the lights"),
        (("-1", "0", "1"), r"a\.csv:2: the first light is -1; 0 or 1 is needed"),
        (("0", "door", "1"), r"a\.csv:3: the light is called 'door' where others have whole"),
        (("0", "", "1"), r"a\.csv:3: the light is called '' where others have whole numbers"),
    ],
)
def test_numbers_that_do_not_count_the_lights_are_refused(
    tmp_path: Path, numbers: tuple[str, ...], words: str
) -> None:
    rows = "".join(f"{number},1,0,0\n" for number in numbers)
    with pytest.raises(FileError, match=words):
        read_lights(written(tmp_path, "a.csv", "light,x,y,z\n" + rows))


def test_words_in_the_column_of_numbers_are_names(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.csv", "id,x,y,z\nb7,1,0,0\na3,0,0,1\n"))
    assert lights.names == ("b7", "a3")
    assert_allclose(lights.vectors, [X, Z], rtol=0, atol=0)


def test_a_dome_in_millimeters_becomes_positions_in_meters(tmp_path: Path) -> None:
    dome = {"positions3d": [[0, 0, 500], [300, 0, 400]], "ledAdjust": [[1, 1, 1], [0.5, 1, 1]]}
    rig = rig_from_lights(read_lights(written(tmp_path, "a.dome", json.dumps(dome))))
    assert rig.positions is not None
    assert_allclose(rig.positions, [[0, 0, 0.5], [0.3, 0, 0.4]], rtol=0, atol=1e-15)
    assert_allclose(rig.directions[1], [0.6, 0, 0.8], rtol=0, atol=1e-15)
    assert_allclose(rig.intensities[1], [0.5, 1, 1], rtol=0, atol=0)


def test_a_dome_of_directions_may_be_flat(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.dome", '{"directions": [1, 0, 0, 0, 0, 1]}'))
    assert_allclose(lights.vectors, [X, Z], rtol=0, atol=0)
    assert lights.holds == "directions"


def test_unit_length_says_directions_and_other_lengths_positions(tmp_path: Path) -> None:
    rounded = read_lights(written(tmp_path, "a.txt", "0.58 0.58 0.58\n0 0 1\n"))
    placed = read_lights(written(tmp_path, "b.txt", "0.9 0.9 0.9\n0 0 1.6\n"))
    assert (holds_of(rounded), holds_of(placed)) == ("directions", "positions")


def test_the_center_is_taken_off_before_directions_are_made(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.txt", "600 1500 1700\n1700 1500 500\n"))
    rig = rig_from_lights(lights, units="mm", center=(600.0, 1500.0, 500.0))
    assert_allclose(rig.directions, [Z, X], rtol=0, atol=1e-15)
    assert rig.positions is not None
    assert_allclose(rig.positions, [1.2 * Z, 1.1 * X], rtol=0, atol=1e-12)


def test_opencv_axes_are_turned_upright(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.txt", "1 0 0\n0 -1 0\n0 0 -1\n"))
    rig = rig_from_lights(lights, frame="opencv")
    assert_allclose(rig.directions, [X, Y, Z], rtol=0, atol=0)


def test_units_that_contradict_the_file_are_refused(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.csv", "x_mm,y_mm,z_mm\n0,0,900\n"))
    with pytest.raises(FileError, match="its numbers are in mm, but units = 'm'"):
        rig_from_lights(lights, units="m")


def test_directions_have_no_center(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.txt", "0 0 1\n"))
    with pytest.raises(FileError, match="holds directions, which have no center"):
        rig_from_lights(lights, center=(0.0, 0.0, 2.0))


def test_a_light_in_the_center_is_refused(tmp_path: Path) -> None:
    lights = read_lights(written(tmp_path, "a.txt", "1 2 3\n4 5 6\n"))
    with pytest.raises(FileError, match=r"light 1 \(from 0\) lies at the center"):
        rig_from_lights(lights, center=(4.0, 5.0, 6.0))


def test_a_point_cloud_lists_positions(tmp_path: Path) -> None:
    text = "# lights\nv 0.1 1.5 1.7\nvn 0 0 1\nv 1,7 0 0.5 255 0 0\n"
    lights = read_lights(written(tmp_path, "stage.pc", text))
    assert_allclose(lights.vectors, [[0.1, 1.5, 1.7], [1.7, 0, 0.5]], rtol=0, atol=0)
    assert (lights.holds, lights.units) == ("positions", None)
    assert lights.notes == ("1 lines do not begin with 'v' and were left out",)


def test_arrays_may_say_what_they_are(tmp_path: Path) -> None:
    colors = np.array([[1.0, 0.5, 0.25], [1, 1, 1]])
    path = tmp_path / "a.npz"
    np.savez(path, other=np.eye(3), positions=[Z, X], intensities=colors, names=["a", "b"])
    lights = read_lights(path)
    assert (lights.holds, lights.names) == ("positions", ("a", "b"))
    assert_allclose(lights.vectors, [Z, X], rtol=0, atol=0)
    assert lights.intensities is not None
    assert_allclose(lights.intensities, colors, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"directions": np.eye(4)}, r"directions is \(4, 4\); shape \(lights, 3\) is needed"),
        (
            {"positions": np.eye(3), "intensities": np.ones(3)},
            r"intensities is \(3,\); \(3, 3\) is needed",
        ),
        ({"positions": np.eye(3), "names": ["a"]}, "1 names for 3 lights; one each is needed"),
        ({"positions": np.full((2, 3), np.nan)}, "row 0: the light is at nan nan nan"),
    ],
)
def test_arrays_that_contradict_what_they_say_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], words: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(FileError, match=words):
        read_lights(tmp_path / "a.npz")


def test_goliath_positions_may_say_their_unit(tmp_path: Path) -> None:
    text = '{"light_positions": [[0, 0, 900]], "units": "mm"}'
    rig = rig_from_lights(read_lights(written(tmp_path, "a.json", text)))
    assert rig.positions is not None
    assert_allclose(rig.positions, [[0, 0, 0.9]], rtol=0, atol=1e-15)
    with pytest.raises(FileError, match="'units' is 'inch'; m, cm, mm are needed"):
        read_lights(written(tmp_path, "b.json", text.replace("mm", "inch")))


def goliath(folder: Path, pairs: list[list[int]], patterns: list[dict[str, object]]) -> Path:
    positions = [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]]
    written(folder, "light_pattern_per_frame.json", json.dumps(pairs))
    content = {"light_positions": positions, "light_patterns": patterns}
    return written(folder, "light_pattern_metadata.json", json.dumps(content))


def test_pattern_zero_is_all_lights_and_pattern_p_is_light_p_minus_1(tmp_path: Path) -> None:
    path = goliath(tmp_path, [[1, 0], [2, 1], [3, 3], [4, 0]], [])
    patterns = read_light_patterns(path)
    assert patterns.tracking == (1, 4)
    assert patterns.olat == {2: 0, 3: 2}


def test_a_pattern_that_names_its_lights_is_believed(tmp_path: Path) -> None:
    lit = [
        {"light_index_durations": [[0, 5], [1, 5], [2, 5]]},
        {"light_index_durations": [[2, 5]]},
    ]
    assert read_light_patterns(goliath(tmp_path, [[7, 1], [8, 0]], lit)).olat == {7: 2}


def test_a_pattern_of_a_light_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"frame 2 has pattern 9, which lights light 8"):
        read_light_patterns(goliath(tmp_path, [[1, 0], [2, 9]], []))


def test_the_lights_of_real_photographs_are_unit_directions(shared_data: Path) -> None:
    lights = read_lights(shared_data / "uw" / "lights.txt")
    assert (len(lights), holds_of(lights), lights.notes) == (12, "directions", ())
    assert_allclose(lights.vectors[0], [0.403259, 0.480808, 0.778592], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("patterns", "per_frame", "words"),
    [
        ("3", "[[1, 0]]", "'light_patterns' is 3; a list is needed"),
        ("[]", '[[1, "x"]]', r"entry 0 is \[1, 'x'\]; \[frame, pattern\] is needed"),
        ("[]", '{"a": 1}', r"entry 0 is .*; \[frame, pattern\] is needed"),
    ],
)
def test_light_patterns_that_are_something_else_are_refused(
    tmp_path: Path, patterns: str, per_frame: str, words: str
) -> None:
    written(tmp_path, "light_pattern_per_frame.json", per_frame)
    text = f'{{"light_positions": [[0, 0, 1]], "light_patterns": {patterns}}}'
    with pytest.raises(FileError, match=words):
        read_light_patterns(written(tmp_path, "light_pattern_metadata.json", text))
