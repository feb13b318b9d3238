"""Matte and gloss from four photographs, over real lights (capture guide, section 1.8)."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import least_squares

from olat.light.arrangements import fibonacci_sphere
from olat.model.flags import PixelFlag
from olat.surface.specular_separation import WhiteLights, separate_specular
from tests.surface.readings import degrees_between, normals_facing
from tests.surface.rig_gradients import VIEW, glossy_moments, without_floor

SHAPE = (30, 40)
LIGHTS = fibonacci_sphere(331)
AWAY = np.cos(np.radians(15.0))
"""Cosine of the least angle between normal and view that is away from the degenerate direction."""


def scene(rng, lights, light, *, tilt_deg=75.0, noise=0.0, gray=False):
    """Return normals, albedo, lobe, exponent and moments."""
    normals = normals_facing(rng, SHAPE, tilt_deg)
    albedo = rng.uniform(0.1, 0.8, (*SHAPE, 1 if gray else 3)) * np.ones(3)
    lobe, exponent = rng.uniform(0.1, 0.6, SHAPE), np.exp(rng.uniform(np.log(8), np.log(40), SHAPE))
    moments = glossy_moments(normals, albedo, lobe, exponent, lights, light)
    moments += noise * moments[..., :1] * rng.normal(size=moments.shape)
    return normals, albedo, lobe, exponent, moments.astype(np.float32)


def separated(moments, lights, light, normals=None):
    view = np.tile(VIEW.astype(np.float32), (*SHAPE, 1))
    given = np.zeros((*SHAPE, 3), np.float32) if normals is None else normals.astype(np.float32)
    return separate_specular(moments, given, view, WhiteLights(lights, light, lights))


@pytest.mark.parametrize(
    ("lights", "tint"),
    [(LIGHTS, [1.0, 1.0, 1.0]), (LIGHTS, [1.0, 0.6, 0.3]), (without_floor(LIGHTS), [1, 1, 1])],
    ids=["sphere", "tinted", "no floor"],
)
def test_matte_and_gloss_come_apart_without_noise(rng, lights, tint):
    """Asked: normal within 0.1 degree, matte part within 0.1 % away from the degenerate."""
    light = np.ones((len(lights), 1)) * tint
    normals, albedo, lobe, exponent, moments = scene(rng, lights, light)
    found = separated(moments, lights, light)
    terms = found.terms
    clear = (terms.flags == 0) & (normals[..., 2] < AWAY)
    error = degrees_between(found.normals, normals)[found.from_color]
    off = abs(terms.diffuse_albedo / albedo - 1.0).max(axis=-1)[clear]
    ratio = (terms.exponent / exponent)[clear]
    peak = (terms.specular_albedo[..., 0] / lobe)[clear]
    print(
        f"normal worst {error.max():.4f} degrees; matte median {np.median(off):.1e}, 99 % within "
        f"{np.quantile(off, 0.99):.1e}; exponent median {np.median(ratio):.4f}; flagged "
        f"{1 - np.mean(terms.flags == 0):.1%}"
    )
    assert error.max() < 0.1
    assert np.quantile(off, 0.99) < 1e-3
    assert np.median(off) < 1e-5
    assert_allclose(np.median(ratio), 1.0, rtol=0.01)
    assert np.quantile(abs(peak - 1.0), 0.9) < 0.05
    assert clear.mean() > 0.6


def test_noise_is_told_and_costs_about_a_degree(rng):
    light = np.ones((331, 3))
    normals, albedo, _, exponent, moments = scene(rng, LIGHTS, light, noise=0.005)
    found = separated(moments, LIGHTS, light)
    clear = found.terms.flags == 0
    error = degrees_between(found.normals, normals)
    off = abs(found.terms.diffuse_albedo / albedo - 1.0).max(axis=-1)
    factor = abs(np.log(np.maximum(found.terms.exponent, 0.1) / exponent))
    sure = found.terms.confidence > np.quantile(found.terms.confidence[clear], 0.7)
    print(
        f"0.5 % of noise: normal mean {error[clear].mean():.2f} degrees, matte median "
        f"{np.median(off[clear]):.1%}; log of exponent off by {np.median(factor[clear]):.2f}, "
        f"of the surest third by {np.median(factor[clear & sure]):.2f}"
    )
    assert error[clear].mean() < 2.0
    assert np.median(off[clear]) < 0.03
    assert np.median(factor[clear & sure]) < 0.95 * np.median(factor[clear])


def test_a_surface_that_faces_the_camera_is_flagged_under_noise(rng):
    light = np.ones((331, 3))
    flagged = {}
    for tilt in (3.0, 75.0):
        *_, moments = scene(rng, LIGHTS, light, tilt_deg=tilt, noise=0.005)
        terms = separated(moments, LIGHTS, light).terms
        flagged[tilt] = np.mean((terms.flags & PixelFlag.UNDERDETERMINED) != 0)
        assert np.isfinite(terms.diffuse_albedo).all()
        if tilt == 3.0:
            facing = terms.confidence
    print({f"within {tilt:.0f} degrees": f"{share:.0%} flagged" for tilt, share in flagged.items()})
    assert flagged[3.0] > 3 * flagged[75.0]
    assert np.median(facing) < 0.3


def test_a_gray_surface_takes_the_given_normal_and_is_flagged(rng):
    light = np.ones((331, 3))
    normals, albedo, _, _, moments = scene(rng, LIGHTS, light, gray=True)
    without = separated(moments, LIGHTS, light)
    assert not without.from_color.any()
    assert not without.normals.any()
    assert (without.terms.flags & PixelFlag.UNDERDETERMINED).all()
    found = separated(moments, LIGHTS, light, normals)
    away = normals[..., 2] < AWAY
    off = abs(found.terms.diffuse_albedo / albedo - 1.0).max(axis=-1)[away]
    print(f"gray, given the true normal: matte median {np.median(off):.1e}")
    assert (found.terms.flags & PixelFlag.UNDERDETERMINED).all()
    assert np.median(off) < 1e-3


def test_doubtful_pixels_have_a_reason_and_nothing_made_up(rng):
    light = np.ones((331, 3))
    *_, moments = scene(rng, LIGHTS, light)
    moments[0, 0] = 0.0
    moments[0, 1, 1, 2] = np.nan
    terms = separated(moments, LIGHTS, light).terms
    assert terms.flags[0, :2].tolist() == [PixelFlag.SHADOWED, PixelFlag.DEAD]
    for plane in (terms.diffuse_albedo, terms.specular_albedo, terms.exponent, terms.confidence):
        assert np.isfinite(plane).all()
        assert not plane[0, :2].any()


def test_a_matte_surface_has_no_gloss(rng):
    normals, albedo = normals_facing(rng, SHAPE, 75.0), rng.uniform(0.1, 0.8, (*SHAPE, 3))
    light = np.ones((331, 3))
    nothing = np.zeros(SHAPE)
    moments = glossy_moments(normals, albedo, nothing, nothing + 20.0, LIGHTS, light)
    moments += 0.002 * moments[..., :1] * rng.normal(size=moments.shape)
    terms = separated(moments.astype(np.float32), LIGHTS, light).terms
    clear = terms.flags == 0
    print(f"matte: specular median {np.median(terms.specular_albedo):.4f}")
    assert np.median(abs(terms.diffuse_albedo / albedo - 1.0)[clear]) < 0.02
    assert np.median(terms.specular_albedo) < 0.05


def test_the_kernel_finds_what_a_plain_least_squares_fit_finds(rng):
    """Twin: all unknowns of a pixel at once, from near the truth, without any prior."""
    light = np.ones((331, 3))
    normals, albedo, lobe, exponent, moments = scene(rng, LIGHTS, light, noise=1e-4)
    found = separated(moments, LIGHTS, light, normals).terms
    chosen = np.argwhere((found.flags == 0) & (normals[..., 2] < AWAY))[:6]
    for row, column in chosen:
        at = np.index_exp[row : row + 1, column : column + 1]
        seen = moments[at].astype(float)
        bright = seen[..., :1]

        def left(p, at=at, seen=seen, bright=bright):
            tilted = normals[at] + np.array([p[0], p[1], 0.0])
            tilted /= np.linalg.norm(tilted, axis=-1, keepdims=True)
            again = glossy_moments(
                tilted, p[None, None, 2:5], p[5].reshape(1, 1), np.exp(p[6]).reshape(1, 1), LIGHTS,
                light,
            )  # fmt: skip
            return ((again - seen) / bright).ravel()

        start = np.array([0, 0, *albedo[row, column], lobe[row, column],
                          np.log(exponent[row, column])])  # fmt: skip
        best = least_squares(left, start, xtol=1e-12, ftol=1e-12).x
        assert_allclose(found.diffuse_albedo[row, column], best[2:5], rtol=0.01)


def test_maps_of_two_sizes_are_refused():
    small, large = np.zeros((2, 2, 3), np.float32), np.zeros((2, 3, 3), np.float32)
    with pytest.raises(ValueError, match=r"\(h, w, 3, 4\) and \(h, w, 3\) were needed"):
        unwrap(separate_specular)(
            np.zeros((2, 2, 3, 4), np.float32), small, large, WhiteLights(LIGHTS, LIGHTS, LIGHTS)
        )
