"""Roughness from Phong exponents, on lobes of microfacets."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.surface.phong_ladder import phong_from_olats
from olat.surface.roughness import roughness_of_phong
from olat.surface.view import view_directions
from tests.surface.readings import VIEW, no_flags, noisy, sphere_of_lights

SHAPE = (2, 32)


def leaning(rng, tilt_deg):
    """Return normals that all lean as far from the camera."""
    turn = rng.uniform(0.0, 2.0 * np.pi, SHAPE)
    z, radius = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), np.full(SHAPE, z)], axis=-1)


def microfacets(lights, normals, alpha, model):
    """Return ``(light, h, w)`` readings of rough plastic (Walter et al. 2007, equations 20 to 34).

    The shadowing is that of GGX for both, F is 0.04.
    """
    facing = np.einsum("lk,hwk->lhw", lights, normals)
    halves = lights + VIEW
    halves /= np.linalg.norm(halves, axis=1, keepdims=True)
    cosine = np.maximum(np.einsum("lk,hwk->lhw", halves, normals), 1e-3)
    if model == "ggx":
        spread = alpha**2 / (np.pi * (cosine**2 * (alpha**2 - 1.0) + 1.0) ** 2)
    else:
        tangent = 1.0 / cosine**2 - 1.0
        spread = np.exp(-tangent / alpha**2) / (np.pi * alpha**2 * cosine**4)

    def hidden(toward):
        return (np.sqrt(1.0 + alpha**2 * (1.0 / np.maximum(toward, 1e-4) ** 2 - 1.0)) - 1.0) / 2.0

    seen = 1.0 / (1.0 + hidden(facing) + hidden(normals[..., 2]))
    lobe = np.pi * spread * seen * 0.04 / (4.0 * normals[..., 2])
    return 0.3 * np.maximum(facing, 0.0) + np.where(facing > 0.0, lobe, 0.0)


def roughness_found(rng, alpha, model, tilt_deg):
    lights, normals = sphere_of_lights(1500), leaning(rng, tilt_deg)
    readings = microfacets(lights, normals, alpha, model)[:, np.newaxis] * np.ones((3, 1, 1))
    terms = phong_from_olats(
        noisy(readings, rng, 0.001).astype(np.float16),
        no_flags(readings),
        lights,
        normals.astype(np.float32),
        view_directions(*SHAPE, None),
    )
    return np.median(roughness_of_phong(terms.exponent))


@pytest.mark.parametrize(
    ("model", "alpha", "within"),
    [
        ("beckmann", 0.09, 0.03),
        ("beckmann", 0.16, 0.03),
        ("beckmann", 0.22, 0.03),
        ("ggx", 0.09, 0.15),
        ("ggx", 0.16, 0.15),
        ("ggx", 0.22, 0.2),
    ],
)
def test_lobes_of_microfacets_give_back_their_roughness(rng, model, alpha, within):
    found = roughness_found(rng, alpha, model, 10.0)
    # What the formula gives if the exponent is taken for that of a half vector.
    mistaken = np.sqrt(2.0 / ((1.0 / found**2 - 1.0) / 2.0 + 2.0))
    print(
        f"{model}, alpha {alpha}: {found / alpha:.2f} of it; "
        f"as a half vector {mistaken / alpha:.2f}"
    )
    assert abs(found / alpha - 1.0) < within


def test_surfaces_that_turn_away_look_smoother(rng):
    shares = [roughness_found(rng, 0.16, "ggx", tilt) / 0.16 for tilt in (10.0, 40.0, 65.0)]
    print("ggx, alpha 0.16, at 10, 40 and 65 degrees:", *(f"{share:.2f}" for share in shares))
    assert shares[0] > shares[1] > shares[2] > 0.5


def test_no_lobe_is_as_rough_as_can_be():
    exponent = np.array([[0.0, 4.0, 40.0, 256.0]], np.float32)
    assert_allclose(roughness_of_phong(exponent), [[1.0, 1 / 3.0, 1 / 9.0, 1 / 513.0**0.5]], 1e-6)
