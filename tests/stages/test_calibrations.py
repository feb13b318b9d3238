"""Which calibrations a session uses, and which it refuses by name."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from olat.api.processing import prepare
from olat.errors import CalibrationError, FileError, SessionError, UsageError
from olat.io.calibration_file import write_calibration
from olat.io.calibration_shelf import place_on_shelf
from olat.io.manifest import read_session
from olat.model.calibration import (
    Calibration,
    CalibrationHeader,
    ColorCalibration,
    Kind,
    LensCalibration,
    RigCalibration,
)
from olat.model.rig import LightRig
from olat.model.session import Session
from olat.stages.calibrations import Calibrations
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage

DAY = datetime.date(2026, 5, 17)
K = np.array([[320.0, 0.0, 31.5], [0.0, 320.0, 31.5], [0.0, 0.0, 1.0]])
COLOR = ColorCalibration(np.eye(3))
LENS = LensCalibration(K, np.zeros(4), 64, 64)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("calibrations")
    write_session(folder, SyntheticStage.preset("tiny"))
    return read_session(folder)


@pytest.fixture
def shelve(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that puts a calibration on a shelf in a folder of its own."""

    def put(kind: Kind, place: str, calibration: Calibration, **header: object) -> Path:
        about = {"device": place, "valid_from": DAY, **header}
        told = CalibrationHeader(kind=kind, made_by="olat", from_session="test", **about)
        write_calibration(place_on_shelf(tmp_path, kind, place, DAY), told, calibration)
        return tmp_path

    return put


def test_nothing_certified_gives_nothing(tiny: Session) -> None:
    calibrations = Calibrations(tiny)
    assert calibrations.calibration("color", "A") is None
    assert calibrations.with_rig() is tiny
    assert calibrations.notes() == []


def test_what_is_shelved_is_found_and_told(tiny: Session, shelve: Callable[..., Path]) -> None:
    calibrations = Calibrations(tiny, [shelve("color", "A", COLOR)])
    found = calibrations.calibration("color", "A")
    assert isinstance(found, ColorCalibration)
    assert calibrations.notes() == [
        "Calibrated: color of 'A' from 2026-05-17.",
        "The session has no date, so the newest calibrations were taken. Say date = YYYY-MM-DD "
        "under [session].",
    ]


def test_a_calibration_from_tomorrow_is_refused(tiny: Session, shelve: Callable[..., Path]) -> None:
    early = replace(tiny, date=DAY - datetime.timedelta(days=1))
    with pytest.raises(
        CalibrationError, match="valid on 2026-05-16; the earliest starts 2026-05-17"
    ):
        Calibrations(early, [shelve("color", "A", COLOR)]).calibration("color", "A")
    on_the_day = Calibrations(replace(tiny, date=DAY), [shelve("color", "A", COLOR)])
    assert on_the_day.calibration("color", "A") is not None
    assert len(on_the_day.notes()) == 1


@pytest.mark.parametrize(
    ("kind", "calibration", "header", "camera", "words"),
    [
        ("color", COLOR, {"serial": "12"}, {"serial": "13"}, "serial number '12', but .* is '13'"),
        ("lens", LENS, {"serial": "12"}, {"serial": "13"}, "serial number '12', but .* is '13'"),
        ("lens", LENS, {"lens": "50 mm"}, {"lens": "85 mm"}, "lens '50 mm', but .* is '85 mm'"),
        ("lens", LENS, {"height": 48, "width": 64}, {}, "'64 x 48 px', but .* is '64 x 64 px'"),
    ],
)
def test_a_calibration_of_something_else_is_refused_by_name(
    tiny: Session,
    shelve: Callable[..., Path],
    kind: Kind,
    calibration: Calibration,
    header: dict[str, object],
    camera: dict[str, str],
    words: str,
) -> None:
    session = replace(tiny, cameras=(replace(tiny.cameras[0], **camera),))
    shelf = shelve(kind, "A", calibration, **header)
    with pytest.raises(CalibrationError, match=f"camera 'A': .*{words}"):
        Calibrations(session, [shelf]).calibration(kind, "A")


@pytest.mark.parametrize(
    "header", [{"device": "B"}, {"valid_from": DAY + datetime.timedelta(days=1)}]
)
def test_a_calibration_that_lies_where_it_does_not_belong_is_refused(
    tiny: Session, shelve: Callable[..., Path], header: dict[str, object]
) -> None:
    with pytest.raises(CalibrationError, match=r"its header says '[AB]', valid from 2026-05-1[78]"):
        Calibrations(tiny, [shelve("color", "A", COLOR, **header)]).calibration("color", "A")


def test_what_one_side_does_not_know_is_no_reason_to_refuse(
    tiny: Session, shelve: Callable[..., Path]
) -> None:
    shelf = shelve("lens", "A", LENS, serial="12", lens="50 mm", height=64, width=64)
    assert Calibrations(tiny, [shelf]).calibration("lens", "A") is not None


