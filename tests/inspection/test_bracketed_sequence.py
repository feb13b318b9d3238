from __future__ import annotations

from pathlib import Path

import pytest

from olat.errors import SessionError
from olat.inspection.bracketed_sequence import by_bracket
from olat.inspection.brackets import check_exposures
from olat.inspection.capture import inspect_capture
from olat.inspection.session_text import write_session
from olat.io.manifest import read_session
from tests.inspection.test_exif import photograph
from tests.support.sessions import simulated


def test_init_finds_the_brackets_of_a_simulated_capture(tmp_path: Path) -> None:
    """It comes to the same conditions, brackets and exposures as the manifest written with it."""
    made = tmp_path / "made"
    simulated(made, size=64, lights=12, tracking_every=4, bracket=3, sway_px=0.0)
    told = read_session(made)
    write_session(inspect_capture(made), tmp_path / "found")
    found = read_session(tmp_path / "found").frames_of("A")
    for frame in told.frames:
        if frame.bracket:
            seen = found[frame.index]
            assert (seen.condition, seen.bracket) == (frame.condition, frame.bracket)
            assert seen.exposure_s == pytest.approx(frame.exposure_s, rel=1e-4)
    check_exposures(told.frames)
    text = (made / "session.toml").read_text().replace("exposure_s = 0.0666", "exposure_s = 0.0555")
    (made / "session.toml").write_text(text)
    with pytest.raises(SessionError, match=r"an exposure of 0\.05"):
        check_exposures(read_session(made).frames)


def test_a_bracketed_capture_without_tracking_reads_by_count(tmp_path: Path) -> None:
    frames = {
        at: photograph(tmp_path / f"{at:02d}.jpg", seconds=(0.1, 0.025)[at % 2]) for at in range(8)
    }
    reading = by_bracket(frames, 4, {}, encodings=("linear",))
    assert reading is not None
    assert reading.brackets == ((0, 1), (2, 3), (4, 5), (6, 7))
    assert reading.exposures_s == (0.1, 0.025)
    assert reading.followers == {1, 3, 5, 7}
    lights = [reading.conditions[frame].light for frame in range(8)]
    assert lights == [0, 0, 1, 1, 2, 2, 3, 3]


def test_files_of_one_exposure_are_no_brackets(tmp_path: Path) -> None:
    frames = {at: photograph(tmp_path / f"{at:02d}.jpg") for at in range(8)}
    assert by_bracket(frames, 4, {}, encodings=("linear",)) is None
    assert by_bracket(frames, 8, {}, encodings=("linear",)) is None


def test_a_session_in_a_table_tells_its_exposures(tmp_path: Path) -> None:
    """A dark frame beside the series is reached by no pattern, so a table is needed."""
    for at in range(8):
        photograph(tmp_path / f"{at:03d}.jpg", seconds=(0.1, 0.025)[at % 2])
    photograph(tmp_path / "dark.jpg", seconds=0.1)
    (tmp_path / "lights.csv").write_text("x,y,z\n0,0,1\n0.6,0,0.8\n-0.6,0,0.8\n0,0.6,0.8\n")
    write_session(inspect_capture(tmp_path, encoding="srgb"), tmp_path)
    assert (tmp_path / "frames.csv").is_file()
    frames = [*read_session(tmp_path).frames_of("A").values()]
    assert [frame.leads for frame in frames] == [*[True, False] * 4, True]
    assert [frame.gain for frame in frames] == pytest.approx([*[1.0, 4.0] * 4, 1.0])
