from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from olat.inspection.frame_roles import roles_by_brightness
from olat.inspection.rhythm import Rhythm, rhythm_of, sequence_offset

REAL = (0, *range(20, 336, 21), 348, 349)
"""Where a real stage of 331 lights had all of them on."""


def series(planned: tuple[int, ...], count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the brightness of frames: full-on ones are twice as bright as a light, about."""
    level = rng.uniform(0.3, 1.0, count)
    level[list(planned)] = rng.uniform(1.4, 1.6, len(planned))
    return level


def test_the_rhythm_of_a_real_stage_has_a_short_first_and_last_block() -> None:
    assert rhythm_of(REAL) == Rhythm(20, 21, (0, 348, 349))


def test_the_rhythm_of_a_take_that_is_offset_by_one() -> None:
    assert rhythm_of([frame + 1 for frame in REAL]) == Rhythm(21, 21, (1, 349, 350))


@pytest.mark.parametrize("frames", [[], [5], [3, 9], [1, 2, 3, 4], [0, 3, 11, 15]])
def test_what_has_no_rhythm_has_period_zero(frames: list[int]) -> None:
    assert rhythm_of(frames) == Rhythm(frames[0] if frames else 0, 0, tuple(frames))


@pytest.mark.parametrize("offset", [-7, -1, 0, 1, 2, 9])
def test_every_offset_is_found_from_brightness_alone(offset: int, rng: np.random.Generator) -> None:
    plan = REAL[1:-2]
    told = sequence_offset(series(tuple(np.add(plan, offset)), 380, rng), plan)
    assert (told.offset, told.is_clear) == (offset, True)


def test_two_rhythms_that_fit_alike_are_named_as_candidates(rng: np.random.Generator) -> None:
    plan = tuple(range(10, 200, 20))
    both = tuple(sorted({*plan, *(place + 3 for place in plan)}))
    told = sequence_offset(series(both, 210, rng), plan)
    assert not told.is_clear
    assert sorted(told.candidates) == [0, 3]


def test_brightness_without_rhythm_is_not_clear(rng: np.random.Generator) -> None:
    assert not sequence_offset(rng.uniform(0.3, 1.0, 200), tuple(range(0, 200, 11))).is_clear


@pytest.mark.parametrize("planned", [(), tuple(range(5))])
def test_a_plan_without_a_pattern_is_refused(planned: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="some, but not all"):
        sequence_offset(np.arange(5.0), planned)


def test_the_rhythm_and_the_offset_of_a_real_stage_are_found_from_its_pictures(
    shared_data: Path,
) -> None:
    """In these environment maps the full-on frames are left black."""
    paths = sorted((shared_data / "stage" / "OLAT_EnvMaps").glob("*.png"))
    pictures = [cv2.imread(str(path)) for path in paths]
    small = np.stack([cv2.resize(one, (32, 16), interpolation=cv2.INTER_AREA) for one in pictures])
    small = small.astype(np.float32) / 255
    dark = roles_by_brightness(small, lights=331).dark
    assert rhythm_of(dark) == Rhythm(20, 21, (0, 348, 349))
    level = np.array([one.mean() for one in pictures])
    for shift in (-1, 0, 1):
        told = sequence_offset(level, [frame + shift for frame in REAL if 0 < frame < 348])
        print(f"plan moved by {shift:+d}: offset {told.offset:+d}, correlation {told.score:.3f}")
        assert (told.offset, told.is_clear) == (-shift, True)
