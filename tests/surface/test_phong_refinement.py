"""Phong terms and normals refined together."""

from __future__ import annotations

from dataclasses import astuple, replace
from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal, assert_array_less
from scipy.optimize import least_squares

from olat.model.flags import PixelFlag
from olat.surface.lambert import normals_from_olats
from olat.surface.phong_ladder import largest_exponent, phong_from_olats
from olat.surface.phong_refinement import refined_phong
from olat.surface.view import view_directions
from tests.surface.readings import (
    VIEW,
    Surface,
    degrees_between,
    glossy_surface,
    no_flags,
    noisy,
    normals_facing,
    sphere_of_lights,
    with_cast_shadows,
    with_soft_shadows,
)


def both(readings, lights, *, largest=None, confidence=None):
    """Return what the ladder and what the refinement find, normals and all."""
    flags, view = no_flags(readings), view_directions(*readings.shape[2:], None)
    told = {"confidence": confidence}
    normals, *_ = normals_from_olats(readings, flags, lights, **told)
    told["largest"] = largest
    start = phong_from_olats(readings, flags, lights, normals, view, **told)
    refined = refined_phong(readings, flags, lights, start, normals, view, **told)
    return replace(start, normals=normals), refined


# Medians published for a simulation like this one, lights and exponent: normal [degree], matte
# albedo, lobe [share], exponent [octaves].
TABLE = [
    (331, 20.0, (0.22, None, 0.01, 0.05)),
    (331, 60.0, (0.13, None, 0.03, 0.02)),
    (331, 150.0, (0.11, None, 0.07, 0.14)),
    (156, 150.0, (None, None, 0.33, 0.39)),
    (331, 5.0, (3.2, 0.08, 0.17, None)),
]


@pytest.mark.parametrize(("count", "exponent", "known"), TABLE)
def test_cast_shadows_and_noise_leave_the_terms_where_they_are(rng, count, exponent, known):
    lights = sphere_of_lights(count)
    surface = glossy_surface(rng, (24, 40), exponent=exponent, lobe=0.5)
    surface.lobe[...] += 0.1
    readings = noisy(with_cast_shadows(surface.readings(lights), lights, rng), rng)
    # As sharp as the lobe is, although lights this far apart should not be believed so much.
    found = both(readings.astype(np.float16), lights, largest=256.0)
    for name, terms in zip(("ladder", "refined"), found, strict=True):
        errors = (
            np.median(degrees_between(terms.normals, surface.normals)),
            np.median(np.abs(terms.diffuse_albedo / surface.albedo - 1.0)),
            np.median(np.abs(terms.specular_albedo[..., 0] / surface.lobe - 1.0)),
            np.median(np.abs(np.log2(np.maximum(terms.exponent, 1.0) / exponent))),
        )
        print(
            f"{count} lights, m = {exponent:g}, {name}: normal {errors[0]:.3f} degree, d "
            f"{errors[1]:.2%}, s {errors[2]:.1%}, m {errors[3]:.3f} octaves; published {known}"
        )
    for error, published in zip(errors, known, strict=True):
        assert published is None or error < published


def test_an_exponent_of_20_is_found_as_well_as_was_asked(rng):
    lights = sphere_of_lights(331)
    surface = glossy_surface(rng, (24, 40), exponent=20.0, lobe=0.5)
    surface.lobe[...] += 0.1
    readings = noisy(with_cast_shadows(surface.readings(lights), lights, rng), rng)
    for terms in both(readings.astype(np.float16), lights):
        assert np.median(degrees_between(terms.normals, surface.normals)) < 0.3
        assert np.median(np.abs(terms.specular_albedo[..., 0] / surface.lobe - 1.0)) < 0.02
        assert np.median(np.abs(np.log2(terms.exponent / 20.0))) < 0.1


def test_soft_shadows_bend_refined_normals_little(rng):
    lights = sphere_of_lights(156)
    surface = glossy_surface(rng, (24, 64), exponent=20.0, lobe=0.5)
    surface.lobe[...] += 0.1
    readings = with_soft_shadows(surface.readings(lights), lights, rng)
    start, refined = both(noisy(readings, rng).astype(np.float16), lights)
    errors = {}
    for name, terms in (("ladder", start), ("refined", refined)):
        errors[name] = (
            np.median(degrees_between(terms.normals, surface.normals)),
            np.median(np.abs(np.log2(np.maximum(terms.exponent, 1.0) / 20.0))),
        )
        print(f"soft shadows, {name}: normal {errors[name][0]:.3f} degree, m {errors[name][1]:.3f}")
    assert errors["refined"][0] < 0.5 * errors["ladder"][0]
    assert errors["refined"][1] < errors["ladder"][1]


