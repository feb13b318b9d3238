"""What is made again when calibrations change, and what is said before it is."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import olat
from olat.api.processing import Prepared, Watcher, prepare, process
from olat.io.calibration_file import kind_of, read_calibration, write_calibration
from olat.io.calibration_shelf import place_on_shelf
from olat.io.manifest import read_session
from olat.io.raw import read_raw
from olat.model.calibration import (
    Calibration,
    CalibrationHeader,
    ColorCalibration,
    RigCalibration,
    SensorCalibration,
)
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage

DAY = datetime.date(2026, 5, 17)
PIPELINE = "normals"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a session that was processed with certified sensor, color and rig."""
    root = tmp_path_factory.mktemp("made")
    session = root / "session"
    write_session(session, SyntheticStage.preset("tiny"))
    raw = read_raw(session / "raw" / "A" / "0000.dng")
    rig = read_session(session).rig
    height, width = raw.counts.shape
    even = np.ones((height, width, 1), np.float32)
    shelve(root / "studio", SensorCalibration(raw.black.mean() * even, even, even > 1))
    shelve(root / "studio", ColorCalibration(np.eye(3) + 0.1))
    shelve(root / "studio", RigCalibration(replace(rig, intensities=1.1 * rig.intensities)))
    summary = process(session, pipeline=PIPELINE, calibration=[root / "studio"], workers=0)
    assert not summary.failures
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Iterator[Path]:
    """Lend the processed session; whatever a test did to it is undone."""
    shutil.copytree(made, tmp_path / "kept")
    yield made
    shutil.rmtree(made)
    shutil.copytree(tmp_path / "kept", made)


def shelve(shelf: Path, what: Calibration) -> Path:
    device = what.rig.name if isinstance(what, RigCalibration) else "A"
    told = CalibrationHeader(kind_of(what), device, "olat", "test", valid_from=DAY, note="old")
    path = place_on_shelf(shelf, told.kind, device, DAY)
    write_calibration(path, told, what)
    return path


def document(root: Path, kind: str) -> Path:
    (path,) = (root / "studio").rglob(f"{kind}.toml")
    return path


def planned(root: Path, *shelves: str) -> Prepared:
    given = [root / shelf for shelf in shelves]
    return prepare(root / "session", pipeline=PIPELINE, calibration=given)


def reasons(ready: Prepared) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for task in ready.todo.tasks:
        told.setdefault(task.stage, set()).add(task.reason)
    return told


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("kind", ["sensor", "color", "rig"])
def test_words_about_a_calibration_make_nothing_again(root: Path, kind: str) -> None:
    assert planned(root, "studio").is_finished
    edit(document(root, kind), 'note = "old"', 'note = "new"\ncertified_by = "Bo"')
    assert planned(root, "studio").is_finished


def test_a_number_makes_again_what_it_matters_to_and_is_named(root: Path) -> None:
    header, color = read_calibration(document(root, "color"))
    assert isinstance(color, ColorCalibration)
    matrix = color.matrix.copy()
    matrix[0, 1] += 1e-3
    write_calibration(document(root, "color"), header, replace(color, matrix=matrix))
    told = reasons(planned(root, "studio"))
    assert told["track"] == {"changed input: radiance, reference (another color)"}
    motion = {"choose_reference", "track", "measure_motion", "track_gradients"}
    solves = {"measure_drift", "assemble_field", "solve_normals", "integrate_normals"}
    assert told.keys() == motion | solves
    for (reason,) in told.values():
        assert reason.startswith("changed input: ")
        assert reason.endswith(" (another color)")


def test_an_led_matrix_makes_no_radiance_again(root: Path) -> None:
    header, color = read_calibration(document(root, "color"))
    assert isinstance(color, ColorCalibration)
    write_calibration(document(root, "color"), header, replace(color, led_matrix=np.eye(3)))
    assert reasons(planned(root, "studio")) == {
        "solve_normals": {"changed input: color (another color)"},
        "integrate_normals": {"changed input: normals (another color)"},
    }


