"""Pictures from Phong terms."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.maps import PhongMaps
from olat.surface.phong_render import phong_under_light
from olat.surface.view import view_directions
from tests.surface.readings import glossy_surface, sphere_of_lights

SHAPE = (6, 9)


def terms_of(surface):
    lobe = np.repeat(surface.lobe.astype(np.float32)[..., np.newaxis], 3, axis=-1)
    plane = np.full(SHAPE, surface.exponent, np.float32)
    return PhongMaps(
        surface.albedo.astype(np.float32), lobe, plane, plane, np.zeros(SHAPE, np.uint8)
    )


def test_a_picture_is_what_the_surface_reads(rng):
    surface = glossy_surface(rng, SHAPE, exponent=17.0, lobe=0.5)
    lights, view = sphere_of_lights(24), view_directions(*SHAPE, None)
    for light, expected in zip(lights, surface.readings(lights), strict=True):
        normals = surface.normals.astype(np.float32)
        picture = phong_under_light(terms_of(surface), normals, view, 2.0 * light)
        assert_allclose(np.moveaxis(picture, -1, 0), expected, rtol=0, atol=2e-6)


def test_pixels_without_normal_or_lobe_are_black_or_matte(rng):
    surface = glossy_surface(rng, SHAPE, exponent=0.0, lobe=0.5)
    normals = surface.normals.astype(np.float32)
    normals[0] = 0.0
    terms = terms_of(surface)
    picture = phong_under_light(terms, normals, view_directions(*SHAPE, None), (0.0, 0.0, 1.0))
    assert not picture[0].any()
    matte = surface.albedo[1:] * surface.normals[1:, :, 2:]
    assert_allclose(picture[1:], matte, rtol=0, atol=1e-6)


@pytest.mark.parametrize("direction", [(0.0, 0.0, 0.0), (1.0, 0.0), (np.nan, 0.0, 1.0)])
def test_a_light_from_nowhere_is_refused(rng, direction):
    surface = glossy_surface(rng, SHAPE, exponent=17.0, lobe=0.5)
    view = view_directions(*SHAPE, None)
    with pytest.raises(ValueError, match="three numbers that are not all zero"):
        phong_under_light(terms_of(surface), surface.normals.astype(np.float32), view, direction)


def test_maps_of_other_rows_are_refused(rng):
    surface = glossy_surface(rng, SHAPE, exponent=17.0, lobe=0.5)
    view = view_directions(5, 9, None)
    with pytest.raises(ValueError, match="Cut the same rows from all three"):
        unwrap(phong_under_light)(terms_of(surface), view, view, (0.0, 0.0, 1.0))
