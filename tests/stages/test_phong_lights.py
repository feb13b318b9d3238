"""Phong terms of a sweep whose lights have places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from olat.errors import SolveError
from olat.model.maps import DepthMap, NormalMap
from olat.model.rig import LightRig
from olat.model.session import Camera
from olat.stages.fit_phong import FitPhong
from olat.stages.light_evenly import LightEvenly
from olat.surface.near_light import Lamps
from tests.support.fields import field_of, rig_of
from tests.surface.near_sphere import REACH, shot, sphere
from tests.surface.readings import sphere_of_lights

SHAPE = (24, 22)
ALBEDO, LOBE, EXPONENT = 0.4, 0.5, 20.0


@pytest.fixture
def rig():
    lights = sphere_of_lights(96)
    return LightRig("rig", lights, np.ones((96, 3)), REACH * lights)


@pytest.fixture
def head(rig):
    """Return normals, depth and field of a glossy sphere under near lights."""
    normals, places = sphere(SHAPE)
    readings = shot(Lamps(rig.positions).seen_from(places), normals, ALBEDO, LOBE, EXPONENT)
    ones, none = np.ones(SHAPE, np.float32), np.zeros(SHAPE, np.uint8)
    depth = DepthMap(1.6 - places[..., 2], places, ones, none, is_metric=True, is_perspective=True)
    told = NormalMap(normals.astype(np.float32), ones, none, mean_depth_m=1.53)
    return told, depth, field_of(readings, rig)


def fit(normals, field, depth, *, flat_lit=None, **settings):
    given = normals, field, None, None, field.header.rig, Camera("A"), None, None
    return FitPhong(**settings).run(*given, flat_lit=flat_lit, depth=depth)


def errors_of(terms, where=...):
    return (
        np.median(np.abs(terms.diffuse_albedo[..., 0] / ALBEDO - 1.0)[where]),
        np.median(np.abs(terms.specular_albedo[..., 0] / LOBE - 1.0)[where]),
        np.median(np.abs(np.log2(np.maximum(terms.exponent, 1.0) / EXPONENT))[where]),
    )


@pytest.mark.parametrize("refine", [False, True])
def test_lights_that_were_near_for_normals_are_near_for_gloss(head, caplog, refine):
    normals, depth, field = head
    near = errors_of(fit(normals, field, depth, refine=refine))
    asked = errors_of(fit(normals, field, depth, refine=refine, lights="near"))
    distant = errors_of(fit(normals, field, depth, refine=refine, lights="distant"))
    # As `integrate_normals` has it, which takes the mean depth for that of the origin.
    shift = depth.places[..., 2].mean() * np.float32([0.0, 0.0, 1.0])
    guessed = replace(depth, places=depth.places - shift)
    middle = errors_of(fit(normals, field, guessed, refine=refine))
    for name, error in (("near", near), ("mean depth guessed", middle), ("distant", distant)):
        print(f"{name}: d off by {error[0]:.1%}, s by {error[1]:.1%}, m by {error[2]:.3f} octaves")
    assert near == asked
    assert near[0] < 0.005
    assert near[1] < 0.02
    assert near[2] < 0.1
    assert distant[0] > 0.03
    assert distant[1] > 0.05
    assert (np.array(middle) < distant).all()
    assert not caplog.records


def test_near_lights_whose_depth_has_no_scale_count_as_distant_and_that_is_noted(head, caplog):
    normals, depth, field = head
    terms = fit(normals, field, replace(depth, is_metric=False))
    (note,) = (record.getMessage() for record in caplog.records)
    assert note.startswith("Lights were near for normals, but are distant for gloss: depth has no")
    distant = fit(normals, field, depth, lights="distant")
    np.testing.assert_array_equal(terms.diffuse_albedo, distant.diffuse_albedo)


def test_lights_are_as_far_for_gloss_as_they_were_for_normals(head, caplog):
    normals, depth, field = head
    terms = fit(replace(normals, mean_depth_m=None), field, depth)
    distant = fit(normals, field, depth, lights="distant")
    np.testing.assert_array_equal(terms.exponent, distant.exponent)
    assert not caplog.records


def test_pixels_without_depth_are_where_their_neighbors_are(head):
    normals, depth, field = head
    hole = np.zeros(SHAPE, bool)
    hole[3:8, 4:8] = True
    holed = replace(
        depth,
        depth=np.where(hole, 0, depth.depth),
        places=np.where(hole[..., np.newaxis], np.float32(0.0), depth.places),
    )
    error = errors_of(fit(normals, field, holed), hole)
    distant = errors_of(fit(normals, field, depth, lights="distant"), hole)
    print(f"in the hole: {error}, distant {distant}")
    assert error[0] < 0.2 * distant[0]


def test_flat_light_is_compared_with_what_near_lights_send(rig, head):
    normals, places = head[0], head[1].places
    front = rig.directions[:, 2] > 0.0
    dome = LightRig("dome", rig.directions[front], np.ones((48, 3)), rig.positions[front])
    seen = Lamps(dome.positions).seen_from(places)
    field = field_of(shot(seen, normals.normals.astype(float), ALBEDO, LOBE, EXPONENT), dome)
    flat_lit = LightEvenly().run(field)
    near = fit(normals, field, head[1], flat_lit=flat_lit)
    assert np.abs(near.openness - 1.0).max() < 0.01


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda rig, depth: (rig_of(rig.directions), depth), "directions, no positions"),
        (lambda rig, _depth: (rig, None), "there is no depth"),
        (lambda rig, depth: (rig, replace(depth, is_metric=False)), "depth has no scale"),
        (lambda rig, depth: (rig, replace(depth, depth=0 * depth.depth)), "no pixel has a depth"),
    ],
)
def test_near_lights_without_places_are_refused(head, rig, spoil, words):
    normals, depth, field = head
    told, found = spoil(rig, depth)
    field = replace(field, header=replace(field.header, rig=told))
    with pytest.raises(SolveError, match=f"lights = 'near', but .*{words}"):
        fit(normals, field, found, lights="near")
