from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from olat.inspection.capture import inspect_capture
from olat.inspection.glances import Sweep, glances_of, sweep_of
from olat.inspection.level_check import level_findings
from olat.inspection.neighbor_model import features, model_of
from olat.inspection.order_check import order_finding
from olat.inspection.sequence_check import check_sequence
from olat.inspection.session_text import write_session
from olat.inspection.verdict import SequenceFinding, SequenceVerdict
from olat.io.manifest import read_session
from olat.model.condition import Tracking
from olat.model.rig import LightRig
from olat.model.session import Session
from tests.support import faults
from tests.support.lambert_sphere import sphere_pictures, spread_directions, write_pictures
from tests.support.sessions import simulated

FACES = "yale/yaleB01"


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("capture")
    simulated(folder, size=64, lights=60, near_lights=False)
    return folder


@pytest.fixture
def session(capture: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(capture, tmp_path / "session"))


def real(shared_data: Path, name: str, folder: Path) -> Session:
    """Return a session on real photographs."""
    write_session(inspect_capture(shared_data / name, encoding="linear"), folder)
    return read_session(folder)


def sweep_in(session: Session) -> Sweep:
    glances = glances_of(session, session.cameras[0])
    assert glances is not None
    sweep = sweep_of(glances, session.rig)
    assert sweep is not None
    return sweep


def ordered(sweep: Sweep, order: np.ndarray) -> SequenceFinding | None:
    """Return what is found if each frame holds the picture of another one."""
    relative = sweep.relative.copy()
    relative[sweep.rows] = sweep.relative[sweep.rows][order]
    moved = replace(sweep, pictures=sweep.pictures[order], relative=relative)
    pictures = features(relative, sweep.rows)[sweep.rows]
    return order_finding(moved, model_of(sweep.directions, pictures), pictures)


def swapped(count: int, first: int, second: int) -> np.ndarray:
    order = np.arange(count)
    order[[first, second]] = second, first
    return order


