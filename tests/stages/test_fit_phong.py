"""Phong terms of a camera: the rig's tint and evenness, and how much gloss is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import CalibrationError, SolveError
from olat.light.arrangements import fibonacci_sphere
from olat.model.calibration import LensCalibration
from olat.model.maps import NormalMap
from olat.model.session import Camera
from olat.stages.fit_phong import FitPhong
from olat.stages.light_evenly import LightEvenly
from olat.surface.view import view_directions_of_lens
from tests.support.fields import field_of, gradients_of, rig_of
from tests.surface.readings import Surface, degrees_between, normals_facing

SHAPE = (24, 32)


def fit(surface, rig, *, field=None, aligned=None, normals=None, refine=False, **given):
    found = surface.normals if normals is None else normals
    mask, lens, color = (given.get(name) for name in ("mask", "lens", "color"))
    trust = given.get("trust", np.ones(SHAPE, np.float32))
    known = NormalMap(found.astype(np.float32), trust, np.zeros(SHAPE, np.uint8))
    return FitPhong(refine=refine).run(
        known, field, aligned, mask, rig, Camera("A"), lens, color, flat_lit=given.get("flat_lit")
    )


def glossy(rng, exponent):
    normals = normals_facing(rng, SHAPE, 60.0)
    return Surface(normals, rng.uniform(0.2, 0.8, (*SHAPE, 3)), 0.4, exponent)


@pytest.mark.parametrize("full_on", [False, True], ids=["complement", "full-on"])
@pytest.mark.parametrize("tint", [(1.0, 0.6, 0.3), (2.0, 2.0, 2.0)])
def test_the_albedo_from_gradients_is_that_of_the_surface_under_any_tint(rng, full_on, tint):
    surface = glossy(rng, 20.0)
    rig = rig_of(fibonacci_sphere(331), tint)
    terms = fit(surface, rig, aligned=gradients_of(surface, rig, full_on=full_on))
    assert np.median(np.abs(terms.diffuse_albedo / surface.albedo - 1.0)) < 0.01
    assert_allclose(np.median(terms.specular_albedo), 0.4, rtol=0.1, atol=0)


@pytest.mark.parametrize("full_on", [False, True], ids=["complement", "full-on"])
def test_gradients_under_a_rig_with_holes_are_split_as_it_lights_them(rng, caplog, full_on):
    """No floor, no back, and lamps that differ twice in level."""
    surface = glossy(rng, 20.0)
    lights = fibonacci_sphere(331)
    lights = lights[(lights[:, 1] > -0.5) & (lights[:, 2] > -0.7)]
    rig = rig_of(lights, rng.uniform(0.7, 1.4, (len(lights), 1)) * [1.0, 0.6, 0.3])
    terms = fit(surface, rig, aligned=gradients_of(surface, rig, full_on=full_on))
    found = terms.confidence > 0.2
    off = abs(terms.diffuse_albedo / surface.albedo - 1.0)
    print(f"gloss found in {found.mean():.0%}, albedo median {np.median(off[found]):.2%}, specular "
          f"{np.median(terms.specular_albedo[found]):.3f}")  # fmt: skip
    assert found.mean() > 0.4
    assert np.median(off[found]) < 0.01
    assert_allclose(np.median(terms.specular_albedo[found]), 0.4, rtol=0.1, atol=0)
    assert not caplog.records


def test_few_lights_are_named_as_the_reason_for_little_gloss(rng, caplog):
    rig = rig_of(fibonacci_sphere(60)[:12])
    surface = glossy(rng, 60.0)
    terms = fit(surface, rig, field=field_of(surface.readings(rig.directions), rig))
    share = np.mean(terms.confidence > 0)
    (note,) = (record.getMessage() for record in caplog.records)
    assert share < 0.5
    assert note.startswith(f"Gloss is known in {100 * share:.0f} % of the subject: 12 lights are")


def test_a_matte_subject_is_not_blamed_on_the_lights(rng, caplog):
    rig = rig_of(fibonacci_sphere(156))
    surface = Surface(normals_facing(rng, SHAPE, 60.0), np.full((*SHAPE, 3), 0.5))
    noise = 1.0 + 0.001 * rng.normal(size=(156, 1, *SHAPE))
    fit(surface, rig, field=field_of(surface.readings(rig.directions) * noise, rig))
    notes = [record.getMessage() for record in caplog.records]
    assert all("no highlight stands out" in note for note in notes)


def test_shares_are_of_the_mask(rng, caplog):
    rig = rig_of(fibonacci_sphere(156))
    surface = glossy(rng, 20.0)
    readings = surface.readings(rig.directions)
    readings[:, :, 2:] = 0.0
    mask = np.zeros(SHAPE, bool)
    mask[:2] = True
    fit(surface, rig, field=field_of(readings, rig), mask=mask)
    assert not caplog.records


def test_a_session_without_normals_is_refused(rng):
    rig = rig_of(fibonacci_sphere(24))
    surface = glossy(rng, 20.0)
    with pytest.raises(SolveError, match="no pixel of the subject has a normal"):
        fit(
            surface,
            rig,
            field=field_of(surface.readings(rig.directions), rig),
            normals=np.zeros((*SHAPE, 3)),
        )


def test_refined_normals_come_with_the_terms(rng):
    rig = rig_of(fibonacci_sphere(156))
    surface = glossy(rng, 20.0)
    field = field_of(surface.readings(rig.directions), rig)
    # A degree or two off, as robust solves of glossy surfaces are.
    off = surface.normals + 0.03 * rng.normal(size=surface.normals.shape)
    off /= np.linalg.norm(off, axis=-1, keepdims=True)
    mask = np.ones(SHAPE, bool)
    mask[:3] = False
    coarse, refined = (
        fit(surface, rig, field=field, normals=off, mask=mask, refine=refine)
        for refine in (False, True)
    )
    assert coarse.normals is None
    before, after = (
        np.median(degrees_between(normals, surface.normals)[mask])
        for normals in (off, refined.normals)
    )
    print(f"normals {before:.2f} degree off, refined {after:.3f}")
    assert before > 1.0
    assert after < 0.1
    albedo = [np.abs(terms.diffuse_albedo / surface.albedo - 1.0) for terms in (coarse, refined)]
    assert np.median(albedo[1][mask]) < 0.2 * np.median(albedo[0][mask])
    assert (refined.normal_confidence[mask] > 0.9).mean() > 0.95
    assert not refined.normals[~mask].any()
    assert not refined.normal_confidence[~mask].any()


def test_what_is_not_refined_is_as_sure_as_it_was(rng):
    rig = rig_of(fibonacci_sphere(156))
    surface = Surface(normals_facing(rng, SHAPE, 60.0), np.full((*SHAPE, 3), 0.5))
    field = field_of(surface.readings(rig.directions), rig)
    coarse, refined = (fit(surface, rig, field=field, refine=refine) for refine in (False, True))
    kept = coarse.exponent == 0.0
    assert kept.any()
    assert_allclose(refined.normals[kept], surface.normals[kept], rtol=0, atol=1e-6)
    assert_allclose(refined.normal_confidence[kept], 1.0, rtol=0, atol=0)


def test_unsure_normals_leave_the_albedo_to_flat_light(rng):
    rig = rig_of(fibonacci_sphere(156))
    surface = glossy(rng, 20.0)
    field = field_of(surface.readings(rig.directions), rig)
    normals = surface.normals.copy()
    unsure = rng.random(SHAPE) < 0.3
    # Those lie anywhere, and say so.
    normals[unsure] += 3.0 * rng.normal(size=(np.count_nonzero(unsure), 3))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    normals[0, 0] = 0.0
    trust = np.where(unsure, 0.1, 1.0).astype(np.float32)
    given = {"field": field, "normals": normals, "trust": trust}
    alone = fit(surface, rig, **given)
    made = fit(surface, rig, **given, flat_lit=LightEvenly().run(field))
    errors = [
        np.abs(terms.diffuse_albedo / surface.albedo - 1.0).mean(axis=-1) for terms in (alone, made)
    ]
    before, after = (np.median(error[unsure]) for error in errors)
    print(f"albedo off by {before:.0%} where normals are wrong; {after:.0%} with flat light")
    assert after < 0.5 * before
    assert_allclose(made.diffuse_albedo[~unsure], alone.diffuse_albedo[~unsure], rtol=0, atol=1e-6)
    assert not made.diffuse_albedo[0, 0].any()
    assert_allclose(np.median(made.openness[~unsure]), 1.0, rtol=0, atol=0.02)
    assert alone.openness is None


def lens_of(focal, height=SHAPE[0], width=SHAPE[1]):
    middle = [(width - 1) / 2.0, (height - 1) / 2.0]
    matrix = np.array([[focal, 0.0, middle[0]], [0.0, focal, middle[1]], [0.0, 0.0, 1.0]])
    return LensCalibration(matrix, np.zeros(5), height, width)


@pytest.mark.parametrize("size", [1, 2])
def test_gloss_seen_through_a_short_lens_needs_its_calibration(rng, size):
    # A wide lens: at the edge of the picture the view is 28 degrees off the axis.
    lens = lens_of(30.0)
    normals = normals_facing(rng, SHAPE, 30.0)
    rig = rig_of(fibonacci_sphere(331))
    view = view_directions_of_lens(lens, height=SHAPE[0], width=SHAPE[1]).astype(float)
    facing = np.einsum("hwk,hwk->hw", normals, view)[..., None]
    mirror = 2.0 * facing * normals - view
    lobe = np.maximum(np.einsum("lk,hwk->lhw", rig.directions, mirror), 0.0) ** 30.0
    matte = np.maximum(np.einsum("lk,hwk->lhw", rig.directions, normals), 0.0)
    readings = (0.3 * matte + 0.4 * lobe)[:, None].repeat(3, axis=1)
    surface = Surface(normals, np.full((*SHAPE, 3), 0.3))
    field = field_of(readings, rig)
    # The calibration may be of the whole photograph, where the field has half its size.
    calibrated = lens if size == 1 else lens.at(SHAPE[0] * size, SHAPE[1] * size)
    right = fit(surface, rig, field=field, lens=calibrated)
    wrong = fit(surface, rig, field=field)
    assert_allclose(np.median(right.exponent), 30.0, rtol=0.05)
    assert_allclose(np.median(right.specular_albedo), 0.4, rtol=0.05)
    assert abs(np.median(wrong.specular_albedo) / 0.4 - 1.0) > 0.3


def test_a_lens_of_another_picture_is_refused(rng):
    surface = glossy(rng, 20.0)
    rig = rig_of(fibonacci_sphere(156))
    field = field_of(surface.readings(rig.directions), rig)
    with pytest.raises(CalibrationError, match="fit_phong: lens: calibrated on 24 x 24 px"):
        fit(surface, rig, field=field, lens=lens_of(30.0, 24, 24))
