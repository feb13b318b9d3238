from __future__ import annotations

import csv
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import SessionError
from olat.io.frame_table import RESOLVED, frame_table_text, write_frame_table
from olat.io.manifest import read_session
from olat.model.condition import ColorGradient, Dark, Olat, Target, Tracking

HEAD = """schema = 1
[session]
name = "test"
[rig]
lights = "lights.txt"
"""
CAMERA = """[camera.A]
files = "raw/{frame:03d}.png"
"""


def capture(folder: Path, frames: range | list[int], lights: int = 4) -> Path:
    """Make a folder of empty pictures and a ring of lights."""
    (folder / "raw").mkdir(exist_ok=True)
    for frame in frames:
        (folder / "raw" / f"{frame:03d}.png").touch()
    angles = np.linspace(0.0, 2 * np.pi, lights, endpoint=False)
    np.savetxt(folder / "lights.txt", np.stack([np.cos(angles), np.sin(angles), 0 * angles], 1))
    return folder


def manifest(folder: Path, text: str) -> Path:
    path = folder / "session.toml"
    path.write_text(text)
    return path


def lights_by_frame(folder: Path, camera: str = "A") -> dict[int, int]:
    return {
        index: frame.condition.light
        for index, frame in read_session(folder).frames_of(camera).items()
        if isinstance(frame.condition, Olat)
    }


def pasted(message: str) -> str:
    """Return what the advice of a message puts into a manifest."""
    _, _, lines = message.partition("add these lines to session.toml:")
    return lines + "\n"


def test_every_frame_without_another_role_is_lit_by_the_next_light(tmp_path: Path) -> None:
    capture(tmp_path, range(8))
    manifest(
        tmp_path,
        HEAD + CAMERA + '[sequence]\ndark = "0"\ntracking = "1-7x3"\n[drive]\ntracking = 0.25\n',
    )
    session = read_session(tmp_path)
    frames = session.frames_of("A")
    assert lights_by_frame(tmp_path) == {2: 0, 3: 1, 5: 2, 6: 3}
    assert [frames[index].condition for index in (0, 1, 4, 7)] == [Dark(), *[Tracking()] * 3]
    assert (frames[1].gain, frames[2].gain) == (4.0, 1.0)
    assert frames[3].path == tmp_path / "raw" / "003.png"


def test_the_file_itself_means_its_folder(tmp_path: Path) -> None:
    path = manifest(capture(tmp_path, range(4)), HEAD + CAMERA)
    assert read_session(path).folder == tmp_path


def test_an_order_and_its_base_say_which_light_came_when(tmp_path: Path) -> None:
    capture(tmp_path, range(1, 4))
    (tmp_path / "order.txt").write_text("4\n1 # door\n\n2\n3\n")
    rule = '[sequence]\norder = "order.txt"\nindex_base = 1\nskip_lights = [1]\n'
    manifest(tmp_path, HEAD + CAMERA + rule)
    assert lights_by_frame(tmp_path) == {1: 3, 2: 1, 3: 2}


def test_a_gradient_is_brought_to_the_level_of_the_olat_frames(tmp_path: Path) -> None:
    capture(tmp_path, range(6))
    rule = "[sequence]\ngradient = 0\ncomplement = 1\n[drive]\ngradient = 0.5\n"
    manifest(tmp_path, HEAD + CAMERA + rule)
    frames = read_session(tmp_path).frames_of("A")
    assert frames[0].condition == ColorGradient()
    assert frames[1].condition == ColorGradient(complement=True)
    assert [frames[index].gain for index in (0, 1, 2)] == [2.0, 2.0, 1.0]


def test_overrides_multiply_gains_and_leave_frames_out(tmp_path: Path) -> None:
    capture(tmp_path, [0, 1, 3])
    text = """[[override]]
frames = "0-1"
gain = 2.0
[[override]]
frames = 1
camera = "A"
gain = 3.0
reason = "iris opened"
[[override]]
frames = "2"
skip = true
"""
    manifest(tmp_path, HEAD + CAMERA + text)
    frames = read_session(tmp_path).frames_of("A")
    assert {index: frame.gain for index, frame in frames.items()} == {0: 2.0, 1: 6.0, 3: 1.0}
    assert lights_by_frame(tmp_path) == {0: 0, 1: 1, 3: 3}


