"""A field on disk, lit from Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import olat
from olat.api.field import Field
from olat.errors import UsageError
from olat.io.field_file import create_field, write_plane
from olat.light.arrangements import fibonacci_sphere
from olat.light.quadrature import solid_angles
from olat.model.environment import EnvironmentMap
from olat.model.field import FieldHeader, LightPlane
from olat.model.rig import LightRig


@pytest.fixture
def field(tmp_path: Path, rng: np.random.Generator) -> Field:
    directions = fibonacci_sphere(40)
    rig = LightRig("forty", directions, np.ones((40, 3)))
    lights = tuple(range(40))
    header = FieldHeader("s", "A", 8, 6, 40, rig, lights, solid_angles(directions))
    create_field(tmp_path / "field.zarr", header)
    for light in lights:
        plane = rng.random((3, 8, 6)).astype(np.float16)
        write_plane(tmp_path / "field.zarr", LightPlane(light, plane, np.zeros((8, 6), np.uint8)))
    return Field(tmp_path / "field.zarr")


def test_a_light_of_the_rig_gives_its_plane_back(field: Field) -> None:
    relit = field.relight(light=field.rig.directions[7])
    assert_array_equal(relit, np.moveaxis(field.opened.planes[7], 0, 2).astype(np.float32))


def test_an_even_environment_weighs_planes_by_solid_angle(field: Field) -> None:
    even = np.ones((32, 64, 3), np.float32)
    planes = np.stack([np.moveaxis(plane, 0, 2) for plane in field.opened.planes])
    expected = np.tensordot(field.header.solid_angles / np.pi, planes.astype(np.float64), axes=1)
    assert_allclose(field.relight(environment=even), expected, rtol=0, atol=2e-3)


def test_many_pictures_in_one_pass_are_the_single_ones(field: Field) -> None:
    lightings = [field.weights(light=(x, 0.3, 1.0)) for x in (-1.0, 0.0, 1.0)]
    singles = [field.relight(light=(x, 0.3, 1.0)) for x in (-1.0, 0.0, 1.0)]
    assert_allclose(field.render(np.stack(lightings)), np.stack(singles), rtol=0, atol=1e-5)


def test_turning_the_map_is_turning_the_light(field: Field) -> None:
    spot = np.zeros((16, 32, 3), np.float32)
    spot[8, 16] = 30.0
    front = EnvironmentMap(spot)
    turned = EnvironmentMap(np.roll(spot, -8, axis=1))  # from +z to +x: a quarter to the left
    assert_allclose(
        field.relight(environment=front, rotate_deg=90.0),
        field.relight(environment=turned),
        rtol=0,
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("lighting", "words"),
    [
        ({}, "one is needed: a light, an environment"),
        ({"light": (0, 0, 0)}, "not all zero"),
        ({"light": (0, np.nan, 1)}, "needed are three numbers"),
        ({"light": (1, 2)}, "needed are three numbers"),
        ({"environment": np.ones((4, 8))}, r"shape \(4, 8\)"),
    ],
)
def test_a_lighting_that_cannot_be_meant_is_refused(
    field: Field, lighting: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        field.relight(**lighting)


def test_the_package_offers_four_functions_and_nothing_else() -> None:
    assert olat.__all__ == ["coarse_albedo", "compare", "open", "process"]
    assert callable(olat.coarse_albedo)
    assert callable(olat.open)
    assert callable(olat.process)
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        olat.opne  # noqa: B018 - the access is the test
