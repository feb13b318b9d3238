"""Which frames are one condition at several exposures, and what that makes of their gains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.errors import SessionError
from olat.io.manifest import read_session
from olat.model.condition import Olat, Tracking
from olat.model.session import Session

HEAD = """schema = 1
[session]
name = "brackets"
[rig]
lights = "lights.txt"
[camera.A]
files = "raw/{frame:03d}.png"
"""
TIMES = "exposures_s = [0.1, 0.025]\n"


def session(folder: Path, frames: int, text: str, *, lights: int = 3, table: str = "") -> Session:
    """Return what a manifest makes of empty pictures and a ring of lights."""
    (folder / "raw").mkdir()
    for frame in range(frames):
        (folder / "raw" / f"{frame:03d}.png").touch()
    angles = np.linspace(0.0, 2 * np.pi, lights, endpoint=False)
    np.savetxt(folder / "lights.txt", np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1))
    (folder / "frames.csv").write_text(table)
    (folder / "session.toml").write_text(HEAD + text)
    return read_session(folder)


def brackets(found: Session) -> dict[int, tuple[int, ...]]:
    return {frame.index: frame.bracket for frame in found.frames}


def test_frames_in_a_row_are_one_condition(tmp_path: Path) -> None:
    """A dark frame, a tracking bracket in front and after light 1, three lights."""
    rule = '[sequence]\nbracket = 2\ndark = 0\ntracking = "1-2,7-8"\n' + TIMES
    found = session(tmp_path, 11, rule)
    frames = found.frames_of("A")
    assert [frames[index].condition for index in (3, 4, 5, 6, 9, 10)] == [
        Olat(light) for light in (0, 0, 1, 1, 2, 2)
    ]
    assert brackets(found) == {
        0: (),
        **dict.fromkeys((1, 2), (1, 2)),
        **dict.fromkeys((3, 4), (3, 4)),
        **dict.fromkeys((5, 6), (5, 6)),
        **dict.fromkeys((7, 8), (7, 8)),
        **dict.fromkeys((9, 10), (9, 10)),
    }
    assert [index for index, frame in frames.items() if not frame.leads] == [2, 4, 6, 8, 10]


def test_gains_bring_all_frames_to_the_exposure_of_the_first_olat_frame(tmp_path: Path) -> None:
    rule = (
        '[sequence]\nbracket = 2\ndark = 0\ntracking = "1-2"\n'
        + TIMES
        + "[drive]\ntracking = 0.5\n"
        + '[[override]]\nframes = "0"\nexposure_s = 0.2\n'
        + '[[override]]\nframes = "4"\nexposure_s = 0.02\ngain = 3.0\n'
    )
    frames = session(tmp_path, 9, rule).frames_of("A")
    gains = [frames[index].gain for index in (0, 1, 2, 3, 4, 6)]
    np.testing.assert_allclose(gains, [0.5, 2.0, 8.0, 1.0, 15.0, 4.0])
    assert [frames[index].exposure_s for index in (0, 1, 4)] == [0.2, 0.1, 0.02]


def test_without_a_bracket_exposures_still_count(tmp_path: Path) -> None:
    text = '[[override]]\nframes = "0-1"\nexposure_s = 0.5\n[[override]]\nframes = "2"\n'
    frames = session(tmp_path, 3, text + "exposure_s = 0.25\n").frames_of("A")
    assert [frame.gain for frame in frames.values()] == [1.0, 1.0, 2.0]


def test_a_lost_frame_leaves_the_rest_of_its_bracket(tmp_path: Path) -> None:
    lost = '[[override]]\nframes = "{}"\nskip = true\n'
    rule = "[sequence]\nbracket = 3\nexposures_s = [1, 0.5, 0.25]\n".replace("1,", "1.0,")
    found = session(tmp_path, 9, rule + lost.format("0") + lost.format("4-5"))
    assert brackets(found) == {
        1: (1, 2), 2: (1, 2), 3: (), 6: (6, 7, 8), 7: (6, 7, 8), 8: (6, 7, 8)
    }  # fmt: skip
    frames = found.frames_of("A")
    assert [frames[index].gain for index in (1, 2, 3)] == [2.0, 4.0, 1.0]
    assert frames[1].leads


@pytest.mark.parametrize("lost", ["0", "3", "0-2", "3-5", "0,4"])
@pytest.mark.parametrize("is_table", [False, True])
def test_a_lost_frame_leaves_all_others_as_bright_as_they_were(
    tmp_path: Path, lost: str, is_table: bool
) -> None:
    """A bracket of full-on frames, then three lights, by rule and by table."""
    rule = "bracket = 3\ntracking = '0-2'\nexposures_s = [1.0, 0.25, 0.0625]\n"
    rows = [
        f"{i},{'olat' if i > 2 else 'tracking'},{i // 3 - 1 if i > 2 else ''},{4.0 ** -(i % 3)}"
        for i in range(12)
    ]
    table = "\n".join(["frame,role,light,exposure", *rows]) + "\n"
    text = "[sequence]\n" + ("table = 'frames.csv'\n" if is_table else rule)
    text += f"[[override]]\nframes = '{lost}'\n" + "{}"
    gains = []
    for skip in ("gain = 1.0\n", "skip = true\n"):
        folder = tmp_path / skip[:4]
        folder.mkdir()
        found = session(folder, 12, text.format(skip), table=table)
        gains.append({frame.index: frame.gain for frame in found.frames})
    whole, rest = gains
    assert len(rest) < len(whole) == 12
    assert rest == {index: whole[index] for index in rest}
    assert set(whole.values()) == {1.0, 4.0, 16.0}


TABLE = """frame,role,light,exposure
0,tracking,,0.1
1,tracking,,0.2
2,tracking,,0.1
3,tracking,,0.2
4,olat,0,0.1
5,olat,1,0.1
6,olat,2,0.1
7,olat,0,0.4
8,olat,1,0.4
9,olat,2,0.4
10,tracking,,0.1
"""


def test_a_table_may_sweep_once_for_each_exposure(tmp_path: Path) -> None:
    found = session(tmp_path, 11, '[sequence]\ntable = "frames.csv"\n', table=TABLE)
    assert brackets(found) == {
        **dict.fromkeys((0, 1), (0, 1)),
        **dict.fromkeys((2, 3), (2, 3)),
        **dict.fromkeys((4, 7), (4, 7)),
        **dict.fromkeys((5, 8), (5, 8)),
        **dict.fromkeys((6, 9), (6, 9)),
        10: (),
    }
    assert isinstance(found.frames_of("A")[10].condition, Tracking)
    assert found.frames_of("A")[7].gain == 0.25


BAD = [
    ("bracket = 2\n" + TIMES, 7, "leaves 7 OLAT frames .* a bracket of 2 frames a light is needed"),
    ('bracket = 2\ntracking = "0-2"\n' + TIMES, 9, r"tracking has 3 frames \(0-2\); a multiple of"),
    ('bracket = 2\ntracking = "1-2"\n' + TIMES, 8, "frames 0,3 .olat. would be one .* frame 1,2"),
    ("bracket = 2\nexposures_s = [0.1]\n", 6, "exposures_s has 1 times and bracket = 2"),
    (TIMES, 3, "exposures_s has 2 times and bracket = 1"),
    ("bracket = 2\n", 6, "0 of 6 frames of the subject have an exposure time; frames 0-5"),
    (
        "bracket = 2\nexposures_s = [0.1, 0.1]\n",
        6,
        "3 brackets repeat an .* frames 0,1 with 0.1, 0.1 s; different",
    ),
    ('[[override]]\nframes = "0-1"\nexposure_s = 0.1\n', 3, "2 of 3 frames .* frames 2 have none"),
]


@pytest.mark.parametrize(("text", "frames", "words"), BAD)
def test_what_is_no_bracket_is_refused(tmp_path: Path, text: str, frames: int, words: str) -> None:
    with pytest.raises(SessionError, match=words):
        session(tmp_path, frames, text if text.startswith("[[") else "[sequence]\n" + text)


@pytest.mark.parametrize("exposures", [("", ""), ("0.1", "0.1"), ("0.1", "")])
def test_a_light_that_is_lit_twice_needs_two_exposures(
    tmp_path: Path, exposures: tuple[str, str]
) -> None:
    first, second = exposures
    table = f"frame,role,light,exposure\n0,olat,0,{first}\n1,olat,0,{second}\n2,olat,1,0.1\n"
    with pytest.raises(SessionError, match=r"light 0 is lit in frames 0 and 1; .*different expos"):
        session(tmp_path, 3, '[sequence]\ntable = "frames.csv"\n', lights=2, table=table)
