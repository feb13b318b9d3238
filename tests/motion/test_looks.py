"""What a tracking frame shows is told by itself, and which one is best by comparing a few."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.motion.best_look import Looks
from olat.motion.looks import fault_of, gray_of, lit_in, look_of
from olat.motion.refusal import refusal
from olat.motion.resemblance import detail_of, resemblance
from olat.motion.sharpness import sharpness_of

SIZE = 192


def subject(rng: np.random.Generator, *, noise: float = 0.004) -> np.ndarray:
    """Return a disc of fine and coarse texture on a black ground, with noise."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    made = np.random.default_rng(5)
    texture = sum(
        cv2.GaussianBlur(made.standard_normal((SIZE, SIZE)).astype(np.float32), (0, 0), sigma)
        * sigma
        for sigma in (1.0, 4.0)
    )
    level = np.clip(0.4 + 0.15 * texture, 0.05, 1.0)
    disc = np.hypot(x - 90.0, y - 100.0) < 60.0
    plane = np.where(disc, level, 0.0) + noise * rng.standard_normal((SIZE, SIZE))
    return np.repeat(plane[..., np.newaxis], 3, axis=2).astype(np.float32)


def another() -> np.ndarray:
    """Return something else: bars."""
    x = np.arange(SIZE)
    plane = (
        np.where((x // 20 % 2 == 0) & (x > 30), 0.5, 0.02) * np.linspace(0.6, 1.0, SIZE)[:, None]
    )
    return np.repeat(plane[..., np.newaxis], 3, axis=2).astype(np.float32)


def image(radiance: np.ndarray) -> RadianceImage:
    full = (radiance >= 1.0).any(axis=2)
    return RadianceImage(radiance, (full * PixelFlag.SATURATED).astype(np.uint8))


def fault(radiance: np.ndarray) -> str:
    shown = image(radiance)
    return fault_of(look_of(shown.radiance, shown.flags, frame=0))


def test_frames_that_show_nothing_are_told_from_those_that_do(rng: np.random.Generator) -> None:
    shown = subject(rng)
    noise = (0.004 * rng.standard_normal(shown.shape)).astype(np.float32)
    assert fault(shown) == ""
    assert fault(0.01 * shown) == ""
    assert fault(noise) == "black"
    assert fault(np.zeros_like(shown)) == "black"
    assert fault(np.full_like(shown, np.nan)) == "black"
    assert fault(np.minimum(8.0 * shown, 1.0)) == "saturated"
    assert fault(0.5 + noise) == "blank"


def test_what_is_lit_is_the_disc(rng: np.random.Generator) -> None:
    lit = lit_in(gray_of(subject(rng)))
    assert lit.mean() == pytest.approx(np.pi * 60.0**2 / SIZE**2, rel=0.03)


def test_noise_is_not_taken_for_sharpness(rng: np.random.Generator) -> None:
    clean, noisy = (gray_of(subject(rng, noise=noise)) for noise in (0.0, 0.03))
    within = lit_in(clean)
    flat = (0.4 + 0.03 * rng.standard_normal(clean.shape)).astype(np.float32)
    sharp = sharpness_of(clean, within)
    assert sharpness_of(noisy, within) == pytest.approx(sharp, rel=0.1)
    assert sharpness_of(flat, within) < 0.2 * sharp
    assert sharpness_of(0.1 * clean, within) == pytest.approx(sharp, rel=1e-4)


@pytest.mark.parametrize("blur", [(5, 1), (1, 5)], ids=["across", "along"])
def test_a_frame_that_moved_while_it_was_taken_is_less_sharp(
    rng: np.random.Generator, blur: tuple[int, int]
) -> None:
    clean = gray_of(subject(rng))
    within = lit_in(clean)
    blurred = np.asarray(cv2.blur(clean, blur))
    assert sharpness_of(blurred, within) < 0.8 * sharpness_of(clean, within)


@pytest.mark.parametrize("shift", [(0, 0), (24, 0), (-30, 18)])
def test_a_shift_is_found_and_the_subject_known_again(
    rng: np.random.Generator, shift: tuple[int, int]
) -> None:
    first = subject(rng)
    second = np.roll(first, shift[::-1], axis=(0, 1))
    found = resemblance(detail_of(gray_of(first)), detail_of(gray_of(second)), width=SIZE)
    assert found.shift == pytest.approx(shift, abs=1.6)
    assert found.likeness > 0.8
    other = resemblance(detail_of(gray_of(first)), detail_of(gray_of(another())), width=SIZE)
    assert other.likeness < 0.5


def looks_at(frames: dict[int, np.ndarray]) -> tuple[Looks, list[int]]:
    """Return looks at frames from the middle outward, and which of them were developed."""
    seen: list[int] = []

    def load(frame: int) -> RadianceImage:
        seen.append(frame)
        return image(frames[frame])

    order = sorted(frames, key=lambda frame: (abs(frame - 3), frame))
    return Looks(load, order), seen


SPOILS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "black": lambda shown: 0.0 * shown,
    "saturated": lambda shown: np.minimum(8.0 * shown, 1.0),
    "blank": lambda shown: np.full_like(shown, 0.5),
    "much blurrier than others": lambda shown: np.asarray(cv2.GaussianBlur(shown, (0, 0), 2.0)),
    "unlike the others": lambda _: another(),
}


@pytest.mark.parametrize("reason", SPOILS)
def test_the_middle_frame_is_passed_over_if_it_is_not_sound(
    rng: np.random.Generator, reason: str
) -> None:
    frames = {frame: subject(rng) for frame in range(7)}
    frames[3] = SPOILS[reason](frames[3])
    looks, _ = looks_at(frames)
    assert looks.middle() == 2
    assert looks.before(2) == {3: reason}


def test_three_frames_are_developed_where_all_are_sound(rng: np.random.Generator) -> None:
    looks, seen = looks_at({frame: subject(rng) for frame in range(7)})
    assert looks.middle() == 3
    assert seen == [3, 2, 4]
    assert looks.before(3) == {}


def test_a_bad_neighbor_of_a_sound_middle_frame_is_no_matter(rng: np.random.Generator) -> None:
    frames = {frame: subject(rng) for frame in range(7)}
    for reason, frame in zip(SPOILS, (2, 4, 1, 5, 0), strict=True):
        frames[frame] = SPOILS[reason](frames[frame])
    looks, _ = looks_at(frames)
    assert looks.middle() == 3
    assert looks.before(3) == {}


def test_the_sharpest_is_chosen_and_of_equals_the_one_in_the_middle(
    rng: np.random.Generator,
) -> None:
    frames = {
        frame: np.asarray(cv2.GaussianBlur(subject(rng, noise=0.0), (0, 0), 0.8))
        for frame in range(7)
    }
    assert looks_at(frames)[0].sharpest() == 3
    frames[6] = subject(rng, noise=0.0)
    looks, seen = looks_at(frames)
    assert looks.sharpest() == 6
    assert sorted(seen) == list(range(7))
    frames[6] = another()
    assert looks_at(frames)[0].sharpest() == 3


def test_frames_that_are_all_dark_are_no_choice(rng: np.random.Generator) -> None:
    looks, _ = looks_at({1: np.zeros((SIZE, SIZE, 3), np.float32), 4: 0.0 * subject(rng) + 0.5})
    with pytest.raises(
        ValueError, match="no tracking frame shows the subject: 1 is black, 4 is bl"
    ):
        looks.middle()


def moved(shown: np.ndarray, right: int) -> np.ndarray:
    """Shift a picture to the right; the dark comes after it."""
    out = np.zeros_like(shown)
    out[:, right:] = shown[:, : shown.shape[1] - right]
    return out


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (SPOILS["black"], "black"),
        (SPOILS["saturated"], "saturated"),
        (SPOILS["blank"], "blank, one gray all over"),
        (SPOILS["unlike the others"], "does not show the subject of the reference"),
        (lambda shown: moved(shown, 120), "the subject left the frame"),
        (lambda shown: moved(shown, 42), "moved by 42 px, farther than flow can follow"),
        (lambda shown: shown, ""),
    ],
    ids=["black", "saturated", "blank", "cut", "left", "far", "sound"],
)
def test_a_refusal_names_what_is_wrong(
    rng: np.random.Generator, spoil: Callable[[np.ndarray], np.ndarray], reason: str
) -> None:
    reference = image(subject(rng))
    within = lit_in(gray_of(reference.radiance))
    told = refusal(reference, image(spoil(subject(rng))), within, outside=0.0)
    assert told == reason
