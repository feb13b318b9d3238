"""What lights do under each condition."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.light.arrangements import fibonacci_sphere
from olat.model.condition import (
    LED_PRIMARIES,
    ColorGradient,
    Condition,
    Dark,
    Olat,
    Target,
    Tracking,
    condition_from_role,
    role,
)
from olat.model.rig import LightRig

RIG = LightRig("ten", fibonacci_sphere(10), np.ones((10, 3)))


def test_one_light_at_a_time_is_one_row() -> None:
    drive = RIG.pattern(Olat(3))
    assert_array_equal(drive[3], 1.0)
    assert drive.sum() == 3.0


def test_gradient_and_complement_add_up_to_full_on() -> None:
    both = RIG.pattern(ColorGradient()) + RIG.pattern(ColorGradient(complement=True))
    assert_allclose(both, RIG.pattern(Tracking()), rtol=0, atol=1e-15)
    assert RIG.pattern(ColorGradient()).min() >= 0.0


def test_the_red_of_the_gradient_grows_with_x_the_green_with_y_the_blue_with_z() -> None:
    drive = RIG.pattern(ColorGradient())
    for axis in range(3):
        order = np.argsort(RIG.directions[:, axis])
        assert (np.diff(drive[order, axis]) >= 0).all()


def test_a_card_is_lit_by_one_primary_of_every_light() -> None:
    drives = [RIG.pattern(Target(kind)) for kind in LED_PRIMARIES]
    np.testing.assert_array_equal(sum(drives), RIG.pattern(Tracking()))
    assert (drives[2] == [0.0, 0.0, 1.0]).all()


def test_a_ball_of_a_sweep_is_lit_by_one_light() -> None:
    drive = RIG.pattern(Target("mirror_ball", light=3))
    np.testing.assert_array_equal(drive, RIG.pattern(Olat(3)))


def test_darkness_drives_nothing() -> None:
    assert not RIG.pattern(Dark()).any()


@pytest.mark.parametrize(
    "condition",
    [Olat(4), Tracking(), ColorGradient(), ColorGradient(complement=True), Dark(), Target("flat")],
)
def test_a_role_word_means_its_condition(condition: Condition) -> None:
    light = condition.light if isinstance(condition, Olat) else None
    assert condition_from_role(role(condition), light) == condition


def test_words_without_meaning_are_refused() -> None:
    with pytest.raises(ValueError, match="there is no role 'olta'; there are olat, tracking"):
        condition_from_role("olta")
    with pytest.raises(ValueError, match="an 'olat' frame needs a light"):
        condition_from_role("olat")


def test_a_rig_refuses_directions_that_are_not_unit_vectors() -> None:
    with pytest.raises(ValueError, match="not unit vectors"):
        LightRig("long", np.full((2, 3), 1.0), np.ones((2, 3)))
    with pytest.raises(ValueError, match="2 lights have 1 intensities"):
        LightRig("short", fibonacci_sphere(2), np.ones((1, 3)))
