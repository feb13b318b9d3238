"""The commands of the README, as printed, on a capture that nobody wrote a manifest for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from olat.cli.main import cli
from olat.errors import SessionError
from olat.io.manifest import read_session
from olat.synthetic.session import write_session
from tests.support.sessions import studio

ROOT = Path(__file__).resolve().parents[2]
FEW = {"chart": False, "boards": 0, "leds": False, "ball_places": 1}


def run(line: str) -> Result:
    return CliRunner().invoke(cli, shlex.split(line)[1:])


def printed(*, last: str) -> list[str]:
    """Return the first commands of the README on a capture of one's own, without remarks."""
    text = (ROOT / "README.md").read_text("utf-8").split("## Your own capture")[1]
    lines = [line.partition("  #")[0].strip() for line in text.splitlines()]
    found = [line for line in lines if line.startswith("olat ")]
    return found[: found.index(last) + 1]


@pytest.mark.slow
def test_a_studio_is_calibrated_by_the_commands_as_they_are_printed(tmp_path: Path) -> None:
    taken, session = tmp_path / "taken", tmp_path / "session"
    write_session(taken, studio(size=96, lights=12, tracking_every=0, targets=FEW))
    capture = taken / "raw" / "A"
    (taken / "lights.csv").rename(capture / "lights.csv")
    init, *calibration = printed(last="olat certify SESSION --only rig")
    assert len(calibration) == 4
    places = {"CAPTURE": str(capture), "SESSION": str(session)}

    def here(line: str) -> str:
        return re.sub("CAPTURE|SESSION", lambda word: places[word[0]], line)

    # Which frames show a target only the photographer knows: init says so, then it is written.
    told = run(f"{here(init)} --lights {capture / 'lights.csv'}")
    assert isinstance(told.exception, SessionError)
    noted = (taken / "session.toml").read_text("utf-8").split("[sequence]")[1]
    manifest = session / "session.toml"
    begun = manifest.read_text("utf-8").split("[sequence]")[0]
    manifest.write_text(f"{begun}[sequence]{noted}", encoding="utf-8")
    for line in calibration:
        done = run(f"{here(line)}{' --workers 0' if ' process ' in line else ''}")
        assert done.exit_code == 0, (line, done.output, done.exception)
    shelf = session / "calibration"
    assert (shelf / "cameras" / "A" / "2026-11-23" / "sensor.toml").is_file()
    (rig,) = shelf.glob("rigs/*/2026-11-23/rig.toml")
    assert rig.parent.parent.name == read_session(session).rig.name
