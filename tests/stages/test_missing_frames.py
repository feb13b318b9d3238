"""A pipeline without the frames that it needs says which those are."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from olat.api.processing import prepare
from olat.cli.process import command
from olat.stages.missing_frames import missing_frames, nothing_made
from tests.support.bare_sweep import bare_sweep


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Return a session of a bare sweep."""
    return bare_sweep(tmp_path)


def lacks(session: Path, pipeline: str) -> dict[str, str]:
    return missing_frames(prepare(session, pipeline=pipeline).desk.keys)


def test_what_measures_says_which_targets_it_lacks(session: Path) -> None:
    assert lacks(session, "calibrate_rig") == {
        "locate_lights": "mirror_ball_sweep frames",
        "measure_lights": "gray_ball_sweep or mirror_ball_sweep frames",
    }
    found = lacks(session, "calibrate_camera")
    assert found["measure_sensor"] == "dark or flat frames"
    assert found["measure_color"] == "chart, led_red, led_green or led_blue frames"
    assert found["measure_lens"] == "board frames"


def test_only_stages_that_have_nothing_to_run_on_lack_something(session: Path) -> None:
    found = lacks(session, "standard")
    assert found["track"] == "tracking frames"
    assert found["track_gradients"] == (
        "tracking frames and gradient, white gradient or polarized frames"
    )
    assert not {"assemble_field", "solve_normals"} & set(found)
    assert nothing_made(prepare(session).desk.keys) == ""


def test_people_and_machines_are_told_instead_of_all_0_products_stand(session: Path) -> None:
    for _ in range(2):  # also when there was nothing to do before
        done = CliRunner().invoke(
            command, [str(session), "--pipeline", "calibrate_rig"], obj={"traceback": False}
        )
        assert done.exit_code == 0
        assert "note: calibrate_rig makes nothing of this session" in done.stderr
        assert "locate_lights needs mirror_ball_sweep frames; measure_lights needs" in done.stderr
        assert "stand" not in done.stderr
        assert done.stderr.splitlines()[-1] == (
            "Nothing made: calibrate_rig has no frames here to run on."
        )
    planned = CliRunner().invoke(
        command, [str(session), "--dry-run", "--pipeline", "calibrate_rig"]
    )
    assert "nothing: needs mirror_ball_sweep frames, and there are none" in planned.stdout