class Twin:
    """The cost of a pixel in plain numpy, and its minimum by scipy."""

    def __init__(self, mean, lights, start, highest):
        self.mean, self.lights = mean, lights
        self.used = mean > 0.05 * np.sort(mean)[-3]
        self.normal, self.start, self.highest = start[0], np.array([*start[1:], 0.0, 0.0]), highest
        self.tangents = np.linalg.svd(self.normal[np.newaxis])[2][1:]
        self.doubt = 0.0
        for _ in range(2):
            error, weight, lit = self._readings(self.start)
            spread = np.sqrt(np.sum(weight * error**2) / np.sum(weight[lit]))
            self.doubt = 1.0 / max(2.0 * spread, 0.02 * start[1])

    def _turned(self, unknowns):
        moved = self.normal + unknowns[3:] @ self.tangents
        return moved / np.linalg.norm(moved)

    def _readings(self, unknowns):
        normal = self._turned(unknowns)
        albedo, peak, place = unknowns[:3]
        facing = self.lights @ normal
        cosine = np.maximum(self.lights @ (2.0 * normal[2] * normal - VIEW), 1e-12)
        lobe = np.where(facing > 0.0, cosine ** np.exp(place), 0.0)
        error = (self.mean - albedo * np.maximum(facing, 0.0) - peak * lobe) * self.used
        weight = self.used / (1.0 + self._share(error) ** 2) ** 2
        return error, weight, (facing > 0.0) & self.used

    def _share(self, error):
        return error * self.doubt * np.where(error > 0.0, 0.5, 1.0)

    def _residuals(self, unknowns):
        error = self._readings(unknowns)[0]
        whole = self.start[0] + self.start[1]
        away = unknowns - self.start
        spread = np.array([whole, whole, np.log(2.0)])
        expected = np.append(away[:3] / spread, (self._turned(unknowns) - self.normal) / 0.0872665)
        return np.append(error / np.sqrt(1.0 + self._share(error) ** 2), expected / self.doubt)

    def cost(self, unknowns):
        """Return what is least at the minimum."""
        return np.sum(self._residuals(unknowns) ** 2)

    def solve(self):
        """Return normal, matte albedo, peak, exponent and cost of the minimum."""
        bounds = ([0.0, 0.0, np.log(4.0), -1.0, -1.0], [9.0, 9.0, np.log(self.highest), 1.0, 1.0])
        begin = np.clip(self.start, np.array(bounds[0]) + 1e-6, np.array(bounds[1]) - 1e-6)
        # Tolerances of the last digit: the kernel is the one that may stop early.
        found = least_squares(self._residuals, begin, bounds=bounds, xtol=1e-12, ftol=1e-12)
        return self._turned(found.x), *found.x[:2], np.exp(found.x[2]), 2.0 * found.cost


def test_the_minimum_is_that_of_scipy(rng):
    lights = sphere_of_lights(157)
    surface = glossy_surface(rng, (2, 6), exponent=rng.uniform(8.0, 40.0, (2, 6)), lobe=0.5)
    surface.lobe[...] += 0.1
    readings = with_soft_shadows(surface.readings(lights), lights, rng).astype(np.float32)
    readings = noisy(readings, rng, 0.01).astype(np.float32)
    start, refined = both(readings, lights)
    costs, tilts, shares = [], [], []
    # A pixel whose highlight lies in shadow has no lobe.
    for at in np.argwhere(refined.normal_confidence > 0.0):
        pixel = tuple(at)
        begin = start.normals[pixel], start.diffuse_albedo[pixel].mean()
        begin = *begin, start.specular_albedo[pixel][0], np.log(start.exponent[pixel])
        mean = readings[:, :, at[0], at[1]].mean(axis=1).astype(float)
        twin = Twin(mean, lights, begin, largest_exponent(lights))
        normal, *terms, cost = twin.solve()
        found = np.array(
            [
                refined.diffuse_albedo[pixel].mean(),
                refined.specular_albedo[pixel][0],
                refined.exponent[pixel],
            ]
        )
        turn = twin.tangents @ refined.normals[pixel] / (refined.normals[pixel] @ twin.normal)
        mine = twin.cost(np.array([*found[:2], np.log(found[2]), *turn]))
        costs.append((mine / cost, mine / twin.cost(twin.start)))
        tilts.append(degrees_between(refined.normals[pixel], normal))
        shares.append(np.abs(found - terms) / [terms[0], 1.0, terms[2]])
    least, gained = np.array(costs).T
    print(
        f"{len(costs)} pixels: cost at most {least.max() - 1.0:.1e} above scipy's, "
        f"{np.median(gained):.2f} of the ladder's; normals within {np.max(tilts):.3f} degree, "
        f"d, s, m within {np.max(shares, axis=0)}"
    )
    assert len(costs) >= 8
    assert least.max() < 1.002
    assert gained.max() <= 1.0
    assert np.max(tilts) < 0.05
    assert_array_less(np.max(shares, axis=0), [0.002, 0.005, 0.03])


def test_pixels_without_a_lobe_keep_terms_and_normals(rng):
    lights = sphere_of_lights(156)
    surface = Surface(normals_facing(rng, (2, 70), 70.0), rng.uniform(0.1, 0.9, (2, 70, 3)))
    readings = surface.readings(lights).astype(np.float32)
    readings[..., 3] = 0.0
    readings[7:, :, :, 4] = np.nan
    start, refined = both(readings, lights)
    is_matte = start.specular_albedo[..., 0] == 0.0
    assert is_matte[:, 3:5].all()
    for name in ("diffuse_albedo", "specular_albedo", "exponent", "confidence", "flags", "normals"):
        assert_array_equal(getattr(refined, name)[is_matte], getattr(start, name)[is_matte])
    assert not refined.normal_confidence[is_matte].any()
    for plane in (refined.diffuse_albedo, refined.normals, refined.exponent, refined.confidence):
        assert np.isfinite(plane).all()


