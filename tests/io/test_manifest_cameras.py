"""The reference and known motion, as a manifest tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from olat.errors import SessionError
from olat.io.manifest import read_session
from tests.io.test_manifest import CAMERA, HEAD, capture, manifest

SWEEP = '[sequence]\nframes = "0-6"\ntracking = "0-6x3"\n'


def told(folder: Path, *lines: str) -> Path:
    """Write a manifest of four lights and tracking frames 0, 3 and 6."""
    capture(folder, range(7))
    return manifest(folder, HEAD + CAMERA + "".join(f"{line}\n" for line in lines) + SWEEP)


def flows(folder: Path, *frames: int) -> None:
    (folder / "flow").mkdir()
    for frame in frames:
        (folder / "flow" / f"{frame}.flo").touch()


def test_a_camera_has_no_reference_and_no_known_motion_unless_told(tmp_path: Path) -> None:
    camera = read_session(told(tmp_path)).camera("A")
    assert camera.reference is None
    assert not camera.flows


def test_flow_files_are_found_by_frame(tmp_path: Path) -> None:
    flows(tmp_path, 0, 6, 99)
    path = told(tmp_path, "reference = 3", 'flow = "flow/{frame}.flo"')
    camera = read_session(path).camera("A")
    assert camera.reference == 3
    assert camera.flows == {0: tmp_path / "flow" / "0.flo", 6: tmp_path / "flow" / "6.flo"}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["reference = 2"], r"reference = 2, but its tracking frames are 0-6x3; needed is one"),
        (["reference = -1"], r"reference = -1: .*greater than or equal to 0"),
        (
            ['flow = "flow/{frame}.flo"'],
            r"has flow files, but no 'reference'; needed is the number of the tracking frame",
        ),
        (
            ["reference = 3", 'flow = "flow/{frame}.flo"'],
            r"tracking frames 6 have no flow file that matches 'flow/\{frame\}.flo'",
        ),
        (["reference = 3", 'flow = "flow.flo"'], r"flow.flo.*a pattern needs \{frame\}"),
        (
            ["reference = 3", 'flow = "{frame}/{frame}.flo"'],
            r"flow = '\{frame\}/\{frame\}.flo': \{frame\} or \{frame:04d\} must stand in it once",
        ),
    ],
)
def test_a_wrong_reference_or_flow_says_so(tmp_path: Path, lines: list[str], message: str) -> None:
    flows(tmp_path, 0)
    path = told(tmp_path, *lines)
    with pytest.raises(SessionError, match=message):
        read_session(path)


def test_a_reference_without_tracking_frames_says_so(tmp_path: Path) -> None:
    capture(tmp_path, range(4))
    path = manifest(tmp_path, HEAD + CAMERA + "reference = 3\n")
    with pytest.raises(SessionError, match="but its tracking frames do not exist"):
        read_session(path)