def test_one_site_of_a_sensor_makes_again_what_was_seen_with_it(root: Path) -> None:
    header, sensor = read_calibration(document(root, "sensor"))
    assert isinstance(sensor, SensorCalibration)
    sensor.flat[3, 4] = 0.9
    write_calibration(document(root, "sensor"), header, sensor)
    told = reasons(planned(root, "studio"))
    assert told["track"] == {"changed input: radiance, reference (another sensor)"}


class Ears(Watcher):
    """Notes what is said, and whether anything was planned by then."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def warned(self, text: str) -> None:
        """Hear a warning."""
        self.heard.append(text)

    def planned(self, *_: object) -> None:
        """Hear that the work begins."""
        self.heard.append("the work begins")


LOST = "these products were made with the certified sensor, color, rig of"


def test_a_folder_that_is_not_given_again_is_named_before_products_are_made_without_it(
    root: Path,
) -> None:
    studio, ears = root / "studio", Ears()
    (warning,) = planned(root).warnings
    assert f"{LOST} {studio}, which is not given now" in warning
    assert f'pass --calibration {studio}, or write calibration = "{studio}" under' in warning
    assert reasons(planned(root))["track"] == {
        "changed input: radiance, reference (without the certified sensor, color)"
    }
    summary = process(root / "session", pipeline=PIPELINE, workers=0, watcher=ears)
    assert ears.heard == [warning, "the work begins"]
    assert warning in summary.notes
    assert planned(root).is_finished
    assert not planned(root).warnings
    told = reasons(planned(root, "studio"))  # and back
    assert told["track"] == {
        "changed input: radiance, reference (now with the certified sensor, color)"
    }
    assert not planned(root, "studio").warnings


def test_what_the_session_names_need_not_be_given_again(root: Path) -> None:
    edit(root / "session" / "session.toml", "[session]", '[session]\ncalibration = "../studio"')
    ready = planned(root)
    assert not ready.todo.tasks
    assert not ready.warnings


def test_a_run_that_was_stopped_still_knows_what_products_were_made_with(root: Path) -> None:
    class Stop(Watcher):
        def done(self, *_: object) -> None:
            """Pull the plug after the first product."""
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process(root / "session", pipeline=PIPELINE, workers=0, watcher=Stop())
    (warning,) = planned(root).warnings
    assert LOST in warning
    told = planned(root, "studio")
    assert len(told.todo.tasks) == 1
    assert not told.warnings


def test_a_folder_that_is_gone_is_told(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.rmtree(root / "studio")
    (warning,) = planned(root).warnings
    assert f"{LOST} {root / 'studio'}, which is gone: bring it back" in warning
    olat.open(root / "session", pipeline=PIPELINE)
    assert caplog.messages == [warning]


def test_products_are_not_called_stale_for_a_folder_that_they_know_of(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    olat.open(root / "session", pipeline=PIPELINE)
    assert not caplog.messages
    edit(root / "session" / "session.toml", "white_patch = 0.8", "white_patch = 0.4")
    olat.open(root / "session", pipeline=PIPELINE)
    (message,) = caplog.messages
    assert "the session changed after these products were made" in message
    assert f"--calibration {root / 'studio'}` brings them up to date" in message


def test_a_calibration_that_left_the_session_is_told(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = root / "session" / "calibration"
    shutil.move(root / "studio", own)
    process(root / "session", pipeline=PIPELINE, workers=0)
    assert planned(root).is_finished
    next(own.rglob("color.toml")).unlink()
    (warning,) = planned(root).warnings
    assert "made with the certified color of" in warning
    assert f"{own}, where none that fits the session is now: put it back" in warning
    olat.open(root / "session", pipeline=PIPELINE)
    assert caplog.messages == [warning]


def test_python_is_warned_as_well(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    process(root / "session", pipeline=PIPELINE, workers=0)
    assert any(LOST in message for message in caplog.messages)
