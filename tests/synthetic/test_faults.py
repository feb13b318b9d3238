from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from olat.errors import FileError
from olat.io.manifest import read_session
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


def signal(session: Path, frame: int) -> float:
    """Return the mean light of a photograph [DN]."""
    mosaic = read_raw(faults.frame_file(session, frame))
    return float(mosaic.counts.mean() - mosaic.black.mean())


def test_a_dim_light_gives_a_part_and_keeps_all_else(session: Path) -> None:
    before = signal(session, 7)
    with tifffile.TiffFile(faults.frame_file(session, 7)) as file:
        tags = {tag.code: tag.value for tag in file.pages.first.tags}
    faults.dim_light(session, 7, part=0.7)
    assert signal(session, 7) == pytest.approx(0.7 * before, rel=1e-3)
    with tifffile.TiffFile(faults.frame_file(session, 7)) as file:
        assert {tag.code: tag.value for tag in file.pages.first.tags} == tags


def test_black_is_off_by_as_many_counts_in_every_frame(session: Path) -> None:
    before = [signal(session, frame) for frame in (0, 7)]
    faults.offset_black(session, 64)
    assert [signal(session, frame) for frame in (0, 7)] == pytest.approx([x + 64 for x in before])


def test_flicker_changes_every_lit_frame_and_no_dark_one(session: Path) -> None:
    numbers = range(14)
    before = [signal(session, frame) for frame in numbers]
    faults.flicker(session, 0.08)
    parts = [signal(session, frame) / old for frame, old in zip(numbers, before, strict=True)]
    assert parts[0] == parts[1] == 1.0
    assert all(part != 1.0 for part in parts[2:12])


def test_a_lost_frame_closes_the_gap(session: Path) -> None:
    old = {frame: content(session, frame) for frame in range(14)}
    faults.drop_and_renumber(session, 7)
    assert [content(session, frame) for frame in (6, 7, 12, 13)] == [
        old[6],
        old[8],
        old[13],
        old[13],
    ]


def test_a_frame_that_is_stored_twice_moves_all_that_follow(session: Path) -> None:
    old = {frame: content(session, frame) for frame in range(14)}
    faults.double_and_renumber(session, 7)
    assert [content(session, frame) for frame in (6, 7, 8, 13)] == [old[6], old[7], old[7], old[12]]


def test_a_shifted_order_moves_no_frame_but_those_of_single_lights(session: Path) -> None:
    sweep = faults.sweep(session)
    old = {frame: content(session, frame) for frame in range(14)}
    faults.shift_order(session, 1)
    moved = {frame for frame in range(14) if content(session, frame) != old[frame]}
    assert moved == set(sweep)
    assert content(session, sweep[0]) == old[sweep[1]]
    assert content(session, sweep[-1]) == old[sweep[0]]


def test_a_mirrored_light_file_differs_in_one_sign(session: Path) -> None:
    before = read_session(session).rig.directions
    faults.mirror_lights(session)
    after = read_session(session).rig.directions
    np.testing.assert_allclose(after, before * [-1.0, 1.0, 1.0], rtol=0, atol=1e-6)
