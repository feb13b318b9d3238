"""Gradients inverted over real lists of lights, against simulated truth and a numpy twin."""

from __future__ import annotations

import time
from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.surface.cosine_lobe import exponent_from_ratio, scale_from_integral
from olat.surface.gradient_ratios import contrast
from olat.surface.rig_table import (
    MATTE,
    UNREACHED,
    ratio_under,
    rig_table,
    sharpest_ratio,
)
from tests.surface.readings import degrees_between, normals_facing
from tests.surface.rig_gradients import lobe_sums, patterns, without_floor

SHAPE = (40, 60)
LIGHTS = fibonacci_sphere(331)
FLOORLESS = without_floor(LIGHTS)
SHALLOW = without_floor(LIGHTS, -0.8)
DOORLESS = LIGHTS[np.linalg.norm(LIGHTS - [0.8, 0.0, 0.6], axis=1) > 0.5]


def uneven(lights):
    """Return light of lamps that differ three times in level, and in tint."""
    return np.random.default_rng(7).uniform(0.5, 1.5, (len(lights), 3))


def error_deg(axes, exponent, lights, light, *, is_binary=False, completion="pair"):
    """Return errors of the table and of the closed form, and the ideal ratio."""
    drive = patterns(lights, is_binary=is_binary)
    full = np.ones_like(drive)
    shots = {"pair": (drive, 1.0 - drive, None), "full-on": (drive, None, full),
             "complement": (None, 1.0 - drive, full)}[completion]  # fmt: skip
    given = [None if shot is None else lobe_sums(axes, exponent, lights, light * shot)
             for shot in shots]  # fmt: skip
    difference, total = contrast(*given)
    lit, sums = contrast(*shots)
    table = rig_table(lights, light * lit, light * sums, is_matte=is_binary)
    ratio = difference / total
    ideal = table.ideal(ratio.astype(np.float32))
    length = np.linalg.norm(ideal.ratio, axis=-1, keepdims=True)
    closed = ratio / np.linalg.norm(ratio, axis=-1, keepdims=True)
    return degrees_between(ideal.ratio / length, axes), degrees_between(closed, axes), ideal


def told(name, table, closed):
    print(
        f"{name}: table mean {table.mean():.3f}, worst {table.max():.2f} degrees; "
        f"closed form mean {closed.mean():.2f}, worst {closed.max():.1f}"
    )


@pytest.mark.parametrize("completion", ["pair", "full-on", "complement"])
@pytest.mark.parametrize("is_binary", [False, True], ids=["linear", "binary"])
def test_331_lights_all_around_give_each_axis_within_a_twentieth_of_a_degree(
    rng, is_binary, completion
):
    axes = normals_facing(rng, SHAPE, 90.0)
    found, closed, ideal = error_deg(
        axes, 1.0, LIGHTS, np.ones((331, 1)), is_binary=is_binary, completion=completion
    )
    told(f"331 lights, {'binary' if is_binary else 'linear'}, {completion}", found, closed)
    assert found.mean() < 0.05
    assert found.max() < 0.15
    assert found.mean() < closed.mean()
    # The ideal ratio of a matte surface is two thirds, whatever the patterns were.
    assert_allclose(np.linalg.norm(ideal.ratio, axis=-1), MATTE, rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("lights", "light", "least", "most"),
    [
        (FLOORLESS, np.ones((len(FLOORLESS), 1)), 12.0, 0.1),
        (SHALLOW, np.ones((len(SHALLOW), 1)), 3.5, 0.05),
        (DOORLESS, np.ones((len(DOORLESS), 1)), 5.0, 0.05),
        (LIGHTS, uneven(LIGHTS), 1.0, 0.05),
    ],
    ids=["floor below -0.5", "floor below -0.8", "door", "uneven and tinted"],
)
@pytest.mark.parametrize("is_binary", [False, True], ids=["linear", "binary"])
def test_what_a_rig_lacks_turns_no_normal(rng, lights, light, least, most, is_binary):
    """With no lights below -0.5 the closed form is off by 16.8 degrees, an inverse by < 0.6."""
    axes = normals_facing(rng, SHAPE, 90.0)
    found, closed, _ = error_deg(axes, 1.0, lights, light, is_binary=is_binary)
    told(f"{len(lights)} lights, {'binary' if is_binary else 'linear'}", found, closed)
    assert closed.mean() > least
    assert found.mean() < most
    assert found.max() < 0.6


