from __future__ import annotations

from pathlib import Path

from olat.inspection.sequence import by_count, by_light_names, by_patterns
from olat.io.light_list import LightPatterns
from olat.model.condition import Dark, Olat, Tracking
from tests.support.lambert_sphere import sphere_pictures, spread_directions, write_pictures


def frames(*names: str) -> dict[int, Path]:
    return {index: Path(name) for index, name in enumerate(names)}


def test_lights_are_matched_by_name_whatever_the_case_or_format() -> None:
    reading = by_light_names(frames("a.dng", "b.dng"), ("B.JPG", "A.JPG"), {})
    assert reading is not None
    assert reading.conditions == {0: Olat(1), 1: Olat(0)}
    assert reading.warnings == ()


def test_lights_without_pictures_and_pictures_without_lights_are_told() -> None:
    reading = by_light_names(frames("a.png", "b.png", "x.png"), ("a.png", "b.png", "c.png"), {})
    assert reading is not None
    assert (reading.unlit, reading.skipped) == ((2,), (2,))
    assert "1 of 3 lights have no picture: 'c.png'" in reading.warnings[0]
    assert "names no light for frames 2; they are skipped" in reading.warnings[1]


def test_names_of_other_pictures_are_not_believed() -> None:
    assert by_light_names(frames("a.png", "b.png"), ("led 1", "led 2"), {}) is None


def test_a_pattern_table_is_taken_frame_by_frame() -> None:
    names = {number: Path(f"{number:06d}.exr") for number in range(1, 6)}
    patterns = LightPatterns(tracking=(1, 4), olat={2: 0, 3: 1}, groups=(5,))
    reading = by_patterns(names, patterns, 2)
    assert reading.conditions == {1: Tracking(), 2: Olat(0), 3: Olat(1), 4: Tracking()}
    assert reading.skipped == (5,)
    assert "frames 5 have several lights on" in reading.warnings[0]


def test_a_pattern_table_that_counts_from_another_number_is_shifted() -> None:
    names = {number: Path(f"{number}.exr") for number in range(3)}
    reading = by_patterns(names, LightPatterns((1,), {2: 0, 3: 1}, ()), 2)
    assert reading.conditions == {0: Tracking(), 1: Olat(0), 2: Olat(1)}
    assert "frame 1 of the light patterns is taken for file number 0" in reading.warnings[0]


def test_as_many_pictures_as_lights_are_lit_in_order_without_opening_one() -> None:
    reading = by_count(frames("1.png", "2.png", "d.png"), 2, {2: Dark()}, encodings=("linear",))
    assert reading.conditions == {0: Olat(0), 1: Olat(1), 2: Dark()}
    assert reading.finding is not None
    assert reading.finding.value == "3 pictures - 1 dark (2) = 2 OLAT frames"
    assert reading.finding.confidence == "likely"


def test_numbers_that_do_not_match_are_said_and_not_forced() -> None:
    reading = by_count(frames("1.png", "2.png"), 3, {}, encodings=("linear",))
    assert reading.conditions == {}
    assert "2 pictures = 2 OLAT frames are left for 3 lights" in reading.warnings[0]


def test_tracking_frames_are_found_in_srgb_coded_pictures_too(tmp_path: Path) -> None:
    olat = 0.3 * sphere_pictures(spread_directions(24, hemisphere=True))
    full = 0.2 * olat.sum(axis=0)
    pictures = [full, *olat[:8], full, *olat[8:16], full, *olat[16:], full]
    paths = {n: tmp_path / f"{n:02d}.png" for n in range(len(pictures))}
    coded = [picture.clip(0, 1) ** (1 / 2.2) for picture in pictures]
    write_pictures(paths.values(), coded, bits=8)
    reading = by_count(paths, 24, {}, encodings=("linear", "srgb"))
    tracking = [frame for frame, told in reading.conditions.items() if told == Tracking()]
    assert tracking == [0, 9, 18, 27]
    assert reading.finding is not None
    assert reading.finding.value == "28 pictures - 4 tracking (0-27x9) = 24 OLAT frames"
