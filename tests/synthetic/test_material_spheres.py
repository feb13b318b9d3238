"""Balls of known materials: what is rendered, and what fits make of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.model.rig import LightRig
from olat.surface.analytic_brdf import ggx, lambert, phong
from olat.surface.lambert import normals_from_olats
from olat.surface.merl_tabulation import tabulated
from olat.surface.phong_ladder import phong_from_olats
from olat.surface.phong_render import phong_under_light
from olat.synthetic.material_spheres import MaterialSphere, sphere_under_rig
from olat.synthetic.render import radiance_under, see
from olat.synthetic.scene import PinholeCamera, Pose, ball

GLOSSY = phong((0.5, 0.3, 0.2), specular=0.4, exponent=30.0)


def rig_of(count: int, *, radius: float | None = None) -> LightRig:
    directions = fibonacci_sphere(count)
    positions = None if radius is None else directions * radius
    return LightRig("even", directions, np.ones((count, 3)), positions)


@pytest.mark.parametrize("radius", [None, 1.7], ids=["distant", "near"])
def test_a_matte_ball_is_the_ball_of_the_synthetic_stage(radius: float | None) -> None:
    rig = rig_of(12, radius=radius)
    sphere = sphere_under_rig(lambert((1.0, 1.0, 1.0)), rig, 48)
    seen = see(ball(0.1), PinholeCamera(48, 11.5, 1.6), Pose())
    for light in range(12):
        drive = np.zeros((12, 3))
        drive[light] = 1.0
        expected = np.moveaxis(radiance_under(seen, rig, drive), -1, 0)
        assert_allclose(sphere.planes[light], expected, rtol=0, atol=2e-6)
    assert not sphere.is_missing.any()


def test_a_tabulated_ball_is_the_analytic_one_within_the_grid() -> None:
    rig, table = rig_of(40), tabulated(GLOSSY)
    truth = sphere_under_rig(GLOSSY, rig, 48).planes
    for lookup, largest in (("nearest", 0.02), ("trilinear", 0.001)):
        sphere = sphere_under_rig(table, rig, 48, lookup=lookup)
        known = sphere.mask & ~sphere.is_missing
        off = np.abs(sphere.planes - truth).max(axis=1)[known]
        lit = (truth > 0).any(axis=1).sum()
        print(
            f"{lookup}: largest error {off.max():.5f}, 99 % {np.percentile(off, 99):.5f}, brightest"
            f" {truth.max():.3f}; not in the table {100 * sphere.is_missing.sum() / lit:.2f} %"
        )
        # A cell is 1 degree wide; the lobe changes by some 2 % of its peak in it.
        assert off.max() < largest
        assert not sphere.planes[np.repeat(sphere.is_missing[:, np.newaxis], 3, axis=1)].any()
        assert sphere.is_missing.sum() < 0.01 * lit


def fitted(sphere: MaterialSphere, rig: LightRig):
    flags = np.zeros((len(rig), *sphere.mask.shape), np.uint8)
    planes = sphere.planes.astype(np.float16)
    return phong_from_olats(planes, flags, rig.directions, sphere.normals, sphere.view)


def rerendered(sphere: MaterialSphere, rig: LightRig):
    """Return what the terms of a fit read under the lights, and their errors by pixel."""
    terms = fitted(sphere, rig)
    readings = np.stack(
        [
            np.moveaxis(phong_under_light(terms, sphere.normals, sphere.view, light), -1, 0)
            for light in rig.directions
        ]
    )
    return terms, readings


@pytest.mark.slow
def test_the_ladder_finds_the_phong_terms_of_a_ball_again() -> None:
    rig = rig_of(331)
    sphere = sphere_under_rig(tabulated(GLOSSY), rig, 32)
    terms = fitted(sphere, rig)
    # The lobe is a reflectance here and light in the fit: the cosine of the light at its peak,
    # which is that of the camera, is part of the fitted peak.
    cosine = (sphere.normals * sphere.view).sum(axis=-1)
    front = sphere.mask & (cosine > 0.7) & (terms.flags == 0)
    matte = np.median(terms.diffuse_albedo[front], axis=0)
    gloss = float(np.median((terms.specular_albedo[..., 0] / np.maximum(cosine, 0.1))[front]))
    exponent = float(np.median(terms.exponent[front]))
    print(
        f"Phong ball of d (0.5, 0.3, 0.2), s 0.4, m 30: d {matte.round(3)}, s {gloss:.3f}, "
        f"m {exponent:.1f}"
    )
    assert front.sum() > 150
    assert_allclose(matte, [0.5, 0.3, 0.2], rtol=0.02, atol=0)
    assert gloss == pytest.approx(0.4, rel=0.05)
    # The cosine falls across the lobe and makes it look a little sharper or turned.
    assert exponent == pytest.approx(30.0, rel=0.08)


@pytest.mark.slow
def test_normals_of_a_glossy_ball_are_found() -> None:
    rig = rig_of(156)
    sphere = sphere_under_rig(tabulated(ggx((0.5, 0.3, 0.2), roughness=0.3)), rig, 32)
    flags = np.zeros((156, 32, 32), np.uint8)
    found, *_ = normals_from_olats(sphere.planes.astype(np.float16), flags, rig.directions)
    front = sphere.mask & (sphere.normals[..., 2] > 0.5)
    cosine = np.clip((found * sphere.normals).sum(axis=-1)[front], -1.0, 1.0)
    off = np.degrees(np.arccos(cosine))
    print(f"GGX 0.3 ball: normals off by {off.mean():.2f} degrees, median {np.median(off):.2f}")
    assert np.median(off) < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("roughness", [0.2, 0.3, 0.5])
def test_what_phong_makes_of_a_microfacet_ball(roughness: float) -> None:
    rig = rig_of(331)
    sphere = sphere_under_rig(tabulated(ggx((0.5, 0.3, 0.2), roughness=roughness)), rig, 24)
    terms, readings = rerendered(sphere, rig)
    cosine = (sphere.normals * sphere.view).sum(axis=-1)
    front = sphere.mask & (cosine > 0.7)
    off = (readings - sphere.planes)[:, :, front]
    size = np.sqrt((sphere.planes[:, :, front] ** 2).mean())
    matte = np.median(terms.diffuse_albedo[front], axis=0)
    print(
        f"GGX {roughness}: d {matte.round(3)} (true 0.5, 0.3, 0.2), "
        f"s {np.median(terms.specular_albedo[front]):.3f}, m {np.median(terms.exponent[front]):.1f}"
        f"; rms of what it reads wrong {100 * np.sqrt((off**2).mean()) / size:.1f} %"
    )
    # The tail of the lobe is broader than a power of a cosine, and goes into the matte part.
    assert_allclose(matte, [0.5, 0.3, 0.2], rtol=0.15, atol=0)
    assert np.sqrt((off**2).mean()) < 0.06 * size
