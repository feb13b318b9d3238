from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.errors import SessionError
from olat.inspection.brackets import bracket_of, brackets_in, check_exposures
from olat.model.condition import Olat
from olat.model.session import Frame
from tests.inspection.test_exif import photograph


@given(
    st.lists(
        st.sampled_from([2.0**-stop for stop in range(9)]), min_size=2, max_size=5, unique=True
    ),
    st.integers(3, 20),
)
def test_any_pattern_that_repeats_is_a_bracket(pattern: list[float], count: int) -> None:
    found = brackets_in(pattern * count)
    assert found is not None
    assert found.exposures_s == tuple(pattern)
    assert bracket_of(pattern * count) == len(pattern)
    places = [place for group in found.groups for place in group]
    assert places == list(range(len(pattern) * count))


def test_frames_of_one_exposure_around_the_brackets_stay_alone() -> None:
    """Two dark frames before and a ball after are as long as the longest of each bracket."""
    exposures = [0.4, 0.4, *[0.4, 0.1, 0.025] * 10, 0.4]
    found = brackets_in(exposures)
    assert found is not None
    assert found.exposures_s == (0.4, 0.1, 0.025)
    assert found.groups[0] == (2, 3, 4)
    assert len(found.groups) == 10
    assert {0, 1, 2, 32}.isdisjoint(found.followers)


@pytest.mark.parametrize(
    "exposures",
    [
        [0.1] * 30,
        [None] * 30,
        [0.1, 0.025, 0.1, 0.025],
        [1 / 60, 1 / 64] * 20,
        [0.1] * 20 + [0.1, 0.2] * 5,
        [],
    ],
)
def test_no_pattern_is_no_bracket(exposures: list[float | None]) -> None:
    assert bracket_of(exposures) == 1


def frame(path: Path, index: int, exposure_s: float | None) -> Frame:
    return Frame("A", index, Olat(index), path, exposure_s=exposure_s)


def test_exposures_that_files_contradict_are_refused(tmp_path: Path) -> None:
    """A camera that says 1/60 s for 1/64 s is right enough, one that says 1/15 s is not."""
    paths = [photograph(tmp_path / f"{at}.jpg", seconds=1 / 60) for at in range(4)]
    told = [1 / 64, 1 / 15, 1 / 15, None]
    check_exposures(frame(path, at, told[at]) for at, path in enumerate(paths) if at in {0, 3})
    words = r"camera 'A': .* frames 1,2 an exposure of 0.0666667 s, .* 0.0166667 s \(Exif\)"
    with pytest.raises(SessionError, match=words):
        check_exposures(frame(path, at, told[at]) for at, path in enumerate(paths))


def test_files_that_say_nothing_are_believed(tmp_path: Path) -> None:
    (tmp_path / "0.png").touch()
    check_exposures([frame(tmp_path / "0.png", 0, 0.1)])
