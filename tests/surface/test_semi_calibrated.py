"""Intensities of lights from the subject that they shine on."""

from __future__ import annotations

import numpy as np
import pytest

from olat.surface.lambert import normals_from_olats
from olat.surface.semi_calibrated import intensities_from_olats
from tests.surface.readings import (
    Surface,
    degrees_between,
    glossy_surface,
    no_flags,
    noisy,
    normals_facing,
    sphere_of_lights,
    with_cast_shadows,
)

SHAPE = (30, 60)


def uneven(rng, count, spread):
    relative = rng.uniform(1.0 - spread, 1.0 + spread, count)
    return relative / np.exp(np.log(relative).mean())


def samples_of(readings):
    values = readings.mean(axis=1).reshape(len(readings), -1).astype(np.float32)
    return values, values > np.maximum(0.05 * np.sort(values, axis=0)[-3], 0.004)


def off_by(found, relative):
    """Return the errors of the lights that were seen; the common scale is open."""
    ratio = (found.relative / relative)[found.was_seen]
    return ratio / np.exp(np.log(ratio).mean()) - 1.0


@pytest.mark.parametrize("count", [24, 96])
@pytest.mark.parametrize("spread", [0.1, 0.3])
def test_intensities_of_a_matte_subject_are_found(rng, count, spread):
    lights = sphere_of_lights(count)
    surface = Surface(normals_facing(rng, SHAPE, 75.0), rng.uniform(0.2, 0.8, (*SHAPE, 3)))
    relative = uneven(rng, count, spread)
    readings = surface.readings(lights) * relative[:, np.newaxis, np.newaxis, np.newaxis]
    readings = noisy(readings, rng).astype(np.float32)
    found = intensities_from_olats(*samples_of(readings), lights)
    error = off_by(found, relative)
    mean = {}
    for name, divisor in (("told", np.ones(count)), ("estimated", found.relative)):
        mended = (readings / divisor[:, None, None, None]).astype(np.float32)[found.was_seen]
        normals, *_ = normals_from_olats(
            mended, no_flags(mended), lights[found.was_seen], method="least_squares"
        )
        mean[name] = degrees_between(normals, surface.normals).mean()
    print(
        f"{count} lights, uneven by {spread:.0%}: off by {100 * error.std():.2f} % rms, "
        f"{100 * np.abs(error).max():.2f} % at most; normals {mean['told']:.2f} degrees as told, "
        f"{mean['estimated']:.2f} as estimated"
    )
    assert np.abs(error).max() < 0.01
    assert mean["estimated"] < mean["told"] / 3


def test_highlights_and_cast_shadows_have_little_say(rng):
    lights = sphere_of_lights(96)
    surface = glossy_surface(rng, SHAPE, exponent=30.0, lobe=0.4)
    readings = with_cast_shadows(surface.readings(lights), lights, rng)
    relative = uneven(rng, 96, 0.3)
    readings = noisy(readings * relative[:, None, None, None], rng).astype(np.float32)
    found = intensities_from_olats(*samples_of(readings), lights)
    error = off_by(found, relative)
    print(f"glossy, with shadows: off by {100 * error.std():.2f} % rms of {100 * 0.3 / 3**0.5:.0f}")
    assert error.std() < 0.015


def test_a_light_behind_the_subject_is_left_as_told(rng):
    lights = sphere_of_lights(48)
    surface = Surface(normals_facing(rng, SHAPE, 40.0), np.full((*SHAPE, 3), 0.5))
    readings = noisy(surface.readings(lights), rng)
    found = intensities_from_olats(*samples_of(readings), lights)
    behind = lights[:, 2] < -0.7
    assert not found.was_seen[behind].any()
    assert (found.relative[behind] == 1.0).all()
    assert found.was_seen[lights[:, 2] > 0.5].all()
    assert found.largest_correction < 0.01


def test_what_cannot_be_told_is_refused(rng):
    lights = sphere_of_lights(24)
    bent = Surface(normals_facing(rng, SHAPE, 75.0), np.full((*SHAPE, 3), 0.5))
    flat = Surface(
        np.broadcast_to([0.0, 0.0, 1.0], (*SHAPE, 3)), rng.uniform(0.2, 0.8, (*SHAPE, 3))
    )
    values, lit = samples_of(bent.readings(lights))
    with pytest.raises(ValueError, match="40 pixels are lit by four lights or more; 50 were"):
        intensities_from_olats(values[:, :40], lit[:, :40], lights)
    with pytest.raises(ValueError, match=r"the surface turns by 0\.0 degrees; 6 were needed"):
        intensities_from_olats(*samples_of(flat.readings(lights)), lights)
    turn = np.linspace(-1.0, 1.0, 24)
    ring = np.stack([np.sin(turn), np.zeros(24), np.cos(turn)], axis=1)
    with pytest.raises(ValueError, match="the 24 lights lie in a plane"):
        intensities_from_olats(values, lit, ring)
