from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from olat.inspection.frame_roles import FrameRoles, period_of, roles_by_brightness
from tests.support.lambert_sphere import sphere_pictures, spread_directions


def sweep(
    lights: int, rng: np.random.Generator, *, hemisphere: bool, every: int = 10
) -> tuple[np.ndarray, FrameRoles]:
    """Photograph dark, full-on, a gradient, its complement, and a sweep with tracking frames."""
    directions = spread_directions(lights, hemisphere=hemisphere)
    olat = sphere_pictures(directions, size=24)
    full = olat.sum(axis=0)
    drive = 2.5 * olat.mean() / full.mean()
    gradient, complement = (
        np.einsum("lhwc,lc->hwc", olat, (1.0 + sign * directions) / 2) for sign in (1.0, -1.0)
    )
    frames, tracking = [0 * full, drive * full, 2 * drive * gradient, 2 * drive * complement], [1]
    for light in range(lights):
        if light % every == 0:
            tracking.append(len(frames))
            frames.append(drive * full)
        frames.append(olat[light])
    noisy = np.array(frames) + rng.normal(0.0, 0.002, (len(frames), *full.shape))
    return noisy.astype(np.float32), FrameRoles(tuple(tracking), (2,), (3,), (0,), (), every + 1)


@pytest.mark.parametrize("lights", [24, 60, 156])
@pytest.mark.parametrize("hemisphere", [False, True])
def test_everything_but_single_lights_is_told_by_brightness(
    lights: int, hemisphere: bool, rng: np.random.Generator
) -> None:
    pictures, truth = sweep(lights, rng, hemisphere=hemisphere)
    assert roles_by_brightness(pictures, lights=lights) == truth


def test_a_gradient_and_its_complement_are_told_apart_in_either_order(
    rng: np.random.Generator,
) -> None:
    pictures, _ = sweep(24, rng, hemisphere=False)
    pictures[[2, 3]] = pictures[[3, 2]]
    roles = roles_by_brightness(pictures, lights=24)
    assert (roles.gradient, roles.complement) == ((3,), (2,))


def test_a_sweep_alone_has_no_other_frames(rng: np.random.Generator) -> None:
    pictures = sphere_pictures(spread_directions(60)).astype(np.float32)
    assert roles_by_brightness(pictures, lights=60).extras == frozenset()


def test_frontal_lights_that_do_not_make_the_numbers_match_are_not_called_full_on() -> None:
    frontal = np.array([0.0, 0.0, 1.0]) + 0.3 * spread_directions(12)
    pictures = sphere_pictures(frontal).astype(np.float32)
    assert roles_by_brightness(pictures, lights=5).tracking == ()


def test_black_frames_that_may_be_lights_behind_are_not_called_dark() -> None:
    directions = np.vstack([spread_directions(20, hemisphere=True), [[0, 0, -1]] * 2])
    pictures = sphere_pictures(directions, glow=0.0).astype(np.float32)
    assert roles_by_brightness(pictures, lights=21).dark == ()


def test_frames_after_the_sweep_that_no_light_is_left_for_are_outside(
    rng: np.random.Generator,
) -> None:
    pictures, _ = sweep(30, rng, hemisphere=False)
    flat_field = np.full((2, *pictures.shape[1:]), 0.6, np.float32)
    closing = pictures[1:2]
    roles = roles_by_brightness(np.concatenate([pictures, closing, flat_field]), lights=30)
    assert roles.outside == (len(pictures) + 1, len(pictures) + 2)
    assert roles.dark == (0,)


def test_dark_frames_at_the_ends_are_told_even_if_the_numbers_do_not_match(
    rng: np.random.Generator,
) -> None:
    pictures, _ = sweep(30, rng, hemisphere=True)
    roles = roles_by_brightness(pictures, lights=28)
    assert roles.dark == (0,)


def test_the_rhythm_survives_a_short_last_block() -> None:
    assert period_of([0, 20, 41, 62, 83, 104, 117]) == 21
    assert period_of([3, 4, 9]) == 0
    assert period_of([5]) == 0


def test_the_rhythm_of_a_real_stage_is_found_from_its_pictures(shared_data: Path) -> None:
    """In these environment maps the full-on frames are left black."""
    paths = sorted((shared_data / "stage" / "OLAT_EnvMaps").glob("*.png"))
    small = np.stack([cv2.resize(cv2.imread(str(path)), (32, 16), interpolation=cv2.INTER_AREA)
                      for path in paths])  # fmt: skip
    roles = roles_by_brightness(small.astype(np.float32) / 255, lights=331)
    assert roles.dark == (0, *range(20, 336, 21), 348, 349)
    assert period_of(list(roles.dark)) == 21
