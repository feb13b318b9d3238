"""White gradients, second-order patterns and polarized light, as manifests and tables name them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from olat.errors import SessionError
from olat.io.frame_table import frame_table_text
from olat.io.manifest import read_session
from olat.model.condition import AxisGradient, Olat, Polarized, SecondOrder, Tracking
from olat.model.roles import PATTERNS, role
from olat.model.session import Session

HEAD = """schema = 1
[session]
name = "patterns"
[rig]
lights = "lights.txt"
[camera.A]
files = "raw/{frame:03d}.png"
"""


def session(folder: Path, frames: int, text: str, *, table: str = "") -> Session:
    """Return what a manifest makes of empty pictures and a ring of four lights."""
    (folder / "raw").mkdir()
    for frame in range(frames):
        (folder / "raw" / f"{frame:03d}.png").touch()
    angles = np.linspace(0.0, 2 * np.pi, 4, endpoint=False)
    np.savetxt(folder / "lights.txt", np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1))
    (folder / "frames.csv").write_text(table)
    (folder / "session.toml").write_text(HEAD + text)
    return read_session(folder)


def test_patterns_take_no_light_of_the_sweep(tmp_path: Path) -> None:
    rule = (
        "[sequence]\ntracking = 0\n[sequence.patterns]\ngradient_x = 1\n"
        'binary_complement_y = "2"\nfull_on_crossed = "3,8"\n'
    )
    frames = session(tmp_path, 9, rule).frames_of("A")
    assert {index: frame.condition for index, frame in frames.items()} == {
        0: Tracking(),
        1: AxisGradient("x"),
        2: AxisGradient("y", complement=True, is_binary=True),
        3: Polarized(Tracking(), "crossed"),
        4: Olat(0),
        5: Olat(1),
        6: Olat(2),
        7: Olat(3),
        8: Polarized(Tracking(), "crossed"),
    }


def test_a_capture_of_patterns_needs_no_sweep(tmp_path: Path) -> None:
    rule = '[sequence]\nframes = "0-1"\n[sequence.patterns]\ngradient_x = 0\ncomplement_x = 1\n'
    found = session(tmp_path, 2, rule)
    assert [role(frame.condition) for frame in found.frames] == ["gradient_x", "complement_x"]


def test_every_pattern_has_a_word_in_rule_table_and_resolved_table(tmp_path: Path) -> None:
    by_rule, by_table = tmp_path / "rule", tmp_path / "table"
    lines = [f'{word} = "{frame}"' for frame, word in enumerate(PATTERNS)]
    by_rule.mkdir()
    found = session(by_rule, len(PATTERNS), "\n".join(["[sequence.patterns]", *lines]) + "\n")
    rows = list(csv.DictReader(frame_table_text(found).splitlines()))
    assert [row["role"] for row in rows] == list(PATTERNS)
    by_table.mkdir()
    table = "frame,role\n" + "".join(f"{row['frame']},{row['role']}\n" for row in rows)
    rule = '[sequence]\ntable = "frames.csv"\nskip_lights = [0, 1, 2, 3]\n'
    again = session(by_table, len(PATTERNS), rule, table=table)
    assert [frame.condition for frame in again.frames] == list(PATTERNS.values())


DRIVEN = (
    "[sequence]\ntracking = 0\n[sequence.patterns]\ngradient_x = 1\nbinary_x = 2\n"
    "second_order_xy = 3\nfull_on_crossed = 4\ncomplement_x_parallel = 5\nbinary_y_crossed = 6\n"
    "gradient_crossed = 7\n[drive]\ntracking = 0.1\ngradient = 0.2\n"
)


@pytest.mark.parametrize(
    ("more", "gains"),
    [
        ("", (10, 5, 5, 5, 10, 5, 5, 5, 1)),
        ("binary = 0.25\n", (10, 5, 4, 5, 10, 5, 4, 5, 1)),
        ("binary = 0.25\nsecond_order = 0.5\n", (10, 5, 4, 2, 10, 5, 4, 5, 1)),
    ],
)
def test_patterns_are_brought_to_the_level_of_the_olat_frames(
    tmp_path: Path, more: str, gains: tuple[float, ...]
) -> None:
    frames = session(tmp_path, 12, DRIVEN + more).frames_of("A")
    np.testing.assert_allclose([frames[index].gain for index in range(9)], gains, rtol=1e-12)


def test_patterns_are_bracketed_like_other_frames_of_the_subject(tmp_path: Path) -> None:
    rule = (
        "[sequence]\nbracket = 2\nexposures_s = [0.1, 0.025]\n[sequence.patterns]\n"
        'second_order_xx = "0-1"\nfull_on_parallel = "2-5"\n'
    )
    frames = session(tmp_path, 14, rule).frames_of("A")
    assert [frames[index].bracket for index in range(7)] == [
        (0, 1), (0, 1), (2, 3), (2, 3), (4, 5), (4, 5), (6, 7),
    ]  # fmt: skip
    assert [frames[index].gain for index in (0, 1, 4, 5)] == [1.0, 4.0, 1.0, 4.0]


def test_exposures_in_a_table_make_brackets_of_patterns(tmp_path: Path) -> None:
    table = (
        "frame,role,light,exposure\n0,gradient_x,,0.1\n1,gradient_x,,0.4\n2,gradient_y,,0.1\n"
        "3,olat,0,0.1\n"
    )
    rule = '[sequence]\ntable = "frames.csv"\nskip_lights = [1, 2, 3]\n'
    frames = session(tmp_path, 4, rule, table=table).frames_of("A")
    assert [frames[index].bracket for index in range(4)] == [(0, 1), (0, 1), (), ()]
    assert frames[2].condition == AxisGradient("y")


def test_a_second_order_pattern_is_the_one_that_its_word_tells(tmp_path: Path) -> None:
    found = session(tmp_path, 5, '[sequence.patterns]\nsecond_order_zx = "0"\n')
    assert found.frames[0].condition == SecondOrder("zx")


WRONG = [
    (
        "[sequence.patterns]\ngradiant_x = 1\n",
        r"toml:9: \[sequence.patterns\] has no key 'gradiant_x'. Did you mean 'gradient_x'\?",
    ),
    (
        "[sequence]\nfull_on_crossed = 1\n",
        r"toml:9: \[sequence\] has no key 'full_on_crossed', but \[sequence.patterns\] has",
    ),
    (
        "[sequence.patterns]\ngradient = 1\n",
        r"toml:9: \[sequence.patterns\] has no key 'gradient', but \[sequence\] has: put it there",
    ),
    (
        '[sequence]\ntracking = "0-1"\n[sequence.patterns]\ngradient_y = 1\n',
        "toml:11: frame 1 has several roles: tracking, gradient_y",
    ),
    (
        "[sequence.patterns]\ngradient_y = 2\nbinary_y = 2\n",
        "toml:10: frame 2 has several roles: gradient_y, binary_y",
    ),
    (
        '[sequence.patterns]\ngradient_x = "9-2"\n',
        r"toml:9: \[sequence.patterns\] gradient_x = '9-2': '9-2' runs backwards",
    ),
    (
        '[sequence]\nbracket = 2\n[sequence.patterns]\nbinary_x = "0-2"\n',
        r"toml:11: binary_x has 3 frames \(0-2\); a multiple of bracket = 2 is needed",
    ),
    (
        '[sequence]\ntable = "frames.csv"\n[sequence.patterns]\nbinary_x = 0\n',
        r"\[sequence\] has a table and also patterns; one way is needed",
    ),
    ("[drive]\nbinary = 0\n", r"toml:9: \[drive\] binary = 0: input should be greater than 0"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_cannot_be_meant_is_said_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    frames = 11 if "bracket" in text else 6
    with pytest.raises(SessionError, match=words):
        session(tmp_path, frames, text, table="frame,role\n0,dark\n")


def test_a_table_suggests_the_word_that_was_meant(tmp_path: Path) -> None:
    rule = '[sequence]\ntable = "frames.csv"\n'
    words = r":2: there is no role 'binary_komplement_y'.* Did you mean 'binary_complement_y'\?"
    with pytest.raises(SessionError, match=words):
        session(tmp_path, 1, rule, table="frame,role\n0,binary_komplement_y\n")


def test_a_camera_may_tell_how_far_away_it_is(tmp_path: Path) -> None:
    assert session(tmp_path, 4, "distance_m = 1.62\n").cameras[0].distance_m == 1.62
    for value in ("0", "-1.6", "inf", '"1.6"'):
        (tmp_path / "session.toml").write_text(f"{HEAD}distance_m = {value}\n")
        with pytest.raises(SessionError, match=r"toml:8: \[camera.A\] distance_m = "):
            read_session(tmp_path)
    (tmp_path / "session.toml").write_text(HEAD)
    assert read_session(tmp_path).cameras[0].distance_m is None
