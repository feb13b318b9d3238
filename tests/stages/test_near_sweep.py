"""Normals of a subject under near lights: how far it stands is found with how it is turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from olat.errors import SolveError
from olat.light.arrangements import fibonacci_sphere
from olat.model.rig import LightRig
from olat.model.session import Camera
from olat.model.view import ViewGeometry
from olat.stages.integrate_normals import IntegrateNormals
from olat.stages.solve_normals import SolveNormals
from olat.surface.near_light import Lamps
from tests.support.fields import field_of
from tests.surface.readings import degrees_between, noisy

RADIUS, REACH, DISTANCE, SIZE = 0.1, 1.7, 1.6, 72
"""Of a head, of a stage, to its camera [m]; of the picture [px]."""
CAMERA = Camera("A", field_of_view_deg=8.0, distance_m=DISTANCE)
GEOMETRY = ViewGeometry.of_reference(SIZE, SIZE, 8.0, DISTANCE)


def sphere():
    """Return places and normals of a sphere around the origin, and where it turns to the camera."""
    rays, center = GEOMETRY.rays(), GEOMETRY.center
    along, square = rays @ center, (rays**2).sum(axis=-1)
    apart = along**2 - square * (center @ center - RADIUS**2)
    depth = np.where(apart > 0, (-along - np.sqrt(np.maximum(apart, 0.0))) / square, 0.0)
    places = center + depth[..., np.newaxis] * rays
    normals = np.where((apart > 0)[..., np.newaxis], places / RADIUS, 0.0)
    return places.astype(np.float32), normals, normals[..., 2] > 0.2


def shot(rng, *, gloss=0.0, count=60):
    """Return the field of the sphere under lights of a stage, with noise, and its mask."""
    places, normals, mask = sphere()
    positions = REACH * fibonacci_sphere(count)
    beams = Lamps(positions).seen_from(places).beams
    facing = np.maximum(np.einsum("lhwk,hwk->lhw", beams, normals), 0.0)
    view = GEOMETRY.toward().astype(float)
    mirror = 2.0 * np.einsum("hwk,hwk->hw", normals, view)[..., np.newaxis] * normals - view
    gain = np.linalg.norm(beams, axis=-1)
    toward = np.einsum("lhwk,hwk->lhw", beams, mirror) / gain
    shine = gain * np.maximum(toward, 0.0) ** 20 * (facing > 0)
    readings = (0.5 * facing + gloss * shine) * mask
    rig = LightRig("rig", fibonacci_sphere(count), np.ones((count, 3)), positions)
    field = field_of(noisy(np.repeat(readings[:, np.newaxis], 3, axis=1), rng), rig)
    return field, rig, mask


def solved(field, rig, mask, camera=CAMERA, **settings):
    return SolveNormals(**settings).run(field, None, mask, rig, camera, None)


@pytest.mark.parametrize(("gloss", "most_deg"), [(0.0, 0.1), (0.3, 0.2)], ids=["matte", "glossy"])
def test_near_lights_tell_where_a_subject_is_and_how_it_is_turned(rng, gloss, most_deg):
    places, normals, mask = sphere()
    field, rig, _ = shot(rng, gloss=gloss)
    near = solved(field, rig, mask)
    distant = solved(field, rig, mask, lights="distant")
    error = {
        name: degrees_between(found.normals, normals)[mask].mean()
        for name, found in (("near", near), ("distant", distant))
    }
    depth = IntegrateNormals(mesh_every=0).run(near, None, mask, CAMERA, None)
    off = np.linalg.norm(depth.places - places, axis=-1)[mask & (depth.depth > 0)]
    guessed = IntegrateNormals(mesh_every=0).run(distant, None, mask, CAMERA, None)
    off_guess = np.linalg.norm(guessed.places - places, axis=-1)[mask & (guessed.depth > 0)]
    print(
        f"mean error {error['near']:.2f} degrees near, {error['distant']:.2f} distant; places off "
        f"by {1e3 * off.mean():.2f} mm, {1e3 * off_guess.mean():.1f} without near lights"
    )
    assert error["near"] < most_deg < 1.0 < error["distant"]
    assert off.mean() < 0.001
    assert off_guess.mean() > 0.05


def test_lights_with_places_count_as_distant_where_the_camera_has_none_and_that_is_told(
    rng, caplog
):
    field, rig, mask = shot(rng)
    blind = Camera("A", field_of_view_deg=8.0)
    found = solved(field, rig, mask, camera=blind)
    (note,) = (record.getMessage() for record in caplog.records)
    assert "Lights count as distant" in note
    assert "Tell them under [camera.A]" in note
    assert found.mean_depth_m is None
    np.testing.assert_array_equal(found.normals, solved(field, rig, mask, lights="distant").normals)


@pytest.mark.parametrize("lacks", ["positions", "distance"])
def test_near_lights_that_are_asked_for_without_places_are_refused(rng, lacks):
    field, rig, mask = shot(rng, count=12)
    if lacks == "positions":
        bare = replace(field.header.rig, positions=None)
        field = replace(field, header=replace(field.header, rig=bare))
        camera, match = CAMERA, "the light file tells directions only; needed are positions"
    else:
        camera, match = Camera("A"), "needed are field_of_view_deg and distance_m"
    with pytest.raises(SolveError, match=match):
        solved(field, rig, mask, camera=camera, lights="near")


@pytest.mark.parametrize(("scale", "words"), [(1000.0, "puts lights 1.7e+03 m away"), (10.0, "")])
def test_positions_in_other_units_leave_lights_distant_and_are_noted(rng, caplog, scale, words):
    field, rig, mask = shot(rng, count=24)
    wrong = replace(field.header.rig, positions=scale * field.header.rig.positions)
    field = replace(field, header=replace(field.header, rig=wrong))
    found = solved(field, wrong, mask)
    (note,) = (record.getMessage() for record in caplog.records)
    assert note.startswith("Lights count as distant, although they have places: ")
    assert words in note
    assert found.mean_depth_m is None
    np.testing.assert_array_equal(found.normals, solved(field, rig, mask, lights="distant").normals)
    with pytest.raises(SolveError, match='lights = "near", but'):
        solved(field, wrong, mask, lights="near")


def test_a_mask_of_single_pixels_leaves_lights_distant(rng, caplog):
    field, rig, mask = shot(rng, count=24)
    dots = np.zeros_like(mask)
    dots[30:40:5, 30:40:5] = True
    found = solved(field, rig, dots)
    assert found.mean_depth_m is None
    assert found.normals[dots].any(axis=-1).all()
    assert "there are no two neighbors" in caplog.records[0].getMessage()


def test_intensities_are_not_estimated_under_near_lights(rng):
    field, rig, mask = shot(rng, count=12)
    with pytest.raises(SolveError, match="but they are near"):
        solved(field, rig, mask, intensities="estimated")