def test_a_table_may_say_everything_a_rule_cannot(tmp_path: Path) -> None:
    capture(tmp_path, range(5), lights=3)
    (tmp_path / "frames.csv").write_text(
        "frame,role,light,file,camera,gain\n"
        "0,dark,,,,\n1,olat,2,,A,\n1,olat,3,,B,0.5\n2,olat,1,raw/004.png,,\n"
        "3,olat,3,,A,\n3,olat,2,,B,\n4,skip,,,,\n"
    )
    cameras = CAMERA + CAMERA.replace("camera.A", "camera.B")
    rule = '[sequence]\ntable = "frames.csv"\nindex_base = 1\n'
    manifest(tmp_path, HEAD + cameras + rule)
    assert lights_by_frame(tmp_path, "A") == {1: 1, 2: 0, 3: 2}
    assert lights_by_frame(tmp_path, "B") == {1: 2, 2: 0, 3: 1}
    frames = read_session(tmp_path).frames_of("B")
    assert frames[1].gain == 0.5
    assert frames[2].path == tmp_path / "raw" / "004.png"


def test_a_list_of_files_counts_its_frames(tmp_path: Path) -> None:
    capture(tmp_path, range(9), lights=2)
    manifest(tmp_path, HEAD + '[camera.A]\nfiles = ["raw/007.png", "raw/002.png"]\n')
    assert [frame.path.name for frame in read_session(tmp_path).frames] == ["007.png", "002.png"]


def test_the_frame_number_may_stand_in_a_folder(tmp_path: Path) -> None:
    capture(tmp_path, [], lights=2)
    for light in ("1", "2", "notes"):
        (tmp_path / "lit" / light).mkdir(parents=True)
        (tmp_path / "lit" / light / "A1.jpg").touch()
    manifest(tmp_path, HEAD + '[camera.A]\nfiles = "lit/{frame}/A1.jpg"\n')
    assert lights_by_frame(tmp_path) == {1: 0, 2: 1}


def test_file_names_that_pad_otherwise_do_not_match(tmp_path: Path) -> None:
    capture(tmp_path, range(2), lights=2)
    (tmp_path / "raw" / "1.png").touch()
    (tmp_path / "raw" / "0001.png").touch()
    manifest(tmp_path, HEAD + CAMERA)
    assert lights_by_frame(tmp_path) == {0: 0, 1: 1}


def test_the_rig_is_turned_and_centered_as_the_manifest_says(tmp_path: Path) -> None:
    capture(tmp_path, range(2))
    (tmp_path / "lights.txt").write_text("0 0 -1500\n0 -1000 -500\n")
    rig = '[rig]\nlights = "lights.txt"\nframe = "opencv"\nunits = "mm"\ncenter = [0, 0, -500]\n'
    manifest(tmp_path, 'schema = 1\n[session]\nname = "x"\n' + rig + CAMERA)
    assert_allclose(
        read_session(tmp_path).rig.positions, [[0, 0, 1], [0, 1, 0]], rtol=0, atol=1e-12
    )


