"""Words for what the lights did."""

from __future__ import annotations

import pytest

from olat.model.condition import (
    TARGETS,
    AxisGradient,
    ColorGradient,
    Condition,
    Olat,
    Polarized,
    SecondOrder,
    Target,
    Tracking,
    full_on_of,
)
from olat.model.roles import PATTERNS, PLAIN, condition_from_role, role

TARGETS_SEEN = [Target(kind) for kind in TARGETS]


@pytest.mark.parametrize(
    "condition", [Olat(4), *PLAIN.values(), *TARGETS_SEEN, *PATTERNS.values()], ids=role
)
def test_a_role_word_means_its_condition(condition: Condition) -> None:
    light = condition.light if isinstance(condition, Olat) else None
    assert condition_from_role(role(condition), light) == condition


def test_no_two_conditions_share_a_word() -> None:
    words = ["olat", *PLAIN, *TARGETS, *PATTERNS]
    assert len(words) == len(set(words))
    # 12 axis gradients and 6 second-order patterns; with 3 more, each behind 2 polarizers.
    assert len(PATTERNS) == 18 + 2 * (18 + 3)


@pytest.mark.parametrize(
    ("word", "condition"),
    [
        ("gradient_x", AxisGradient("x")),
        ("complement_z", AxisGradient("z", complement=True)),
        ("binary_y", AxisGradient("y", is_binary=True)),
        ("binary_complement_y", AxisGradient("y", complement=True, is_binary=True)),
        ("second_order_zx", SecondOrder("zx")),
        ("full_on_parallel", Polarized(Tracking(), "parallel")),
        ("complement_crossed", Polarized(ColorGradient(complement=True), "crossed")),
        ("gradient_x_crossed", Polarized(AxisGradient("x"), "crossed")),
        ("second_order_xx_parallel", Polarized(SecondOrder("xx"), "parallel")),
    ],
)
def test_words_are_those_that_people_write(word: str, condition: Condition) -> None:
    assert PATTERNS[word] == condition


def test_words_without_meaning_are_refused() -> None:
    with pytest.raises(ValueError, match="there is no role 'olta'; there are olat, tracking"):
        condition_from_role("olta")
    with pytest.raises(ValueError, match="patterns such as gradient_x"):
        condition_from_role("gradient_w")
    with pytest.raises(ValueError, match="an 'olat' frame needs a light"):
        condition_from_role("olat")


def test_a_pattern_adds_up_to_the_full_on_light_behind_its_own_polarizer() -> None:
    assert full_on_of(AxisGradient("x")) == Tracking()
    crossed = Polarized(AxisGradient("x"), "crossed")
    assert full_on_of(crossed) == Polarized(Tracking(), "crossed")
