"""What lights do under each condition."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.light.arrangements import fibonacci_sphere
from olat.model.condition import (
    LED_PRIMARIES,
    Axis,
    AxisGradient,
    ColorGradient,
    Condition,
    Dark,
    Olat,
    Pattern,
    Polarized,
    SecondOrder,
    Target,
    Tracking,
    complement_of,
)
from olat.model.rig import LightRig
from olat.model.roles import PATTERNS, PLAIN, role

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


WHITE = [condition for condition in PATTERNS.values() if not isinstance(condition, Polarized)]


@pytest.mark.parametrize("condition", [*PLAIN.values(), *PATTERNS.values()], ids=role)
def test_every_pattern_and_its_complement_add_up_to_full_on(condition: Condition) -> None:
    partner = complement_of(condition)
    drive = RIG.pattern(condition)
    assert drive.shape == (10, 3)
    assert drive.min() >= 0.0
    assert drive.max() <= 1.0
    if partner is None:
        return
    assert complement_of(partner) == condition
    assert_allclose(drive + RIG.pattern(partner), 1.0, rtol=0, atol=1e-15)


def test_all_gradients_have_a_complement_and_nothing_else_has() -> None:
    lone = {role(condition) for condition in PATTERNS.values() if complement_of(condition) is None}
    squares = [f"second_order_{axes}" for axes in ("xx", "yy", "zz", "xy", "yz", "zx")]
    filtered = [
        f"{word}_{how}" for how in ("crossed", "parallel") for word in (*squares, "full_on")
    ]
    assert lone == {*squares, *filtered}
    assert complement_of(Tracking()) is None
    assert complement_of(Dark()) is None


def test_a_light_on_the_border_is_in_one_half_alone() -> None:
    rig = LightRig("cross", np.eye(3)[[0, 1]], np.ones((2, 3)))
    assert_array_equal(rig.pattern(AxisGradient("x", is_binary=True))[:, 0], [1.0, 0.0])
    rest = AxisGradient("x", complement=True, is_binary=True)
    assert_array_equal(rig.pattern(rest)[:, 0], [0.0, 1.0])


@pytest.mark.parametrize(("axis", "index"), [("x", 0), ("y", 1), ("z", 2)])
def test_white_gradients_rise_along_their_axis_in_all_colors_alike(axis: Axis, index: int) -> None:
    along = RIG.directions[:, index]
    drive = RIG.pattern(AxisGradient(axis))
    assert_allclose(drive, np.tile((1.0 + along)[:, None] / 2.0, 3), rtol=0, atol=1e-15)
    half = RIG.pattern(AxisGradient(axis, is_binary=True))
    assert_array_equal(half[:, 1] > 0, along > 0)


def test_second_order_patterns_are_the_products_of_the_axes() -> None:
    w = RIG.directions
    found = np.empty((10, 3, 3))
    for i, j, axes in ((0, 0, "xx"), (1, 1, "yy"), (2, 2, "zz")):
        found[:, i, j] = RIG.pattern(SecondOrder(axes))[:, 0]
    for i, j, axes in ((0, 1, "xy"), (1, 2, "yz"), (2, 0, "zx")):
        found[:, i, j] = found[:, j, i] = RIG.pattern(SecondOrder(axes))[:, 2] - 0.5
    assert_allclose(found, w[:, :, None] * w[:, None, :], rtol=0, atol=1e-15)
    assert_allclose(np.trace(found, axis1=1, axis2=2), 1.0, rtol=0, atol=1e-12)


@pytest.mark.parametrize("pattern", [Tracking(), ColorGradient(), *WHITE], ids=role)
def test_a_polarizer_changes_no_drive(pattern: Pattern) -> None:
    assert_array_equal(RIG.pattern(Polarized(pattern, "crossed")), RIG.pattern(pattern))


def test_a_rig_refuses_directions_that_are_not_unit_vectors() -> None:
    with pytest.raises(ValueError, match="not unit vectors"):
        LightRig("long", np.full((2, 3), 1.0), np.ones((2, 3)))
    with pytest.raises(ValueError, match="2 lights have 1 intensities"):
        LightRig("short", fibonacci_sphere(2), np.ones((1, 3)))
