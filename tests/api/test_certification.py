"""What is admitted to a shelf, and what is not."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import numpy as np
import pytest

from olat.api.certification import LIMITS, Terms, certify
from olat.api.processing import process
from olat.errors import CalibrationError, FileError, UsageError
from olat.io.calibration_file import read_calibration, write_calibration
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from tests.support.sessions import studio

ROOT = Path(__file__).resolve().parents[2]
DAY = datetime.date(2026, 11, 23)


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """Return a small session whose sensor was measured."""
    few = {"chart": False, "boards": 0, "leds": False, "ball_places": 0, "gray_ball": False}
    write_session(tmp_path, studio(size=64, lights=12, tracking_every=0, targets=few))
    assert not process(tmp_path, pipeline="calibrate_camera", workers=0).failures
    return tmp_path


def test_what_was_measured_is_shelved_with_who_said_so(measured: Path, tmp_path: Path) -> None:
    terms = Terms(by="Bo", note="after cleaning")
    (item,) = certify(measured, terms=terms, folder=tmp_path / "shelf")
    assert item.document == tmp_path / "shelf/cameras/A/2026-11-23/sensor.toml"
    header, calibration = read_calibration(item.document)
    assert (header.certified_by, header.note, header.valid_from) == ("Bo", "after cleaning", DAY)
    assert header.serial == "OLAT-0001"
    assert dict(calibration.residuals) == item.residuals


def test_a_day_that_is_taken_is_replaced_only_by_force(measured: Path) -> None:
    certify(measured)
    with pytest.raises(CalibrationError, match="is certified from that day on already"):
        certify(measured)
    certify(measured, terms=Terms(insist=True))
    certify(measured, terms=Terms(valid_from=DAY + datetime.timedelta(days=1)))


@pytest.mark.parametrize("value", [2.1, np.nan])
def test_what_fits_badly_is_admitted_only_by_force(measured: Path, value: float) -> None:
    path = measured / "olat-calibration-camera" / "A" / "sensor.toml"
    header, calibration = read_calibration(path)
    size = path.stat().st_size
    write_calibration(
        path,
        header,
        type(calibration)(
            **{name: getattr(calibration, name) for name in calibration.__dataclass_fields__}
            | {"residuals": {**calibration.residuals, "linearity_percent": value}}
        ),
    )
    # A receipt knows the size of its files.
    path.write_text(path.read_text("utf-8").rstrip() + "\n", encoding="utf-8")
    text = path.read_text("utf-8")
    path.write_text(text + "#" * (size - len(text.encode()) - 1) + "\n", encoding="utf-8")
    with pytest.raises(CalibrationError, match=r"linearity_percent is .* \(at most 2\)"):
        certify(measured)
    assert certify(measured, terms=Terms(insist=True))


def test_what_would_be_measured_anew_is_refused(measured: Path) -> None:
    raw = measured / "raw" / "A"
    dark = sorted(raw.glob("*.dng"))[0]
    dark.write_bytes(sorted(raw.glob("*.dng"))[1].read_bytes())
    with pytest.raises(CalibrationError, match=r"not what would be measured now \(changed input"):
        certify(measured, terms=Terms(insist=True))


def test_a_damaged_candidate_is_refused(measured: Path) -> None:
    path = measured / "olat-calibration-camera" / "A" / "sensor.toml"
    path.write_text("", encoding="utf-8")
    with pytest.raises(CalibrationError, match="a file of it is missing or has another size"):
        certify(measured)


@pytest.mark.parametrize(
    ("only", "kinds", "pipeline"),
    [
        (["color"], "there is no color calibration", "calibrate_camera"),
        (["sensor", "rig"], "there is no rig calibration", "calibrate_rig"),
    ],
)
def test_a_kind_that_was_not_measured_is_told_with_what_was_and_what_measures_it(
    measured: Path, only: list[str], kinds: str, pipeline: str
) -> None:
    with pytest.raises(CalibrationError) as told:
        certify(measured, only=only)
    lines = str(told.value).splitlines()
    assert lines[0] == f"{measured}: {kinds}: measured were sensor. Measure first:"
    assert lines[1] == f"  olat process {measured} --pipeline {pipeline}"
    assert lines[2].startswith(f"    {only[-1]} from ")
    assert len(lines) == 3
    assert not (measured / "calibration").exists()


def test_nothing_measured_at_all_is_told_with_what_measures(tmp_path: Path) -> None:
    write_session(tmp_path, SyntheticStage.preset("tiny"))
    with pytest.raises(CalibrationError) as told:
        certify(tmp_path, terms=Terms(valid_from=DAY))
    assert str(told.value).splitlines() == [
        f"{tmp_path}: nothing was measured. Measure first:",
        f"  olat process {tmp_path} --pipeline calibrate_camera",
        "    sensor from dark and flat frames; color from a chart frame; lens from board frames",
        f"  olat process {tmp_path} --pipeline calibrate_rig",
        "    rig from sweeps over a mirror ball or a gray ball",
    ]


@pytest.mark.parametrize(
    ("old", "new", "table"),
    [
        (r"linearity_percent = \d", "linearity_percent = 9", "residuals"),
        (r"dn_per_electron = \d", "dn_per_electron = 7", "sensor"),
        ('serial = "OLAT-0001"', 'serial = "OLAT-0002"', "header"),
    ],
)
def test_a_candidate_that_was_edited_in_place_is_refused(
    measured: Path, old: str, new: str, table: str
) -> None:
    path = measured / "olat-calibration-camera" / "A" / "sensor.toml"
    text = path.read_text("utf-8")
    edited = re.sub(old, new, text, count=1)
    assert len(edited) == len(text)
    assert edited != text
    path.write_text(edited, encoding="utf-8")
    with pytest.raises(CalibrationError, match=rf"\[{table}\] was changed by hand after it was"):
        certify(measured, terms=Terms(insist=True))


def test_a_candidate_whose_seal_was_taken_off_is_refused(measured: Path) -> None:
    path = measured / "olat-calibration-camera" / "A" / "sensor.toml"
    text = path.read_text("utf-8")
    opened = re.sub(r'(\[digests\](?:.*\n)*?)r(esiduals = ".*\n)', r"\1#\2", text)
    assert opened != text
    assert len(opened) == len(text)  # receipts tell another size anyway
    path.write_text(opened, encoding="utf-8")
    with pytest.raises(CalibrationError, match=r"\[residuals\] was changed by hand after it was"):
        certify(measured)


def test_a_candidate_whose_maps_were_changed_in_place_is_refused(measured: Path) -> None:
    path = measured / "olat-calibration-camera" / "A" / "sensor.exr"
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"sensor\.exr: it is not as it was written together"):
        certify(measured, terms=Terms(insist=True))


def test_a_session_without_a_day_is_told_what_its_photographs_say(measured: Path) -> None:
    manifest = measured / "session.toml"
    text = manifest.read_text("utf-8")
    assert "date = 2026-11-23\n" in text
    manifest.write_text(text.replace("date = 2026-11-23\n", ""), encoding="utf-8")
    words = (
        r"Write date = 2026-11-23 under \[session\], as its photographs say, or say --valid-from"
    )
    with pytest.raises(UsageError, match=words):
        certify(measured)


def test_every_limit_is_on_something_that_is_measured() -> None:
    folders = ("sensor", "light", "geometry", "stages")
    sources = [p.read_text("utf-8") for f in folders for p in (ROOT / "olat" / f).glob("*.py")]
    page = (ROOT / "docs" / "calibration.md").read_text("utf-8")
    for name, limit in LIMITS.items():
        assert any(f'"{name}"' in source for source in sources), name
        assert f"`{name}`" in page
        assert limit > 0