@pytest.mark.parametrize(("exponent", "most"), [(1.0, 0.02), (3.0, 0.02), (8.0, 0.05), (18.0, 0.2)])
def test_the_length_of_the_ideal_ratio_is_that_of_a_full_sphere(rng, exponent, most):
    """Sharp lobes that point to where the floor would be are told by their flanks alone."""
    axes = normals_facing(rng, SHAPE, 60.0)
    found, closed, ideal = error_deg(axes, exponent, FLOORLESS, np.ones((len(FLOORLESS), 1)))
    length = np.linalg.norm(ideal.ratio, axis=-1)
    told(f"no floor, exponent {exponent:g}", found, closed)
    error = abs(exponent_from_ratio(length, shape="hemispherical") / exponent - 1.0)
    print(f"exponent off by {np.median(error):.2%}, 95 % within {np.quantile(error, 0.95):.2%}")
    assert np.median(error) < 0.005
    assert np.quantile(error, 0.95) < most


def test_a_level_that_leds_do_not_go_below_is_in_the_table(rng):
    """Lights that are driven from 10 % up instead of from 0, told as they are."""
    axes = normals_facing(rng, SHAPE, 90.0)
    drive = 0.1 + 0.9 * patterns(LIGHTS, is_binary=False) ** 1.2
    rest = 0.1 + 0.9 * (1.0 - patterns(LIGHTS, is_binary=False)) ** 1.2
    difference, total = contrast(*(lobe_sums(axes, 1.0, LIGHTS, shot) for shot in (drive, rest)),
                                 None)  # fmt: skip
    table = rig_table(LIGHTS, *contrast(drive, rest, None))
    ideal = table.ideal((difference / total).astype(np.float32)).ratio
    error = degrees_between(ideal / np.linalg.norm(ideal, axis=-1, keepdims=True), axes)
    print(f"LED floor of 10 % and a bent curve: mean {error.mean():.3f} degrees")
    assert error.mean() < 0.05


def test_where_no_light_comes_from_the_table_is_in_doubt():
    """On the front half of a sphere, a normal that faces back sees nothing of it."""
    front = LIGHTS[LIGHTS[:, 2] > 0]
    axes = np.array([[[0.0, 0.0, 1.0], [0.0, 0.95, 0.3122], [0.0, 0.8, -0.6]]])
    _, _, ideal = error_deg(axes, 1.0, front, np.ones((len(front), 1)))
    doubt = np.degrees(ideal.doubt[0])
    print(f"doubt by direction: {doubt.round(1)} degrees for 1 % of noise")
    assert doubt[0] < 4.0 < doubt[2]
    assert (np.diff(doubt) > 0).all()


def test_a_ratio_that_no_lobe_gives_is_told_by_its_distance():
    front = LIGHTS[LIGHTS[:, 2] > 0]
    table = rig_table(front, front, np.ones_like(front))
    # Under lights in front no lobe's light comes from behind.
    behind = table.ideal(np.array([[[0.0, 0.0, -0.5], [0.0, 0.0, 0.7]]], np.float32))
    assert behind.distance[0, 0] > UNREACHED > behind.distance[0, 1]
    assert np.isfinite(behind.ratio).all()


def lobe(ideal, directions):
    """Return the lobe of unit integral that an ideal ratio stands for, by the closed forms."""
    length = np.array([np.linalg.norm(ideal)])
    cosine = directions @ ideal / length
    share = np.clip((0.6 - length[0]) / 0.1, 0.0, 1.0)
    total = 0.0
    if share < 1:
        n = np.maximum(exponent_from_ratio(length, shape="hemispherical"), 0.0)
        peak = scale_from_integral(np.ones(1), n, shape="hemispherical")
        total = total + (1 - share) * peak * np.where(cosine > 0, np.abs(cosine), 0.0) ** n
    if share > 0:
        n = exponent_from_ratio(length, shape="spherical")
        peak = scale_from_integral(np.ones(1), n, shape="spherical")
        total = total + share * peak * ((1 + cosine) / 2) ** n
    return total


