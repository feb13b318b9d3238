"""A rig rests on measurements, or is not made; what a ball did not tell is told apart."""

from __future__ import annotations

import datetime
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from olat.api.certification import Certified, Terms, certify
from olat.api.processing import process
from olat.cli.fit_words import fit_words
from olat.engine.receipt import Receipt, read_receipt
from olat.errors import CalibrationError
from olat.io.calibration_file import read_calibration, write_calibration
from olat.io.manifest import read_session
from olat.model.calibration import CalibrationHeader, RigCalibration
from olat.stages.calibrations import Calibrations
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from tests.support.sessions import studio

DAY = datetime.date(2026, 11, 23)
FROM_FILE = Terms(valid_from=DAY, insist=True)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a session without balls."""
    session, folder = (tmp_path_factory.mktemp(name) for name in ("tiny", "subject"))
    write_session(session, SyntheticStage(size=64, lights=20, tracking_every=7))
    folder.rmdir()
    return without(session, "(?:mirror|gray)_ball", folder)


def old_candidate(session: Path, **residuals: float) -> Path:
    """Put a rig where `calibrate_rig` keeps what it measured, as older versions made it."""
    path = session / "olat-calibration-rig" / "A" / "lights.toml"
    rig = read_session(session).rig
    header = CalibrationHeader("rig", rig.name, "olat", "test")
    files = write_calibration(path, header, RigCalibration(rig, residuals=residuals))
    sizes = {file.name: file.stat().st_size for file in files}
    receipt = Receipt("old", "measure_lights", 4, "A", None, {}, {}, {}, sizes, 0.0, 0.0)
    receipt.write(path.with_name("lights.receipt.json"))
    return path


def test_without_ball_frames_no_rig_is_made(subject: Path) -> None:
    summary = process(subject, pipeline="calibrate_rig", workers=0)
    assert not any(stage["planned"] for stage in summary.stages.values())
    assert not summary.products
    with pytest.raises(CalibrationError, match="nothing was measured"):
        certify(subject, terms=FROM_FILE)


def test_a_rig_of_frames_that_the_session_does_not_have_is_refused(
    subject: Path, tmp_path: Path
) -> None:
    session = Path(shutil.copytree(subject, tmp_path / "session"))
    old_candidate(session)
    with pytest.raises(CalibrationError, match=r"lights.toml: .*\(the session has no frames for"):
        certify(session, terms=FROM_FILE)


@pytest.fixture(scope="module")
def balls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a session with both balls."""
    folder = tmp_path_factory.mktemp("balls")
    few = {"chart": False, "boards": 0, "leds": False, "ball_places": 1}
    write_session(folder, studio(size=96, lights=12, tracking_every=0, targets=few))
    return folder


def without(session: Path, ball: str, folder: Path) -> Path:
    """Return a session on the same photographs, of which those of a ball are skipped."""
    text = (session / "session.toml").read_text("utf-8")
    found = re.findall(rf'^{ball}(?:_sweep)? = "(.*)"\n', text, flags=re.MULTILINE)
    assert found
    text = re.sub(rf"^{ball}(_sweep)? = .*\n", "", text, flags=re.MULTILINE)
    text = text.replace("[sequence] ", f'[sequence]\nskip = "{",".join(found)}"\n#')
    text = re.sub(r"\[\[override\]\]\n(?:.+\n)+", "", text)  # which name skipped frames
    text = text.replace('"raw/', f'"{session}/raw/').replace(
        '"lights.csv', f'"{session}/lights.csv'
    )
    folder.mkdir()
    (folder / "session.toml").write_text(text, encoding="utf-8")
    return folder


def measured(session: Path) -> tuple[RigCalibration, Certified]:
    """Measure the rig of a session and certify it."""
    assert not process(session, pipeline="calibrate_rig", workers=0).failures
    (item,) = certify(session, terms=Terms(by="a test", insist=True))
    _, found = read_calibration(item.document)
    assert isinstance(found, RigCalibration)
    return found, item


@pytest.mark.slow
def test_a_gray_ball_alone_tells_no_directions_and_that_is_told(
    balls: Path, tmp_path: Path
) -> None:
    session = without(balls, "mirror_ball", tmp_path / "gray")
    found, item = measured(session)
    assert found.unmeasured == item.unmeasured == ("directions",)
    np.testing.assert_allclose(
        found.rig.directions, read_session(session).rig.directions, rtol=0, atol=1e-6
    )
    assert "mean_relative_sigma" in found.residuals
    assert "mean_sigma_deg" not in found.residuals
    words = fit_words(item).splitlines()
    assert words[1] == "  directions were not measured: those of the light file"
    (used,) = [note for note in Calibrations(read_session(session)).notes() if "Calibrated" in note]
    assert "rig of 'synthetic-12' from 2026-11-23 (directions not measured, but those of" in used


@pytest.mark.slow
def test_a_mirror_ball_alone_tells_both_and_how(balls: Path, tmp_path: Path) -> None:
    found, item = measured(without(balls, "gray_ball", tmp_path / "mirror"))
    assert found.unmeasured == item.unmeasured == ()
    assert {"mean_sigma_deg", "mean_relative_sigma", "white_green"} <= set(found.residuals)
    assert found.residuals["off_mirror_lights"] + found.residuals["unmeasured_lights"] == 12


@pytest.mark.slow
def test_a_rig_without_residuals_is_refused_however_much_somebody_insists(
    balls: Path, tmp_path: Path
) -> None:
    session = without(balls, "mirror_ball", tmp_path / "gray")
    assert not process(session, pipeline="calibrate_rig", workers=0).failures
    path = session / "olat-calibration-rig" / "A" / "lights.toml"
    header, calibration = read_calibration(path)
    for changes, words in (
        ({"residuals": {}}, "it lacks mean_relative_sigma"),
        ({"unmeasured": ()}, "it lacks outline_rms_px, mean_sigma_deg"),
        ({"unmeasured": ("directions", "intensities")}, "nothing of it was measured"),
    ):
        write_calibration(path, header, replace(calibration, **changes))
        known = read_receipt(path.with_name("lights.receipt.json"))
        assert known is not None
        sizes = {**known.outputs, path.name: path.stat().st_size}
        replace(known, outputs=sizes).write(path.with_name("lights.receipt.json"))
        with pytest.raises(CalibrationError, match=rf"how well it fits: {words}; needed is"):
            certify(session, terms=FROM_FILE)