def test_certain_readings_change_no_bit(rng):
    lights = sphere_of_lights(97)
    surface = glossy_surface(rng, (3, 50), exponent=20.0, lobe=0.5)
    readings = noisy(surface.readings(lights), rng).astype(np.float16)
    plain = both(readings, lights)[1]
    certain = both(readings, lights, confidence=np.full((97, 3, 50), 255, np.uint8))[1]
    for one, other in zip(astuple(plain), astuple(certain), strict=True):
        assert_array_equal(one, other)


def test_confidence_tells_how_far_off_the_terms_are(rng):
    lights = sphere_of_lights(97)
    surface = glossy_surface(rng, (32, 64), exponent=20.0, lobe=0.3)
    noise = rng.uniform(0.002, 0.08, (32, 64))
    readings = surface.readings(lights)
    readings = (readings + noise * rng.normal(size=readings.shape)).astype(np.float16)
    half = np.full((97, 32, 64), 128, np.uint8)
    refined, doubtful = (
        both(readings, lights, confidence=confidence)[1] for confidence in (None, half)
    )
    known = refined.normal_confidence > 0.0
    tilt = degrees_between(refined.normals, surface.normals)[known]
    octaves = np.abs(np.log2(np.maximum(refined.exponent, 1.0) / 20.0))[known]
    for error, trust in (
        (tilt, refined.normal_confidence[known]),
        (octaves, refined.confidence[known]),
    ):
        best, worst = np.quantile(trust, [0.25, 0.75])
        assert np.median(error[trust >= worst]) < 0.5 * np.median(error[trust <= best])
    assert np.median(doubtful.normal_confidence[known]) < 0.6 * np.median(
        refined.normal_confidence[known]
    )


def test_what_was_expected_is_no_evidence(rng):
    # Twelve lights within ten degrees: they tell next to nothing of how a matte surface leans.
    lights = VIEW + 0.17 * rng.uniform(-0.7, 0.7, (12, 3)) * [1.0, 1.0, 0.0]
    lights /= np.linalg.norm(lights, axis=1, keepdims=True)
    surface = glossy_surface(rng, (8, 32), exponent=12.0, lobe=0.3)
    readings = noisy(surface.readings(lights), rng, 0.02).astype(np.float16)
    flags, view = no_flags(readings), view_directions(8, 32, None)
    normals = surface.normals.astype(np.float32)
    start = phong_from_olats(readings, flags, lights, normals, view)
    refined = refined_phong(readings, flags, lights, start, normals, view)
    is_refined = refined.normal_confidence > 0.0
    assert is_refined.mean() > 0.1
    assert np.median(degrees_between(refined.normals, normals)[is_refined]) < 5.0
    assert np.median(refined.normal_confidence[is_refined]) < 0.2


def test_a_few_lights_in_front_do_not_carry_the_terms_away(rng):
    lights = sphere_of_lights(96)
    lights = lights[np.argsort(-lights[:, 2])[:16]]
    surface = glossy_surface(rng, (16, 32), exponent=30.0, lobe=0.5)
    readings = noisy(surface.readings(lights), rng, 0.02).astype(np.float16)
    start, refined = both(readings, lights)
    assert refined.diffuse_albedo.max() < 2.0
    assert refined.specular_albedo.max() < 2.0
    moved = degrees_between(refined.normals, start.normals)
    assert np.median(moved) < 3.0
    lengths = np.linalg.norm(refined.normals, axis=-1)
    assert_allclose(lengths[lengths > 0.0], 1.0, rtol=1e-5, atol=0)


def test_a_sharp_lobe_stays_within_what_the_lights_tell(rng):
    lights = sphere_of_lights(96)
    surface = glossy_surface(rng, (16, 16), exponent=150.0, lobe=0.4)
    surface.lobe[...] += 0.2
    refined = both(surface.readings(lights).astype(np.float16), lights)[1]
    assert refined.exponent.max() <= largest_exponent(lights) * 1.0001
    seen = refined.specular_albedo[..., 0] > 0.05
    assert np.mean(refined.flags[seen] & PixelFlag.CLAMPED != 0) > 0.9
    assert np.median(refined.confidence[seen]) < 0.35


def test_maps_of_other_rows_are_refused(rng):
    lights = sphere_of_lights(12)
    readings = glossy_surface(rng, (2, 3), exponent=9.0, lobe=0.1).readings(lights)
    readings = readings.astype(np.float32)
    start, _ = both(readings, lights)
    view = view_directions(3, 3, None)
    with pytest.raises(ValueError, match="Cut the same rows from all"):
        unwrap(refined_phong)(readings, no_flags(readings), lights, start, start.normals, view)