WRONG = [
    (
        "[sequence]\ntrackin = 1\n",
        r"toml:9: \[sequence\] has no key 'trackin'. Did you mean 'tracking'\?",
    ),
    ("[sequnce]\n", r"toml:8: there is no table \[sequnce\]. Did you mean \[sequence\]\?"),
    ('encoding = "log"\n', r"toml:8: \[camera.A\] encoding = 'log': 'linear', 'srgb' or an exp"),
    ("white_patch = -1\n", r"toml:8: \[camera.A\] white_patch = -1: input should be greater"),
    ("mask = 3\n", r"toml:8: \[camera.A\] mask = 3: input should be a valid string"),
    ('mask = "m.png"\n', r"toml:8: camera 'A': there is no mask .*m\.png"),
    ('[sequence]\ndark = "9-2"\n', r"toml:9: \[sequence\] dark = '9-2': '9-2' runs backwards"),
    ('[sequence]\ntracking = "0-1"\ndark = 1\n', "frame 1 has several roles: tracking, dark"),
    (
        "[sequence]\ndark = 0\n",
        r"leaves 3 OLAT frames \(1-3\) for 4 lights of rig 'lights'; one frame a light is needed",
    ),
    ("[sequence]\nskip_lights = [0]\n", r"leaves 4 OLAT frames .* If 1 of them are dark, full-on"),
    ("[sequence]\norder = [0, 1, 2, 2]\n", "toml:9: light 2 comes up twice in the order"),
    (
        "[sequence]\norder = [1, 2, 3, 4]\n",
        "light 4 is named, but rig 'lights' has lights 0 to 3 .* say index_base = 1",
    ),
    (
        "[sequence]\nindex_base = 1\norder = [0, 1, 2, 3]\n",
        "light 0 is named, but rig 'lights' has lights 1 to 4 .* say index_base = 0",
    ),
    ('[sequence]\norder = "none.txt"\n', r"toml:9: .*none.txt: the order cannot be read"),
    ('[sequence]\nframes = "0-1,8-9"\n', "camera 'A': 2 of 4 frames have no file: 8,9"),
    ('[sequence]\ntable = "frames.csv"\n', "frames.csv: the frame table cannot be read: No such"),
    (
        '[[override]]\nframes = "77"\ngain = 2.0\n',
        "toml:9: the capture has no frame of '77'; it has 0-3",
    ),
    (
        '[[override]]\nframes = "1"\ncamera = "AA"\n',
        r"toml:10: there is no camera 'AA'. Did you mean 'A'\?",
    ),
    (
        '[camera.B]\nfiles = "raw/x{frame}.png"\n',
        r"toml:9: camera 'B': no file matches 'raw/x\{frame\}.png'. .*raw holds 4 files, such as",
    ),
    ('[camera.B]\nfiles = "row/{frame}.png"\n', "There is no folder .*row"),
    ('[camera.B]\nfiles = "raw/*.png"\n', r"a pattern needs \{frame\} or \{frame:04d\}"),
    ('[camera.B]\nfiles = "raw/{frame}_{frame}.png"\n', "must stand in it once"),
    ("[camera.B]\n", r"toml:8: \[camera.B\] needs 'files'"),
    ('[camera."../B"]\nfiles = "{frame}.png"\n', "must be one that a folder can have"),
]


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_a_manifest_cannot_mean_is_said_with_its_line(
    tmp_path: Path, text: str, words: str
) -> None:
    manifest(capture(tmp_path, range(4)), HEAD + CAMERA + text)
    with pytest.raises(SessionError, match=words):
        read_session(tmp_path)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("frame,light\n0,0\n", r"frames.csv:1: the columns are frame, light; frame, role"),
        ("frame,role,light\n0,olat,\n1,sun,\nx,dark,\n", r"(?s):2: an 'olat' frame needs a light.*"
         r":3: there is no role 'sun'; there are olat, tracking.*:4: frame is 'x'"),
        ("frame,role,light,gain\n0,olat,0,-1\n", ":2: gain is '-1'; a number above 0"),
        ("frame,role,light\n0,olat,0\n0,olat,1\n", ":3: frame 0 of 'A' is listed twice"),
        ("frame,role,light\n0,olat,0\n1,olat,0\n", "light 0 is lit in frames 0 and 1"),
        ("frame,role,light\n0,olat,0\n1,olat,4\n", "light 4 is named, but rig"),
        ("frame,role,light\n0,olat,0\n", "camera 'A': light 1, 2, 3 has no OLAT frame"),
        ("frame,role,light,camera\n0,olat,0,Q\n", ":2: there is no camera 'Q'"),
    ],
)  # fmt: skip
def test_what_a_frame_table_cannot_mean_is_said(tmp_path: Path, table: str, words: str) -> None:
    (capture(tmp_path, range(4)) / "frames.csv").write_text(table)
    manifest(tmp_path, HEAD + CAMERA + '[sequence]\ntable = "frames.csv"\n')
    with pytest.raises(SessionError, match=words):
        read_session(tmp_path)


def test_a_table_and_a_rule_contradict_each_other(tmp_path: Path) -> None:
    manifest(
        capture(tmp_path, range(4)),
        HEAD + CAMERA + '[sequence]\ntable = "frames.csv"\ndark = 1\n',
    )
    with pytest.raises(SessionError, match="has a table and also dark; one way is needed"):
        read_session(tmp_path)


