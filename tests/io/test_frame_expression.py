from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.io.frame_expression import format_frames, parse_frames


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("", ()),
        ("7", (7,)),
        ("0-3", (0, 1, 2, 3)),
        ("1-10x3", (1, 4, 7, 10)),
        ("1-10:3", (1, 4, 7, 10)),
        ("1-9x3,110", (1, 4, 7, 110)),
        (" 5 , 1 - 3 ,", (1, 2, 3, 5)),
        ("4,2-5", (2, 3, 4, 5)),
    ],
)
def test_an_expression_names_these_frames(text: str, frames: tuple[int, ...]) -> None:
    assert parse_frames(text) == frames


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("abc", "'abc' is no frame range; ranges look like 7, 0-74"),
        ("1-", "'1-' is no frame range"),
        ("-3", "'-3' is no frame range"),
        ("9-3", "'9-3' runs backwards; write the smaller frame first"),
        ("1-9x0", "'1-9x0' has step 0"),
        ("0-99999999999", "names more than 10000000 frames"),
    ],
)
def test_an_expression_that_cannot_be_meant_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_frames(text)


def test_the_rhythm_of_a_real_stage_stays_readable() -> None:
    tracking = [0, *range(20, 336, 21), 348, 349]
    assert format_frames(tracking) == "0,20-335x21,348,349"


def test_two_neighbors_are_no_run() -> None:
    assert format_frames([4, 5, 9]) == "4,5,9"


@given(st.sets(st.integers(0, 300)))
def test_what_is_written_reads_back(frames: set[int]) -> None:
    assert parse_frames(format_frames(frames)) == tuple(sorted(frames))
