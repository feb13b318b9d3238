from __future__ import annotations

from pathlib import Path

import pytest

from olat.errors import FileError
from olat.io.raw import read_raw
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from tests.support import faults


@pytest.fixture
def session(tmp_path: Path) -> Path:
    write_session(tmp_path, SyntheticStage(size=32, lights=4))
    return tmp_path


def content(session: Path, frame: int) -> bytes:
    return faults.frame_file(session, frame).read_bytes()


def test_a_dead_light_leaves_a_dark_frame(session: Path) -> None:
    assert read_raw(faults.frame_file(session, 7)).counts.max() > 3000
    faults.kill_light(session, 7)
    assert read_raw(faults.frame_file(session, 7)).counts.max() < 600


def test_a_dropped_frame_is_gone(session: Path) -> None:
    faults.drop_frame(session, 7)
    assert not faults.frame_file(session, 7).exists()


def test_a_duplicated_frame_repeats_the_one_before(session: Path) -> None:
    before, after = content(session, 7), content(session, 9)
    faults.duplicate_frame(session, 8)
    assert [content(session, frame) for frame in (7, 8, 9)] == [before, before, after]


def test_swapped_frames_trade_places(session: Path) -> None:
    first, second = content(session, 7), content(session, 8)
    faults.swap_frames(session, 7, 8)
    assert (content(session, 7), content(session, 8)) == (second, first)


def test_a_truncated_file_cannot_be_read(session: Path) -> None:
    faults.truncate_file(session, 7)
    with pytest.raises(FileError):
        read_raw(faults.frame_file(session, 7))