def test_the_kernel_simulates_what_plain_numpy_does(rng):
    light = uneven(FLOORLESS)
    ideals = rng.normal(size=(200, 3))
    ideals *= (rng.uniform(0.05, 0.95, 200) / np.linalg.norm(ideals, axis=1))[:, None]
    lit, sums = light * FLOORLESS, light
    found = ratio_under(FLOORLESS, lit, sums, ideals)
    lobes = np.array([lobe(ideal, FLOORLESS) for ideal in ideals])
    assert_allclose(found, (lobes @ lit) / (lobes @ sums), rtol=0, atol=1e-9)


def test_an_ideal_rig_changes_nothing():
    lights = fibonacci_sphere(4000)
    ideals = np.random.default_rng(1).uniform(-0.55, 0.55, (100, 3))
    found = ratio_under(lights, lights, np.ones_like(lights), ideals)
    assert_allclose(found, ideals, rtol=0, atol=2e-3)


def test_slopes_lead_to_the_lobe_from_afar(rng):
    """The inverse on the grid, simulated again, gives the ratios of the grid."""
    table = rig_table(FLOORLESS, FLOORLESS, np.ones_like(FLOORLESS))
    axes = normals_facing(rng, (20, 20), 90.0)
    ratio = rng.uniform(0.1, 0.9, (20, 20, 1)) * axes
    ideal = table.ideal(ratio.astype(np.float32))
    reached = ideal.distance < 1e-3
    again = ratio_under(
        FLOORLESS, FLOORLESS, np.ones_like(FLOORLESS), ideal.ratio[reached].astype(float)
    )
    off = np.linalg.norm(again - ratio[reached], axis=-1)
    print(f"{reached.mean():.0%} reached; ratios off by {np.median(off):.1e}")
    assert reached.mean() > 0.5
    assert np.quantile(off, 0.95) < 0.01


def test_a_sharp_lobe_over_lights_does_not_sum_to_its_integral(rng):
    axes = normals_facing(rng, SHAPE, 180.0)
    off = {}
    for exponent in (1, 20, 100):
        sums = lobe_sums(axes, exponent, LIGHTS, np.full((331, 1), 4 * np.pi / 331))
        off[exponent] = np.std(sums * (exponent + 1) / (2 * np.pi))
    print({f"exponent {exponent}": f"{spread:.2%}" for exponent, spread in off.items()})
    assert off[1] < 1e-3 < off[20] < 5e-3 < off[100]


def test_sparse_lights_do_not_tell_sharp_lobes():
    few, many = (sharpest_ratio(fibonacci_sphere(count)) for count in (60, 331))
    ratios = np.array([few, many])
    exponents = exponent_from_ratio(ratios, shape="hemispherical")
    print(f"sharpest exponent: {exponents[0]:.0f} with 60 lights, {exponents[1]:.0f} with 331")
    assert 4 < exponents[0] < 15
    assert 40 < exponents[1] < 70


def test_drives_of_another_rig_and_lights_that_are_off_are_refused():
    lights = fibonacci_sphere(20)
    with pytest.raises(ValueError, match=r"one shape \(light, 3\) was needed"):
        unwrap(rig_table)(lights, lights[:10], np.ones((10, 3)))
    with pytest.raises(ValueError, match="light along each was needed"):
        rig_table(lights, lights, np.zeros((20, 3)))


@pytest.mark.alone
def test_a_table_is_made_in_seconds_and_looked_up_at_millions_a_second(rng):
    rig_table(LIGHTS, LIGHTS, np.ones_like(LIGHTS)).ideal(np.zeros((1, 1, 3), np.float32))
    start = time.perf_counter()
    table = rig_table(LIGHTS, LIGHTS * 0.9, np.ones_like(LIGHTS))
    built = time.perf_counter() - start
    ratio = rng.uniform(-0.6, 0.6, (500, 1000, 3)).astype(np.float32)
    start = time.perf_counter()
    table.ideal(ratio)
    rate = 0.5 / (time.perf_counter() - start)
    print(f"table of 331 lights in {built:.2f} s; {rate:.1f} Mpx/s looked up")
    assert built < 8.0
    assert rate > 2.0
