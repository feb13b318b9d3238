"""Normals over the lights of a rig: flags, confidence, color, cross-talk."""

from __future__ import annotations

from inspect import unwrap
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.light.led_matrix import in_primaries
from olat.model.flags import PixelFlag
from olat.surface.gradient_ratios import contrast
from olat.surface.rig_normals import merged_normals, normals_on_rig
from olat.surface.rig_table import rig_table
from tests.surface.readings import degrees_between, normals_facing
from tests.surface.rig_gradients import lobe_sums, patterns

LIGHTS = fibonacci_sphere(331)
LEAK = np.array([[0.85, 0.12, 0.03], [0.08, 0.82, 0.10], [0.02, 0.18, 0.80]])
"""Cross-talk of 10 to 20 %: channel (row) of each LED primary (column)."""


@pytest.fixture(scope="module")
def table():
    return rig_table(LIGHTS, LIGHTS, np.ones_like(LIGHTS))


def test_cross_talk_turns_no_axis_where_it_is_known(rng, table):
    """Capture guide, sections 1.6 and 8: n = 8, 7.1 degrees ignored, below 0.02 corrected."""
    axes = normals_facing(rng, (40, 60), 90.0)
    drive = patterns(LIGHTS, is_binary=False)
    albedo = rng.uniform(0.3, 0.8, (40, 60, 1))
    shots = [(albedo * lobe_sums(axes, 8.0, LIGHTS, part)).astype(np.float32)
             for part in (drive, np.ones_like(drive))]  # fmt: skip
    seen = [(shot @ LEAK.T).astype(np.float32) for shot in shots]
    error = {}
    for name, (gradient, full_on) in (
        ("ignored", seen),
        ("corrected", [in_primaries(shot, matrix=LEAK) for shot in seen]),
    ):
        normals, _, _ = normals_on_rig(*contrast(gradient, None, full_on), table)
        error[name] = degrees_between(normals, axes)
    print({name: f"mean {lean.mean():.4f} degrees" for name, lean in error.items()})
    assert error["ignored"].mean() > 4.0
    assert error["corrected"].mean() < 0.02


def test_doubtful_pixels_have_a_reason_and_no_normal(table):
    total = np.ones((1, 5, 3), np.float32)
    difference = np.zeros((1, 5, 3), np.float32)
    difference[0, :4, 2] = 2 / 3
    total[0, 1] = 1e-4
    total[0, 2, 1] = np.nan
    difference[0, 3, 0] = np.inf
    normals, confidence, flags = normals_on_rig(difference, total, table)
    expected = [0, PixelFlag.SHADOWED, PixelFlag.DEAD, PixelFlag.DEAD, PixelFlag.UNDERDETERMINED]
    assert flags[0].tolist() == expected
    assert not normals[0, 1:].any()
    assert not confidence[0, 1:].any()
    assert_allclose(normals[0, 0], [0, 0, 1], rtol=0, atol=2e-3)
    assert confidence[0, 0] > 0.99


def test_noise_turns_normals_as_the_confidence_says(rng):
    """Where the floor and the back are missing, 1 % of noise turns normals more, and is told."""
    lights = LIGHTS[(LIGHTS[:, 1] > -0.3) & (LIGHTS[:, 2] > -0.3)]
    axes = normals_facing(rng, (80, 120), 100.0)
    drive = patterns(lights, is_binary=False)
    difference, total = contrast(
        *(lobe_sums(axes, 1.0, lights, part) for part in (drive, 1 - drive)), None
    )
    noisy = difference + 0.01 * total * rng.normal(size=difference.shape)
    table = rig_table(lights, *contrast(drive, 1 - drive, None))
    normals, confidence, flags = normals_on_rig(
        noisy.astype(np.float32), total.astype(np.float32), table
    )
    error = degrees_between(normals, axes)
    open_ = (flags & (PixelFlag.UNDERDETERMINED | PixelFlag.CLAMPED)) != 0
    print(f"flagged {open_.mean():.1%}: {np.median(error[open_]):.1f} degrees")
    bounds = [0.2, 0.5, 0.75, 0.9, 1.01]
    typical = []
    for low, high in pairwise(bounds):
        inside = (confidence >= low) & (confidence < high) & ~open_
        typical.append(np.sqrt(np.mean(error[inside] ** 2)))
        print(f"confidence {low:.2f} to {high:.2f}: {typical[-1]:.2f} degrees, {inside.mean():.0%}")
    assert (np.diff(typical) < 0).all()
    assert typical[-1] < 2.5 < typical[0]


def test_gloss_and_bounced_light_are_trusted_less(table):
    length = np.array([2 / 3, 0.4, 0.95])
    difference = np.zeros((1, 3, 3), np.float32)
    difference[0, :, 0] = length
    _, confidence, _ = normals_on_rig(difference, np.ones_like(difference), table)
    assert confidence[0, 0] > 0.98
    assert (confidence[0, 1:] < 0.45).all()


def test_channels_under_lights_of_several_tints_merge_to_one_normal(rng):
    """Colored surfaces under lamps of which each has a tint of its own."""
    lights = fibonacci_sphere(156)
    tints = rng.uniform(0.5, 1.5, (156, 3))
    axes = normals_facing(rng, (20, 30), 90.0)
    albedo = rng.uniform(0.1, 0.9, (20, 30, 3))
    drive = patterns(lights, is_binary=False)
    solved, weights = [], []
    for channel in range(3):
        light = tints[:, channel : channel + 1]
        shots = [albedo[..., channel, None] * lobe_sums(axes, 1.0, lights, light * part)
                 for part in (drive, 1 - drive)]  # fmt: skip
        difference, total = (part.astype(np.float32) for part in contrast(*shots, None))
        lit, sums = contrast(drive, 1 - drive, None)
        table = rig_table(lights, light * lit, light * sums)
        solved.append(normals_on_rig(difference, total, table))
        weights.append(total.mean(axis=-1))
    normals, confidence, flags = merged_normals(solved, weights)
    error = degrees_between(normals, axes)
    print(f"lamps of several tints: mean {error.mean():.3f} degrees")
    assert error.mean() < 0.05
    assert confidence.min() > 0.9
    assert not flags.any()


def test_channels_without_light_have_no_say():
    shape = (1, 2)
    up = np.tile(np.float32([0, 1, 0]), (*shape, 1))
    dark = np.zeros((*shape, 3), np.float32)
    one, none = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    shadow = np.full(shape, PixelFlag.SHADOWED, np.uint8)
    solved = [(up, one, np.zeros(shape, np.uint8)), (dark, none, shadow)]
    normals, confidence, flags = merged_normals(solved, [one, none])
    assert_allclose(normals, up)
    assert_allclose(confidence, 1.0)
    assert not flags.any()
    normals, confidence, flags = merged_normals(solved[1:] * 2, [none, none])
    assert not normals.any()
    assert not confidence.any()
    assert (flags == PixelFlag.SHADOWED).all()


def test_photographs_of_two_sizes_are_refused(table):
    small, large = np.ones((2, 2, 3), np.float32), np.ones((2, 3, 3), np.float32)
    with pytest.raises(ValueError, match="one shape was needed"):
        unwrap(normals_on_rig)(small, large, table)