def test_all_missing_files_are_named_at_once(tmp_path: Path) -> None:
    capture(tmp_path, [0, 4, 5], lights=8)
    manifest(tmp_path, HEAD + CAMERA + '[sequence]\nframes = "0-7"\n')
    with pytest.raises(SessionError, match=r"5 of 8 frames have no file: 1-3,6,7\.") as caught:
        read_session(tmp_path)
    (path := tmp_path / "session.toml").write_text(path.read_text() + pasted(str(caught.value)))
    assert lights_by_frame(tmp_path) == {0: 0, 4: 4, 5: 5}


def test_a_dropped_frame_is_suspected_where_a_number_is_missing(tmp_path: Path) -> None:
    manifest(capture(tmp_path, [0, 1, 3]), HEAD + CAMERA)
    with pytest.raises(
        SessionError, match=r"No file has the number 2: dropped OLAT frames\? To go on without"
    ) as caught:
        read_session(tmp_path)
    (path := tmp_path / "session.toml").write_text(path.read_text() + pasted(str(caught.value)))
    assert lights_by_frame(tmp_path) == {0: 0, 1: 1, 3: 3}


def test_a_frame_that_only_one_camera_misses_is_missing(tmp_path: Path) -> None:
    capture(tmp_path, range(4))
    (tmp_path / "b").mkdir()
    for frame in (0, 1, 3):
        (tmp_path / "b" / f"{frame}.png").touch()
    manifest(tmp_path, HEAD + CAMERA + '[camera.B]\nfiles = "b/{frame}.png"\n')
    with pytest.raises(SessionError, match="camera 'B': 1 of 4 frames have no file: 2"):
        read_session(tmp_path)


def test_every_fault_of_the_file_is_told_at_once(tmp_path: Path) -> None:
    manifest(
        capture(tmp_path, range(4)),
        'schema = 1\n[session]\nnam = "x"\n[rig]\nlight = "lights.txt"\n[camera.A]\nfiles = 3\n',
    )
    with pytest.raises(SessionError) as caught:
        read_session(tmp_path)
    words = str(caught.value)
    for part in (
        "session.toml:2: [session] needs 'name'.",
        "session.toml:3: [session] has no key 'nam'. Did you mean 'name'?",
        "session.toml:5: [rig] has no key 'light'. Did you mean 'lights'?",
        "session.toml:7: [camera.A] files = 3: a pattern with {frame}, or a list of files",
    ):
        assert part in words
    assert len(words.splitlines()) == 4


def test_a_fault_of_the_capture_does_not_hide_another(tmp_path: Path) -> None:
    capture(tmp_path, range(4))
    manifest(tmp_path, HEAD.replace("lights.txt", "lamps.txt") + CAMERA + 'mask = "none.png"\n')
    with pytest.raises(SessionError, match=r"(?s)there is no mask.*lamps\.txt: .* is not there"):
        read_session(tmp_path)


def test_a_rig_without_lights_is_refused(tmp_path: Path) -> None:
    manifest(capture(tmp_path, range(4)), HEAD + CAMERA)
    (tmp_path / "lights.txt").write_text("0\n")
    with pytest.raises(SessionError, match=r"session.toml:5: .*lights.txt: it lists no light"):
        read_session(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema = 1\n[rig\n", r"session.toml:2: Expected ']' at the end of a table declaration\."),
        ("schema = 1\nschema = 1\n", r"session.toml:2: Cannot overwrite a value"),
        ("schema = 2\n", r"session.toml:1: schema = 2; this olat reads schema 1\."),
        (
            "schema = 1\n[session]\nname = cat\n",
            r"session.toml:3: Invalid value; text needs quotes\.",
        ),
        ("schema = 1\n", r"the table \[session\] is missing"),
        (HEAD + "[camera]\n", r"a table \[camera.NAME\] with 'files' is needed"),
    ],
)
def test_text_that_is_no_manifest_is_refused(tmp_path: Path, text: str, words: str) -> None:
    manifest(tmp_path, text)
    with pytest.raises(SessionError, match=words):
        read_session(tmp_path)


def test_a_folder_without_a_manifest_needs_init(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"there is no session.toml. Run 'olat init"):
        read_session(tmp_path)
    with pytest.raises(SessionError, match="there is no such folder or file"):
        read_session(tmp_path / "nowhere")