@pytest.mark.parametrize("name", ["uw/gray", "uw/cat", "uw/buddha", "uw/chrome", "yale/yaleB01"])
def test_real_photographs_as_they_were_taken_raise_nothing(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    verdict = check_sequence(real(shared_data, name, tmp_path))
    print(f"{name}: {verdict.not_judged}")
    assert verdict.findings == ()


def test_what_a_mirror_and_a_statue_cannot_tell_is_said(shared_data: Path, tmp_path: Path) -> None:
    mirror = check_sequence(real(shared_data, "uw/chrome", tmp_path / "mirror"))
    told = "camera 'A', frames 0-11: they look like a mirror ball under one light each"
    assert mirror.not_judged[0].startswith(told)
    assert 'say mirror_ball_sweep = "0-11" under [sequence] of session.toml' in mirror.not_judged[0]
    statue = check_sequence(real(shared_data, "uw/buddha", tmp_path / "statue"))
    assert "does not lean clearly enough to judge the axes" in statue.not_judged[0]


def test_a_flash_that_failed_and_one_at_half_power_are_found_in_a_public_data_set(
    shared_data: Path, tmp_path: Path
) -> None:
    """One picture of this face is as dark as the ambient one, and one half as bright as others."""
    session = real(shared_data, "yale/yaleB02", tmp_path)
    found = {item.frames[0]: item for item in check_sequence(session).findings}
    names = {frame.index: frame.path.stem for frame in session.frames}
    for frame, item in found.items():
        print(f"{names[frame]}: {item.kind}")
    assert {names[frame][-8:]: item.kind for frame, item in found.items()} == {
        "+095E+00": "dead_light",
        "+020E-10": "light_level",
    }
    assert all(item.severity == "warning" for item in found.values())


@pytest.mark.parametrize("name", ["uw/gray", "uw/cat", FACES])
def test_faults_of_real_photographs_are_found(shared_data: Path, tmp_path: Path, name: str) -> None:
    sweep = sweep_in(real(shared_data, name, tmp_path))
    count = len(sweep.frames)
    plan = np.arange(count)
    told = {"swapped": 0, "dropped": 0, "doubled": 0, "shifted": 0}
    places = range(2, count - 3, max(1, count // 8))
    for place in places:
        found = {
            "swapped": ordered(sweep, swapped(count, place, (place + count // 2) % count)),
            "dropped": ordered(sweep, np.array([*plan[:place], *plan[place + 1 :], plan[-1]])),
            "doubled": ordered(sweep, np.array([*plan[: place + 1], *plan[place:-1]])),
            "shifted": ordered(sweep, np.roll(plan, -1 - place % 3)),
        }
        frames = {
            "swapped": sorted((place, (place + count // 2) % count)),
            "dropped": [place],
            "doubled": [place, place + 1],
            "shifted": [],
        }
        for kind, item in found.items():
            named = item is not None and list(item.frames) == [
                sweep.frames[place] for place in frames[kind]
            ]
            told[kind] += named and item.kind == kind
    print(f"{name}: of {len(places)} each, found and named rightly: {told}")
    assert min(told.values()) >= len(places) - 1


def test_every_light_that_the_camera_sees_is_known_when_it_is_dim_or_dead(capture: Path) -> None:
    sweep = sweep_in(read_session(capture))
    front = np.flatnonzero(sweep.directions[:, 2] > -0.1)
    found = {0.7: 0, 0.0: 0}
    for place in front:
        for part in found:
            pictures, relative = sweep.pictures.copy(), sweep.relative.copy()
            pictures[place] *= part
            relative[sweep.rows[place]] *= part
            spoiled = replace(sweep, pictures=pictures, relative=relative)
            values = features(relative, sweep.rows)[sweep.rows]
            told = level_findings(spoiled, model_of(sweep.directions, values))
            kind = "light_level" if part else "dead_light"
            found[part] += [(item.kind, item.lights) for item in told] == [
                (kind, (int(sweep.lights[place]),))
            ]
    print(f"of {len(front)} lights: {found[0.7]} known at -30 %, {found[0.0]} known dead")
    assert found[0.0] == len(front)
    assert found[0.7] >= len(front) - 1


def test_a_declared_level_is_no_fault(session: Path) -> None:
    faults.dim_light(session, faults.frame_of(session, 24))
    (told,) = check_sequence(read_session(session)).findings
    assert (told.kind, told.lights) == ("light_level", (24,))
    part = int(told.words.split("gives ")[1].split("%")[0])
    assert part == pytest.approx(70, abs=5)
    path = session / "lights.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[25].split(",")
    lines[25] = ",".join([*cells[:4], *(f"{0.7 * float(value):.4f}" for value in cells[4:])])
    path.write_text("\n".join(lines), encoding="utf-8")
    assert check_sequence(read_session(session)).findings == ()


def test_a_light_that_is_declared_dark_is_left_out(session: Path) -> None:
    faults.kill_light(session, faults.frame_of(session, 24))
    told = read_session(session)
    colors = told.rig.intensities.copy()
    colors[24] = 0.0
    rig = LightRig(told.rig.name, told.rig.directions, colors)
    assert check_sequence(replace(told, rig=rig)).findings == ()


def test_lights_that_nobody_located_raise_nothing_but_tracking_is_judged(session: Path) -> None:
    told = read_session(session)
    unlocated = replace(told, rig=LightRig.unlocated("stage", len(told.rig)))
    verdict = check_sequence(unlocated)
    assert verdict.findings == ()
    assert "nobody says yet where the lights are" in verdict.not_judged[0]
    faults.drop_and_renumber(session, faults.frame_of(session, 24))
    (told_lost,) = check_sequence(unlocated).findings
    assert told_lost.kind == "dropped"
    assert told_lost.frames == tuple(range(28, 39))
    assert "from frame 28 to 38" in told_lost.words


def test_black_is_judged_from_the_sweep_where_there_is_no_dark_frame(session: Path) -> None:
    told = read_session(session)
    lit = tuple(frame for frame in told.frames if frame.index > 1)
    without = replace(told, frames=lit)
    assert check_sequence(without).findings == ()
    faults.offset_black(session)
    (found,) = check_sequence(without).findings
    assert found.kind == "black_level"
    assert "black level off by +6" in found.words


def test_frames_that_cannot_be_read_are_left_to_their_own_task(session: Path) -> None:
    faults.truncate_file(session, faults.frame_of(session, 24))
    assert check_sequence(read_session(session)).findings == ()


def test_flicker_is_told_from_a_moving_subject(tmp_path: Path) -> None:
    simulated(tmp_path, size=64, lights=60, sway_px=4.0)
    assert check_sequence(read_session(tmp_path)).findings == ()
    faults.flicker(tmp_path, 0.05)
    told = check_sequence(read_session(tmp_path)).findings
    assert [item.kind for item in told] == ["flicker"]
    frames = read_session(tmp_path).frames
    lit = tuple(frame.index for frame in frames if frame.condition == Tracking())
    assert told[0].frames == lit


def two_cameras(folder: Path, directions: np.ndarray, seen: np.ndarray) -> Session:
    """Write a sphere as two cameras see it, the second of which looks from elsewhere."""
    for name, lights in (("A", directions), ("B", seen)):
        pictures = sphere_pictures(lights, size=64) * 0.9
        write_pictures([folder / name / f"{light}.png" for light in range(len(lights))], pictures)
    table = "\n".join(",".join(f"{value:.6f}" for value in light) for light in directions)
    (folder / "lights.csv").write_text("x,y,z\n" + table, encoding="utf-8")
    cameras = "\n".join(
        f'[camera.{name}]\nfiles = "{name}/{{frame}}.png"\nencoding = "linear"' for name in "AB"
    )
    (folder / "session.toml").write_text(
        f'schema = 1\n[session]\nname = "two"\n[rig]\nlights = "lights.csv"\n{cameras}\n',
        encoding="utf-8",
    )
    return read_session(folder)


def test_a_camera_at_the_side_does_not_speak_against_the_axes(tmp_path: Path) -> None:
    directions = spread_directions(40)
    verdict = check_sequence(
        two_cameras(tmp_path, directions, directions[:, [2, 1, 0]] * [-1, 1, 1])
    )
    assert verdict.findings == ()
    assert "axes are judged of the first camera alone" in verdict.not_judged[0]


def test_each_camera_has_findings_of_its_own(tmp_path: Path) -> None:
    directions = spread_directions(40)
    (found,) = check_sequence(
        two_cameras(tmp_path, directions, directions[swapped(40, 3, 9)])
    ).findings
    assert (found.camera, found.kind, found.lights) == ("B", "swapped", (3, 9))


def test_a_verdict_survives_json(session: Path) -> None:
    faults.swap_frames(session, 9, 10)
    verdict = check_sequence(read_session(session))
    assert len(verdict.refusals) == 1
    assert verdict.warnings == ()
    again = SequenceVerdict.from_dict(json.loads(json.dumps(verdict.as_dict())))
    assert again == verdict
    assert verdict.as_finding().value == "contradict the manifest: swapped"


@pytest.mark.parametrize("count", [4, 9])
def test_few_lights_are_not_judged(tmp_path: Path, count: int) -> None:
    simulated(tmp_path, size=32, lights=count, tracking_every=0)
    faults.swap_frames(tmp_path, 5, 6)
    verdict = check_sequence(read_session(tmp_path))
    assert verdict.findings == ()
    assert verdict.not_judged == (
        f"camera 'A': {count} OLAT frames; their order is judged from 10 on.",
    )


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda session: faults.shift_capture(session, -1), "offset by +1"),
        (lambda session: faults.shift_capture(session, 2), "offset by -2"),
    ],
)
def test_a_whole_capture_that_is_offset_is_told_by_how_much(
    session: Path, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(session)
    (found,) = check_sequence(read_session(session)).findings
    assert found.kind == "offset"
    assert words in found.words


def test_full_on_frames_at_random_places_are_named_as_they_are_seen(session: Path) -> None:
    faults.swap_frames(session, 16, 17)
    faults.swap_frames(session, 38, 37)
    found = check_sequence(read_session(session)).findings[0]
    assert found.kind == "offset"
    assert "16 (+1), 38 (-1)" in found.words
    assert found.severity == "refusal"
