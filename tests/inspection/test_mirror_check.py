"""What is a mirror ball, and what is merely glossy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.inspection.capture import inspect_capture
from olat.inspection.glances import Glances, Sweep, glances_of, sweep_of
from olat.inspection.mirror_check import is_mirror_ball
from olat.inspection.sequence_check import check_sequence
from olat.inspection.session_text import write_session
from olat.io.manifest import read_session
from olat.model.session import Session
from tests.support.lambert_sphere import spread_directions
from tests.support.sessions import simulated, studio

SIZE, RADIUS = 32, 12.0
ROWS, COLUMNS = np.indices((SIZE, SIZE)) - (SIZE - 1) / 2
DISC = np.hypot(ROWS, COLUMNS) < RADIUS
LIGHTS = spread_directions(24)


def ball(sharpness: float, diffuse: float) -> np.ndarray:
    """Return a shiny ball under each light: Blinn's lobe over Lambert's law and the room."""
    x, y = COLUMNS[DISC] / RADIUS, -ROWS[DISC] / RADIUS
    normals = np.stack([x, y, np.sqrt(np.maximum(1.0 - x * x - y * y, 0.0))], axis=1)
    half = LIGHTS + np.array([0.0, 0.0, 1.0])
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    room = 0.05 * (1.0 + normals[:, 0])
    shine = np.maximum(half @ normals.T, 0.0) ** sharpness
    return room + diffuse * np.maximum(LIGHTS @ normals.T, 0.0) + shine


def test_a_mirror_ball_in_a_room_is_one() -> None:
    assert is_mirror_ball(ball(200.0, 0.0), DISC, LIGHTS)


@pytest.mark.parametrize(("sharpness", "diffuse"), [(200.0, 0.3), (40.0, 0.1), (8.0, 0.0)])
def test_a_glossy_ball_is_none(sharpness: float, diffuse: float) -> None:
    assert not is_mirror_ball(ball(sharpness, diffuse), DISC, LIGHTS)


def test_highlights_that_stand_elsewhere_are_of_something_else(rng: np.random.Generator) -> None:
    pictures = ball(200.0, 0.0)
    assert not is_mirror_ball(pictures[rng.permutation(len(LIGHTS))], DISC, LIGHTS)
    assert not is_mirror_ball(pictures, DISC, LIGHTS * np.array([-1.0, 1.0, 1.0]))


def looked_at(session: Session) -> tuple[Glances, Sweep]:
    glances = glances_of(session, session.cameras[0])
    assert glances is not None
    sweep = sweep_of(glances, session.rig)
    assert sweep is not None
    return glances, sweep


@pytest.mark.parametrize("subject", ["gray", "cat", "buddha", "chrome"])
def test_of_real_subjects_the_chrome_ball_is_one(
    shared_data: Path, tmp_path: Path, subject: str
) -> None:
    found = inspect_capture(shared_data / "uw" / subject, encoding="linear")
    write_session(found, tmp_path)
    glances, sweep = looked_at(read_session(tmp_path))
    is_ball = is_mirror_ball(sweep.pictures, glances.matte, sweep.directions)
    assert is_ball == (subject == "chrome")


@pytest.mark.parametrize("subject", ["head", "sphere"])
def test_glossy_skin_is_no_mirror(tmp_path: Path, subject: str) -> None:
    simulated(tmp_path, size=64, lights=24, tracking_every=0, subject=subject, material="phong")
    glances, sweep = looked_at(read_session(tmp_path))
    assert not is_mirror_ball(sweep.pictures, glances.matte, sweep.directions)


def test_ball_sweeps_taken_for_a_subject_are_told_apart(tmp_path: Path) -> None:
    from olat.synthetic.session import write_session as write_capture

    few = {"chart": False, "boards": 0, "leds": False, "ball_places": 1, "gray_ball": True}
    stage = studio(size=64, lights=30, tracking_every=0, targets=few)
    write_capture(tmp_path, stage.model_copy(update={"light_file": "exact"}))
    manifest = tmp_path / "session.toml"
    text = manifest.read_text("utf-8")
    sweeps = {}
    for word in ("mirror_ball_sweep", "gray_ball_sweep"):
        (line,) = [line for line in text.splitlines() if line.startswith(f"{word} = ")]
        sweeps[word] = line.partition('"')[2].rstrip('"')
    head = text[: text.index("[sequence]")]
    told = {}
    for word, frames in sweeps.items():
        manifest.write_text(f'{head}[sequence]\nframes = "{frames}"\n', encoding="utf-8")
        told[word] = check_sequence(read_session(tmp_path)).not_judged
    assert any(
        f'mirror_ball_sweep = "{sweeps["mirror_ball_sweep"]}"' in one
        for one in told["mirror_ball_sweep"]
    )
    assert not any("mirror ball" in one for one in told["gray_ball_sweep"])