def test_the_resolved_table_lists_every_frame_and_is_written_only_if_it_changed(
    tmp_path: Path,
) -> None:
    manifest(capture(tmp_path, range(5)), HEAD + CAMERA + "[sequence]\ntracking = 0\n")
    session = read_session(tmp_path)
    rows = list(csv.DictReader(frame_table_text(session).splitlines()))
    assert list(rows[0].values()) == ["A", "0", "tracking", "", "1", "", "raw/000.png"]
    assert [row["light"] for row in rows[1:]] == ["0", "1", "2", "3"]
    path = write_frame_table(session)
    assert path == tmp_path / RESOLVED
    before = path.stat().st_mtime_ns
    assert write_frame_table(session).stat().st_mtime_ns == before


@pytest.mark.alone
def test_a_stage_of_eight_cameras_resolves_in_a_moment(tmp_path: Path) -> None:
    capture(tmp_path, range(350), lights=331)
    cameras = "".join(CAMERA.replace(".A", f".c{number}") for number in range(8))
    rule = '[sequence]\ntracking = "0,20-335x21,348,349"\n'
    manifest(tmp_path, HEAD + cameras + rule)
    start = time.process_time()
    session = read_session(tmp_path)
    assert time.process_time() - start < 0.2
    assert len(session.frames) == 8 * 350


def test_targets_have_roles_of_their_own_and_ball_sweeps_go_light_by_light(tmp_path: Path) -> None:
    folder = capture(tmp_path, range(16))
    manifest(
        folder,
        HEAD
        + CAMERA
        + '[sequence]\nchart = "0"\nboard = "1-2"\nmirror_ball_sweep = "3-10"\n'
        + 'gray_ball_sweep = "11"\nled_red = "15"\norder = [3, 2, 1, 0]\nskip = "11-14"\n',
    )
    with pytest.raises(SessionError, match="gray_ball_sweep has 1 frame for 4 lights"):
        read_session(tmp_path)
    manifest(
        folder,
        HEAD
        + CAMERA
        + '[sequence]\nchart = "0"\nboard = "1-2"\nmirror_ball_sweep = "3-10"\n'
        + 'gray_ball_sweep = "11-14"\nled_red = "15"\norder = [3, 2, 1, 0]\n',
    )
    frames = read_session(tmp_path).frames_of("A")
    assert frames[0].condition == Target("chart")
    assert frames[2].condition == Target("board", pose=1)
    assert frames[3].condition == Target("mirror_ball", light=3)
    assert frames[8].condition == Target("mirror_ball", light=2, pose=1)
    assert frames[14].condition == Target("gray_ball", light=0)
    assert frames[15].condition == Target("led_red")


def test_a_rig_of_which_only_the_number_of_lights_is_known_is_not_located(tmp_path: Path) -> None:
    folder = capture(tmp_path, range(4))
    head = HEAD.replace('lights = "lights.txt"', "count = 4")
    assert head != HEAD
    manifest(folder, head + CAMERA + '[sequence]\nmirror_ball_sweep = "0-3"\n')
    rig = read_session(tmp_path).rig
    assert len(rig) == 4
    assert not rig.is_located


@pytest.mark.parametrize(
    ("line", "words"), [("", "neither 'lights' nor"), ("count = 4", "both 'lights' and")]
)
def test_a_rig_has_a_light_file_or_a_number_of_lights(
    tmp_path: Path, line: str, words: str
) -> None:
    folder = capture(tmp_path, range(4))
    lights = 'lights = "lights.txt"'
    head = HEAD.replace(lights, f"{lights}\n{line}" if line else "")
    manifest(folder, head + CAMERA)
    with pytest.raises(SessionError, match=words):
        read_session(tmp_path)


def test_an_exposure_comes_from_an_override(tmp_path: Path) -> None:
    rule = (
        '[sequence]\ndark = "0"\ntracking = "5"\n[[override]]\nframes = "1-5"\nexposure_s = 0.25\n'
    )
    manifest(capture(tmp_path, range(6)), HEAD + CAMERA + rule)
    exposures = [frame.exposure_s for frame in read_session(tmp_path).frames]
    assert exposures == [None, *[0.25] * 5]
