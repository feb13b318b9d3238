"""Albedo of single pictures whose normals are roughly known."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

import olat
from olat.surface.coarse_albedo import coarse_albedo
from tests.surface.readings import degrees_between

SIZE = 96
LIGHT = np.array([0.6, 0.5, 0.62]) / np.linalg.norm([0.6, 0.5, 0.62])


def sphere():
    """Return the normals of a sphere that fills the picture, and where it is."""
    y, x = np.mgrid[1.0 : -1.0 : SIZE * 1j, -1.0 : 1.0 : SIZE * 1j]
    square = x * x + y * y
    normals = np.stack([x, y, np.sqrt(np.maximum(1.0 - square, 0.0))], axis=-1)
    return np.where(square[..., np.newaxis] < 1.0, normals, 0.0), square < 1.0


def textured():
    """Return an albedo of patches in three colors."""
    rows, columns = np.indices((SIZE, SIZE))
    patches = 0.35 + 0.25 * np.sign(np.sin(rows / 5.0) * np.sin(columns / 7.0))
    return patches[..., np.newaxis] * np.array([1.0, 0.8, 0.6])


def lit(normals, albedo, *, ambient=0.3, strength=0.9):
    shading = ambient + strength * np.maximum(normals @ LIGHT, 0.0)
    return (albedo * shading[..., np.newaxis]).astype(np.float32)


def scaled_error(found, truth, mask):
    """Return the relative RMS error after the best scale of each channel."""
    found, truth = found[mask].astype(float), truth[mask]
    scale = np.sum(found * truth, axis=0) / np.sum(found**2, axis=0)
    return np.sqrt(np.mean((scale * found - truth) ** 2) / np.mean(truth**2))


def test_an_even_surface_gives_back_light_and_albedo():
    normals, mask = sphere()
    picture = lit(normals, np.full((SIZE, SIZE, 3), 0.4))
    parts = coarse_albedo(picture, normals.astype(np.float32), mask)
    assert_allclose(parts.albedo[mask], 0.5, rtol=1e-3, atol=0)
    assert not parts.albedo[~mask].any()
    # The scale of 0.4 to 0.5 went over to the light.
    assert_allclose([parts.ambient, parts.strength], [0.24, 0.72], rtol=1e-3, atol=0)
    assert degrees_between(parts.direction, LIGHT) < 0.05


def test_albedo_is_nearer_to_the_truth_than_the_picture(rng):
    normals, mask = sphere()
    albedo = textured()
    picture = lit(normals, albedo)
    # Coarse: off by some ten degrees, and more in some places than in others.
    coarse = (
        normals
        + 0.15 * rng.normal(size=3)
        + 0.1 * np.sin(np.indices((SIZE, SIZE)).T / 9.0)[..., [0, 1, 0]]
    )
    coarse = np.where(mask[..., np.newaxis], coarse, 0.0)
    coarse /= np.maximum(np.linalg.norm(coarse, axis=-1, keepdims=True), 1e-9)
    tilt = np.median(degrees_between(coarse, normals)[mask])
    errors = {"picture": scaled_error(picture, albedo, mask)}
    for name, given in (("true normals", normals), ("coarse normals", coarse)):
        parts = coarse_albedo(picture, given.astype(np.float32), mask)
        errors[name] = scaled_error(parts.albedo, albedo, mask)
    print(f"normals off by {tilt:.0f} degrees;", *(f"{k}: {v:.1%}" for k, v in errors.items()))
    assert errors["true normals"] < 0.15 * errors["picture"]
    assert errors["coarse normals"] < 0.5 * errors["picture"]


def test_parts_multiply_to_the_picture(rng):
    normals, mask = sphere()
    picture = lit(normals, textured()) * np.float32(37.0)
    parts = olat.coarse_albedo(picture, normals.astype(np.float32), mask)
    assert_allclose(
        (parts.albedo * parts.shading[..., np.newaxis])[mask], picture[mask], rtol=1e-5, atol=0
    )


def test_highlights_and_shadows_turn_the_light_little(rng):
    normals, mask = sphere()
    picture = lit(normals, np.full((SIZE, SIZE, 3), 0.4))
    mirror = 2.0 * normals[..., 2:] * normals - [0.0, 0.0, 1.0]
    picture += np.float32(2.0) * np.maximum(mirror @ LIGHT, 0.0)[..., np.newaxis] ** np.float32(40)
    picture[60:75, 30:60] *= np.float32(0.3)
    parts = coarse_albedo(picture.astype(np.float32), normals.astype(np.float32), mask)
    tilt = degrees_between(parts.direction, LIGHT)
    print(f"light off by {tilt:.2f} degree, ambient {parts.ambient / parts.strength:.3f} of 1/3")
    assert tilt < 1.0
    assert_allclose(parts.ambient / parts.strength, 1.0 / 3.0, rtol=0.05, atol=0)


def test_a_light_without_ambient_is_not_made_negative():
    normals, mask = sphere()
    picture = lit(normals, textured(), ambient=0.0)
    parts = coarse_albedo(picture, normals.astype(np.float32), mask)
    assert 0.0 <= parts.ambient < 0.02 * parts.strength
    assert np.isfinite(parts.albedo).all()
    assert (parts.albedo >= 0.0).all()


@pytest.mark.parametrize("what", ["black", "no normals", "nan", "mask"])
def test_pictures_that_tell_nothing_are_refused(what):
    normals, mask = sphere()
    picture = lit(normals, textured())
    if what == "black":
        picture[:] = 0.0
    if what == "nan":
        picture[:] = np.nan
    if what == "no normals":
        normals[:] = 0.0
    if what == "mask":
        mask[:] = False
    with pytest.raises(ValueError, match="Is the mask inverted"):
        coarse_albedo(picture, normals.astype(np.float32), mask)


def test_normals_of_another_size_are_refused():
    normals, _ = sphere()
    with pytest.raises(ValueError, match="Resize normals and mask"):
        unwrap(coarse_albedo)(np.ones((9, 9, 3), np.float32), normals.astype(np.float32))
