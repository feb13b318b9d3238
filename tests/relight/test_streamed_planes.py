"""Fields that pass by: the same pictures as from mapped planes, in little memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.errors import FileError
from olat.io.field_file import create_field, open_field, write_plane
from olat.light.arrangements import fibonacci_sphere
from olat.light.quadrature import solid_angles
from olat.model.field import FieldHeader, LightPlane, ReflectanceField
from olat.model.rig import LightRig
from olat.relight import streamed_planes
from olat.relight.planes import relit, relit_batch
from olat.relight.streamed_planes import relit_field, relit_field_batch, relit_streamed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    directions = fibonacci_sphere(21)
    rig = LightRig("rig", directions, np.ones((21, 3)))
    lights = tuple(range(21))
    header = FieldHeader("s", "A", 45, 31, 21, rig, lights, solid_angles(directions))
    create_field(tmp_path / "f.zarr", header)
    for light in lights:
        plane = rng.normal(size=(3, 45, 31)).astype(np.float16)
        write_plane(tmp_path / "f.zarr", LightPlane(light, plane, np.zeros((45, 31), np.uint8)))
    return tmp_path / "f.zarr"


@pytest.fixture
def field(path: Path) -> ReflectanceField:
    return open_field(path)


def test_streamed_is_mapped(field: ReflectanceField, rng: np.random.Generator) -> None:
    weights = rng.normal(size=(21, 3))
    weights[[2, 3, 4, 17]] = 0.0
    expected = np.einsum("lchw,lc->hwc", np.stack(field.planes).astype(float), weights)
    assert_allclose(relit_streamed(field, weights), expected, rtol=0, atol=1e-5)
    assert_allclose(relit_streamed(field, weights), relit(field.planes, weights), atol=1e-5)


def test_what_is_dark_is_not_read(path: Path, field: ReflectanceField) -> None:
    weights = np.zeros((21, 3))
    assert_array_equal(relit_streamed(field, weights), 0.0)
    weights[5] = 1.0
    (path / "reflectance" / "c" / "6" / "0" / "0" / "0").unlink()  # nobody needs it
    assert_array_equal(
        relit_streamed(field, weights), np.moveaxis(field.planes[5], 0, 2).astype(np.float32)
    )


def test_a_plane_that_ends_early_is_named(path: Path, field: ReflectanceField) -> None:
    place = path / "reflectance" / "c" / "4" / "0" / "0" / "0"
    with place.open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(FileError, match="found an end within channel 0"):
        relit_streamed(field, np.ones((21, 3)))


def test_large_fields_are_streamed_and_give_the_same(
    field: ReflectanceField, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = rng.random((5, 21, 3))
    mapped, batch = relit_field(field, weights[0]), relit_field_batch(field, weights)
    monkeypatch.setattr(streamed_planes, "SHARE_OF_MEMORY", 0.0)
    monkeypatch.setattr(streamed_planes, "relit", None)  # the mapped way is not taken
    assert_allclose(relit_field(field, weights[0]), mapped, rtol=0, atol=1e-5)
    room = np.empty_like(batch)
    assert relit_field_batch(field, weights, out=room) is room
    assert_allclose(room, relit_batch(field.planes, weights), rtol=0, atol=1e-5)


def test_weights_of_other_lights_are_refused(field: ReflectanceField) -> None:
    with pytest.raises(ValueError, match=r"finite ones of \(21, 3\)"):
        relit_streamed(field, np.ones((20, 3)))
