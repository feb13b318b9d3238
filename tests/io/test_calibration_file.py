"""Calibrations on disk: what is written is what is read, and what is spoiled is told."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from olat.errors import CalibrationError, FileError
from olat.io.calibration_digests import content_digest
from olat.io.calibration_file import (
    edits,
    files_of,
    read_calibration,
    read_header,
    values_digest,
    write_calibration,
)
from olat.io.calibration_shelf import find_calibration, place_on_shelf
from olat.io.content_hash import ContentHashes
from olat.light.arrangements import fibonacci_sphere
from olat.model.calibration import (
    Calibration,
    CalibrationHeader,
    ColorCalibration,
    LensCalibration,
    RigCalibration,
    SensorCalibration,
)
from olat.model.rig import LightRig

RNG = np.random.default_rng(3)
K = np.array([[500.0, 0.0, 31.5], [0.0, 501.0, 23.5], [0.0, 0.0, 1.0]])
PLACES = 1.7 * fibonacci_sphere(12)
RIG = LightRig("dome", PLACES / 1.7, RNG.uniform(0.9, 1.1, (12, 3)), PLACES)
CALIBRATIONS: dict[str, Calibration] = {
    "sensor": SensorCalibration(
        RNG.normal(500, 3, (6, 8, 1)).astype(np.float32),
        RNG.uniform(0.8, 1.0, (6, 8, 1)).astype(np.float32),
        RNG.random((6, 8, 1)) > 0.9,
        dn_per_electron=1.25,
        dark_exposure_s=0.5,
        residuals={"linearity_percent": 0.25},
    ),
    "color": ColorCalibration(RNG.normal(size=(3, 3)), residuals={"mean_delta_e_2000": 1.5}),
    "lens": LensCalibration(
        K, np.array([-0.2, 0.05, 0.0, 0.0]), 48, 64, np.eye(3), np.array([0.0, 0.1, 1.6])
    ),
    "rig": RigCalibration(RIG, falloff=1.5, residuals={"rms_mm": 3.0}),
}


def header(kind: str, **changes: object) -> CalibrationHeader:
    known = {"kind": kind, "device": "A", "made_by": "olat 1", "from_session": "test"}
    return CalibrationHeader(**{**known, **changes})


@pytest.mark.parametrize("kind", CALIBRATIONS)
def test_what_is_written_is_read(kind: str, tmp_path: Path) -> None:
    path, told = tmp_path / f"{kind}.toml", header(kind, captured=datetime.date(2026, 5, 17))
    files = write_calibration(path, told, CALIBRATIONS[kind])
    assert files == files_of(path, kind)
    assert all(file.is_file() for file in files)
    found, calibration = read_calibration(path)
    assert found == told == read_header(path)
    for name in CALIBRATIONS[kind].__dataclass_fields__:
        if name == "rig":
            continue
        expected = getattr(CALIBRATIONS[kind], name)
        if expected is None:
            assert getattr(calibration, name) is None
        elif name == "residuals":
            assert dict(getattr(calibration, name)) == dict(expected)
        else:
            np.testing.assert_array_equal(getattr(calibration, name), expected)


def test_a_document_may_be_named_by_a_text(tmp_path: Path) -> None:
    write_calibration(tmp_path / "color.toml", header("color"), CALIBRATIONS["color"])
    told, calibration = read_calibration(str(tmp_path / "color.toml"))
    assert told.kind == "color"
    assert isinstance(calibration, ColorCalibration)


def test_lights_are_read_to_nine_digits(tmp_path: Path) -> None:
    write_calibration(tmp_path / "rig.toml", header("rig"), CALIBRATIONS["rig"])
    _, calibration = read_calibration(tmp_path / "rig.toml")
    assert isinstance(calibration, RigCalibration)
    assert calibration.rig.name == "dome"
    for name in ("directions", "positions", "intensities"):
        found, expected = getattr(calibration.rig, name), getattr(RIG, name)
        np.testing.assert_allclose(found, expected, rtol=0, atol=5e-9)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "lens"', 'kind = "rig"', "there is no table .rig."),
        ('kind = "lens"', 'kind = "lense"', "kind"),
        ("schema = 1", "schema = 2", "schema"),
        ("height = 48", "height = 0", "height: input should be greater"),
        ("height = 48", "hight = 48", "hight: extra inputs"),
        ("device", "divice", "divice"),
        ("schema", "= [", "this is not TOML"),
        ("        1.0,\n    ],\n]\ndistortion", "        2.0,\n    ],\n]\ndistortion", "not 0 0 1"),
    ],
)
def test_a_spoiled_document_is_told(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "lens.toml"
    write_calibration(path, header("lens"), CALIBRATIONS["lens"])
    spoil(path, old, new)
    with pytest.raises(FileError, match=words):
        read_calibration(path)


def test_a_missing_map_is_told(tmp_path: Path) -> None:
    path = tmp_path / "sensor.toml"
    write_calibration(path, header("sensor"), CALIBRATIONS["sensor"])
    path.with_suffix(".exr").unlink()
    with pytest.raises(FileError, match=r"sensor\.exr: there is no such file"):
        read_calibration(path)


def shelved(folder: Path, *days: str) -> Path:
    for day in days:
        path = place_on_shelf(folder, "color", "A", datetime.date.fromisoformat(day))
        write_calibration(path, header("color"), CALIBRATIONS["color"])
    return folder


def found_on(folders: list[Path], day: str | None) -> str | None:
    when = None if day is None else datetime.date.fromisoformat(day)
    path = find_calibration(folders, "color", "A", when)
    return None if path is None else f"{path.parents[3].name}/{path.parent.name}"


def test_the_newest_that_is_not_after_the_day_of_capture_holds(tmp_path: Path) -> None:
    shelf = shelved(tmp_path / "own", "2026-01-10", "2026-03-01", "2026-09-30")
    assert found_on([shelf], "2026-05-17") == "own/2026-03-01"
    assert found_on([shelf], "2026-03-01") == "own/2026-03-01"
    assert found_on([shelf], "2026-02-28") == "own/2026-01-10"
    assert found_on([shelf], None) == "own/2026-09-30"


def test_the_first_folder_that_has_a_valid_one_decides(tmp_path: Path) -> None:
    own = shelved(tmp_path / "own", "2026-06-01")
    studio = shelved(tmp_path / "studio", "2026-01-01", "2026-07-01")
    assert found_on([own, studio], "2026-08-01") == "own/2026-06-01"
    assert found_on([own, studio], "2026-05-01") == "studio/2026-01-01"
    assert found_on([tmp_path / "none"], "2026-05-01") is None


def test_none_that_is_valid_yet_is_an_error_that_names_the_earliest(tmp_path: Path) -> None:
    shelf = shelved(tmp_path / "own", "2026-06-01", "2026-09-01")
    with pytest.raises(
        CalibrationError,
        match="no color calibration is valid on 2026-05-17; the earliest starts 2026-06-01",
    ):
        found_on([shelf], "2026-05-17")


@pytest.mark.parametrize("name", ["spring", "2026-6-1", "2026-13-01", "2026-02-31"])
def test_a_folder_that_is_no_date_is_told(tmp_path: Path, name: str) -> None:
    shelf = shelved(tmp_path / "own", "2026-06-01")
    (shelf / "cameras" / "A" / "2026-06-01").rename(shelf / "cameras" / "A" / name)
    with pytest.raises(CalibrationError, match=f"{name}: the folder's name is no date"):
        found_on([shelf], "2026-07-01")


@pytest.mark.parametrize("device", ["a/b", "a_b", "..", "50 mm"])
def test_no_two_devices_share_a_folder_and_none_leaves_the_shelf(
    tmp_path: Path, device: str
) -> None:
    day = datetime.date(2026, 6, 1)
    path = place_on_shelf(tmp_path, "rig", device, day)
    assert path.resolve().parents[2] == (tmp_path / "rigs").resolve()
    others = {"a/b", "a_b", "..", "50 mm", "a%2Fb"} - {device}
    assert path not in {place_on_shelf(tmp_path, "rig", other, day) for other in others}


@pytest.mark.parametrize(
    ("matrix", "distortion"),
    [
        (np.diag([-500.0, 500.0, 1.0]), 0.0),
        (np.diag([2.0, 2.0, 1.0]), 0.0),
        (np.diag([np.nan, 500.0, 1.0]), 0.0),
        (np.diag([500.0, 500.0, 1.0]), np.inf),
    ],
)
def test_numbers_that_make_no_lens_are_refused(matrix: np.ndarray, distortion: float) -> None:
    with pytest.raises(ValueError, match="make no lens for 64 x 48 px"):
        LensCalibration(matrix, np.array([distortion, 0.0, 0.0, 0.0]), 48, 64)


@pytest.mark.parametrize("kind", CALIBRATIONS)
def test_values_digest_is_of_what_was_measured_whoever_says_what_about_it(
    kind: str, tmp_path: Path
) -> None:
    def written(name: str, calibration: Calibration, **said: object) -> str:
        path = tmp_path / name / f"{kind}.toml"
        write_calibration(path, header(kind, **said), calibration)
        return values_digest(path, ContentHashes(tmp_path / "hashes.json"))

    what = CALIBRATIONS[kind]
    plain = written("plain", what)
    assert written("told", what, note="cleaned", certified_by="Bo", made_by="olat 2") == plain
    assert written("doubted", replace(what, residuals={"rms_px": 9.0})) == plain
    changes = {
        "sensor": ["flat", "dark", "dn_per_electron", "dark_exposure_s"],
        "color": ["matrix"],
        "lens": ["distortion", "translation"],
        "rig": ["falloff"],
    }
    for name in changes[kind]:
        other = replace(what, **{name: getattr(what, name) * 1.001})
        assert written(name, other) != plain, name


def test_a_sensor_of_before_exposures_were_kept_reads_and_counts_as_unedited(
    tmp_path: Path,
) -> None:
    path = tmp_path / "sensor.toml"
    write_calibration(path, header("sensor"), replace(CALIBRATIONS["sensor"], dark_exposure_s=None))
    old = content_digest({"dn_per_electron": 1.25, "read_noise_dn": None, "full_dn": None})
    text = path.read_text(encoding="utf-8")
    assert "dark_exposure_s" not in text
    assert f'sensor = "{old}"' in text
    assert edits(path) == []
    assert read_calibration(path)[1].dark_exposure_s is None


def test_a_part_of_a_calibration_has_a_digest_of_its_own(tmp_path: Path) -> None:
    path, hashes = tmp_path / "color.toml", ContentHashes(tmp_path / "hashes.json")
    color = CALIBRATIONS["color"]
    told = []
    for calibration in (color, replace(color, led_matrix=np.eye(3)), replace(color, matrix=K)):
        write_calibration(path, header("color"), calibration)
        told.append((values_digest(path, hashes), values_digest(path, hashes, part="matrix")))
    assert told[0][0] != told[1][0]
    assert told[0][1] == told[1][1]
    assert told[1][1] != told[2][1]


@pytest.mark.parametrize("kind", CALIBRATIONS)
@pytest.mark.parametrize("said", [{}, {"captured": datetime.date(2026, 5, 17), "height": 48}])
def test_what_was_written_counts_as_unedited_and_what_people_say_does_not_count(
    kind: str, said: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / f"{kind}.toml"
    write_calibration(path, header(kind, note="old", **said), CALIBRATIONS[kind])
    assert edits(path) == []
    spoil(path, 'note = "old"', 'note = "new"')
    assert edits(path) == []


@pytest.mark.parametrize(
    ("kind", "old", "new", "table"),
    [
        ("lens", "height = 48", "height = 49", "lens"),
        ("rig", 'holds = "positions"', 'holds = "directions"', "rig"),
        ("sensor", "linearity_percent = 0.25", "linearity_percent = 0.15", "residuals"),
        ("color", 'device = "A"', 'device = "B"', "header"),
    ],
)
def test_a_table_that_was_edited_is_named(
    kind: str, old: str, new: str, table: str, tmp_path: Path
) -> None:
    path = tmp_path / f"{kind}.toml"
    write_calibration(path, header(kind), CALIBRATIONS[kind])
    spoil(path, old, new)
    assert edits(path) == [table]
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[digests]")], encoding="utf-8")
    assert edits(path) == []  # by hand from end to end


@pytest.mark.parametrize("kind", ["sensor", "rig"])
def test_arrays_that_are_not_those_of_the_document_are_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"{kind}.toml"
    _, arrays = write_calibration(path, header(kind), CALIBRATIONS[kind])
    content = bytearray(arrays.read_bytes())
    content[-2] ^= 1
    arrays.write_bytes(content)
    with pytest.raises(FileError, match=f"{arrays.name}: it is not as it was written together"):
        read_calibration(path)
    with pytest.raises(FileError, match=f"{arrays.name}: it is not as it was written together"):
        values_digest(path, ContentHashes(tmp_path / "hashes.json"))


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