def test_a_measured_rig_replaces_the_light_file(tiny: Session, shelve: Callable[..., Path]) -> None:
    rig = LightRig(tiny.rig.name, -tiny.rig.directions, 2.0 * tiny.rig.intensities)
    found = Calibrations(tiny, [shelve("rig", rig.name, RigCalibration(rig))]).with_rig().rig
    np.testing.assert_allclose(found.directions, -tiny.rig.directions, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.intensities, 2.0 * tiny.rig.intensities, rtol=0, atol=1e-8)
    assert found.positions is None


def test_a_rig_of_another_number_of_lights_is_refused(
    tiny: Session, shelve: Callable[..., Path]
) -> None:
    rig = LightRig(tiny.rig.name, tiny.rig.directions[:5], tiny.rig.intensities[:5])
    shelf = shelve("rig", rig.name, RigCalibration(rig))
    with pytest.raises(CalibrationError, match=r"it has 5 lights, rig 'synthetic-24' .* 24"):
        Calibrations(tiny, [shelf]).with_rig()


def test_lights_that_nobody_located_are_refused_before_anything_runs(
    tiny: Session, shelve: Callable[..., Path], tmp_path: Path
) -> None:
    text = (tiny.folder / "session.toml").read_text(encoding="utf-8")
    old = 'lights = "lights.csv"           # one light a row\n'
    assert old in text
    text = text.replace(old, "count = 24\n").replace('"raw/', f'"{tiny.folder}/raw/')
    folder = tmp_path / "counted"
    folder.mkdir()
    (folder / "session.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CalibrationError, match="has 24 lights, but it is not known where"):
        prepare(folder)
    shelf = shelve("rig", "synthetic-24", RigCalibration(tiny.rig))
    rig = prepare(folder, calibration=[shelf]).desk.session.rig
    np.testing.assert_allclose(rig.directions, tiny.rig.directions, rtol=0, atol=1e-8)


def test_frames_under_a_light_that_was_measured_dead_are_refused(
    tiny: Session, shelve: Callable[..., Path]
) -> None:
    intensities = tiny.rig.intensities.copy()
    intensities[5] = 0.0
    rig = LightRig(tiny.rig.name, tiny.rig.directions, intensities)
    shelf = shelve("rig", rig.name, RigCalibration(rig))
    with pytest.raises(CalibrationError, match="light 5 gave no light when it was measured"):
        prepare(tiny.folder, calibration=[shelf])


def test_a_folder_of_calibrations_that_is_not_there_is_a_mistake(tiny: Session) -> None:
    with pytest.raises(UsageError, match=r"--calibration .*nowhere: it is not there"):
        prepare(tiny.folder, calibration=[tiny.folder / "nowhere"])
    with pytest.raises(UsageError, match="it holds neither cameras/ nor rigs/"):
        prepare(tiny.folder, calibration=[tiny.folder / "raw"])
    away = replace(tiny, calibration=tiny.folder / "nowhere")
    with pytest.raises(SessionError, match=r"under \[session\], but there is no such folder"):
        Calibrations(away)


def test_a_table_that_was_edited_after_it_was_certified_is_told(
    tiny: Session, shelve: Callable[..., Path]
) -> None:
    shelf = shelve("color", "A", COLOR)
    (path,) = shelf.rglob("color.toml")
    text = path.read_text("utf-8")
    assert "1.0," in text
    path.write_text(text.replace("1.0,", "1.1,", 1), encoding="utf-8")
    told = Calibrations(tiny, [shelf])
    assert isinstance(color := told.calibration("color", "A"), ColorCalibration)
    assert color.matrix[0, 0] == 1.1
    (note,) = [note for note in told.notes() if "changed by hand" in note]
    assert note.startswith(f"{path}: [color] was changed by hand after it was measured")


def test_light_files_that_are_not_those_of_the_certified_rig_are_refused(
    tiny: Session, shelve: Callable[..., Path]
) -> None:
    shelf = shelve("rig", tiny.rig.name, RigCalibration(tiny.rig))
    (table,) = shelf.rglob("rig.csv")
    rows = table.read_text("utf-8").splitlines()
    table.write_text("\n".join([*rows[:-1], rows[-1].replace("1", "2")]) + "\n", "utf-8")
    with pytest.raises(FileError, match=r"rig\.csv: it is not as it was written together"):
        prepare(tiny.folder, calibration=[shelf])


def test_a_folder_of_which_nothing_is_used_is_told(
    tiny: Session, shelve: Callable[..., Path]
) -> None:
    (words,) = Calibrations(tiny, [shelve("color", "B", COLOR)]).notes()
    assert "nothing there is for camera 'A' or rig 'synthetic-24'" in words
