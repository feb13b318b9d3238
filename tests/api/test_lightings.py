"""Fields under several lights, groups and gains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.api.field import Field
from olat.api.field_weights import Mixing
from olat.api.lighting_groups import groups_of, relit_groups
from olat.errors import UsageError
from olat.io.field_file import create_field, write_plane
from olat.light.arrangements import fibonacci_sphere
from olat.light.latlong import rotation_about
from olat.light.quadrature import solid_angles
from olat.model.environment import EnvironmentMap
from olat.model.field import FieldHeader, LightPlane
from olat.model.lighting import DistantLight, EnvironmentLight, Lighting, PointLight
from olat.model.rig import LightRig
from olat.relight.presets import PRESETS, preset

DIRECTIONS = fibonacci_sphere(40)
SKY = EnvironmentMap(np.random.default_rng(7).random((16, 32, 3)).astype(np.float32))


def made(folder: Path, *, lacking: int = 0) -> Field:
    rng = np.random.default_rng(3)
    lights = tuple(range(lacking, 40))
    kept = DIRECTIONS[lacking:]
    rig = LightRig("forty", kept, np.ones((len(kept), 3)))
    path = folder / "field.zarr"
    create_field(path, FieldHeader("s", "A", 8, 6, 40, rig, lights, solid_angles(kept)))
    for light in lights:
        plane = rng.random((3, 8, 6)).astype(np.float16)
        write_plane(path, LightPlane(light, plane, np.zeros((8, 6), np.uint8)))
    places = np.zeros((8, 6, 3), np.float32)
    return Field(path, lambda: places)


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return made(tmp_path)


def test_lights_add_up(field: Field) -> None:
    lights = (
        DistantLight((0.2, 0.3, 1.0), (1.0, 0.5, 2.0)),
        DistantLight((-1.0, 0.1, 0.2)),
        EnvironmentLight(SKY, rotation_about((1.0, 0.0, 0.0), 40.0), (0.5, 1.0, 1.5)),
        PointLight((0.5, 0.5, 1.0), (3.0, 2.0, 1.0)),
    )
    gains = np.random.default_rng(5).random((40, 3))
    whole = field.relight(lighting=Lighting(lights, gains))
    parts = [field.relight(lighting=Lighting((light,))) for light in lights]
    parts.append(field.relight(lighting=Lighting(gains=gains)))
    assert_allclose(whole, sum(parts), rtol=1e-6, atol=1e-6)


def test_gains_are_the_weights_of_planes(field: Field) -> None:
    gains = np.zeros((40, 3))
    gains[7] = 1.0
    found = field.relight(lighting=Lighting(gains=gains))
    assert_array_equal(found, np.moveaxis(field.opened.planes[7], 0, 2).astype(np.float32))
    with pytest.raises(UsageError, match=r"gains: an array of \(3, 3\)"):
        field.relight(lighting=Lighting(gains=np.ones((3, 3))))


def test_a_lamp_at_the_origin_of_all_places_is_a_light_from_its_direction(field: Field) -> None:
    toward = DIRECTIONS[11]
    found = field.relight(lighting=Lighting((PointLight(tuple(0.7 * toward)),)))
    assert_allclose(found, field.relight(light=toward), rtol=0, atol=1e-5)


def test_a_lamp_needs_places(field: Field) -> None:
    bare = Field(field.path)
    with pytest.raises(UsageError, match="opened without its session"):
        bare.relight(lighting=Lighting((PointLight((0.0, 0.0, 1.0)),)))
    with pytest.raises(UsageError, match="PointLight is a lamp at a finite place"):
        field.weights(lighting=Lighting((PointLight((0.0, 0.0, 1.0)),)))


def test_groups_add_up_to_the_whole(field: Field) -> None:
    lighting = Lighting(
        (
            DistantLight((0.2, 0.3, 1.0), group="key"),
            DistantLight((-1.0, 0.1, 0.2), group="2nd fill"),
            DistantLight((0.0, 1.0, 0.0)),
            DistantLight((1.0, 0.0, 0.0), group="key"),
        ),
        gains=np.full((40, 3), 0.01),
    )
    groups = relit_groups(field, lighting)
    assert list(groups) == ["key", "group_2nd_fill", "rest"]
    total = field.relight(lighting=lighting)
    assert_allclose(sum(groups.values()), total, rtol=1e-6, atol=1e-6)


def test_groups_whose_layers_would_be_one_are_refused() -> None:
    lights = [DistantLight((0.0, 0.0, 1.0), group=name) for name in ("a b", "a_b")]
    with pytest.raises(UsageError, match="its layer would be 'a_b'"):
        groups_of(Lighting(tuple(lights)))


def test_missing_lights_are_said_once_and_others_stand_for_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    field = made(tmp_path, lacking=4)
    even = EnvironmentMap(np.ones((32, 64, 3), np.float32))
    for _ in range(2):
        weights = field.weights(environment=even)
    assert caplog.text.count("The field lacks 4 of the rig's 40 lights") == 1
    # All of the light of the map arrives: pi times the weights is 4 pi.
    assert_allclose(weights.sum(axis=0), 4.0, rtol=1e-6)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_light_the_side_that_they_say(field: Field, name: str) -> None:
    lighting = preset(name)
    words, first = PRESETS[name][0], lighting.lights[0].toward
    if "right" in words.split(",")[0]:
        assert first[0] > 0
    if "behind" in words:
        assert min(light.toward[2] for light in lighting.lights) < -0.5
    if "above" in words:
        assert first[1] > 0
    assert field.relight(lighting=lighting).min() >= 0


@pytest.mark.parametrize("method", ["nearest", "barycentric", "local", "radial"])
def test_every_method_gives_a_light_of_the_rig_back(field: Field, method: str) -> None:
    found = field.relight(light=DIRECTIONS[7], mixing=Mixing(method))
    assert_array_equal(found, np.moveaxis(field.opened.planes[7], 0, 2).astype(np.float32))


@pytest.mark.parametrize("kernel", ["auto", "voronoi", "barycentric", "kernel"])
def test_turning_the_map_about_any_axis_is_turning_the_light(field: Field, kernel: str) -> None:
    # A quarter about +x brings what came from the top, +y, to the camera's side, +z.
    top = np.zeros((16, 32, 3), np.float32)
    top[0] = 1.0
    turned = EnvironmentLight(EnvironmentMap(top), rotation_about((1.0, 0.0, 0.0), 90.0))
    weights = field.weights(lighting=Lighting((turned,)), mixing=Mixing(kernel=kernel))
    middle = weights[:, 0] @ DIRECTIONS
    assert middle[2] / np.linalg.norm(middle) > 0.99
