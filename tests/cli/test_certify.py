"""What ``olat certify`` prints, and how it answers what it cannot take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from olat.api.certification import Certified
from olat.api.processing import process
from olat.cli.certify import command
from olat.cli.fit_words import fit_words
from olat.errors import UsageError
from olat.synthetic.session import write_session
from tests.support.sessions import studio


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small session whose sensor was measured."""
    folder = tmp_path_factory.mktemp("certify")
    few = {"chart": False, "boards": 0, "leds": False, "ball_places": 0, "gray_ball": False}
    write_session(folder, studio(size=64, lights=12, tracking_every=0, targets=few))
    assert not process(folder, pipeline="calibrate_camera", workers=0).failures
    return folder


def certify(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def test_residuals_are_told_a_line_each_with_unit_and_limit(measured: Path, tmp_path: Path) -> None:
    done = certify(str(measured), "--to", str(tmp_path))
    print(done.stdout)
    assert done.exit_code == 0
    head, *lines, place = done.stdout.splitlines()
    assert head == "sensor of A, from 2026-11-23 on"
    assert place == f"  {tmp_path}/cameras/A/2026-11-23/sensor.toml"
    assert all(len(line) <= 80 for line in lines)
    (linear,) = [line for line in lines if line.startswith("  linearity ")]
    assert linear.endswith("%        (limit 2 %)")
    judged = ["(limit" in line for line in lines]
    assert judged == sorted(judged, reverse=True)  # what decides comes first
    assert sum(judged) == 2


def test_machines_are_told_the_limits_too(measured: Path, tmp_path: Path) -> None:
    (item,) = json.loads(certify(str(measured), "--to", str(tmp_path), "--json").stdout)[
        "certified"
    ]
    assert item["limits"] == {"gain_fit_percent": 10.0, "linearity_percent": 2.0}
    assert item["limits"].keys() < item["residuals"].keys()


def test_the_picture_goes_along(measured: Path, tmp_path: Path) -> None:
    (item,) = json.loads(certify(str(measured), "--to", str(tmp_path), "--json").stdout)[
        "certified"
    ]
    drawn = measured / "olat-calibration-camera" / "A" / "sensor.png"
    assert Path(item["picture"]) == Path(item["file"]).with_suffix(".png")
    assert Path(item["picture"]).read_bytes() == drawn.read_bytes()


def test_numbers_stand_below_each_other_and_what_is_too_much_is_marked() -> None:
    residuals = {"views": 12.0, "rms_px": 1.234, "linear_to_dn": 13836.5, "dark_exposure_s": 0.0166}
    item = Certified("lens", "A", Path("2026-05-17/lens.toml"), residuals, {"rms_px": 1.0})
    assert fit_words(item).splitlines() == [
        "lens of A, from 2026-05-17 on",
        "  reprojection                          1.23   px       (limit 1 px, exceeded)",
        "  views                                12",
        "  linear up to                      13836      DN",
        "  dark exposure                         0.0166 s",
    ]
    assert len(fit_words(item, judged_only=True).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("17.5.2026", "did you mean --valid-from 2026-05-17?"),
        ("2026/05/17", "did you mean --valid-from 2026-05-17?"),
        ("2026-02-31", "as in --valid-from 2026-05-17."),
        ("5/6/2026", "as in --valid-from 2026-05-17."),
        ("tomorrow", "as in --valid-from 2026-05-17."),
        ("", "as in --valid-from 2026-05-17."),
    ],
)
def test_a_day_that_is_none_is_answered_with_how_to_write_it(
    measured: Path, text: str, advice: str
) -> None:
    done = certify(str(measured), "--valid-from", text)
    assert isinstance(done.exception, UsageError)
    assert str(done.exception) == (
        f"--valid-from {text!r}: needed is a day of the calendar as YYYY-MM-DD; {advice}"
    )


def test_a_day_counts(measured: Path, tmp_path: Path) -> None:
    certify(str(measured), "--to", str(tmp_path), "--valid-from", "2026-05-17")
    assert (tmp_path / "cameras" / "A" / "2026-05-17" / "sensor.toml").is_file()
