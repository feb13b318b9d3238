"""Compressed fields: close to the field, and of the field that is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.api.field import Field
from olat.io.field_file import create_field, write_plane
from olat.model.field import LightPlane, ReflectanceField
from olat.model.rig import LightRig
from olat.relight.planes import relit
from olat.relight.preview import compressed, preview
from tests.support.exports import sphere_normals
from tests.support.fields import field_of
from tests.support.lambert_sphere import spread_directions

SIZE = 100
"""Not a whole number of tiles."""


def textured_field(count: int = 80) -> ReflectanceField:
    """Return the field of a ball with grain and a highlight, which casts no shadows."""
    rng = np.random.default_rng(3)
    normals = sphere_normals(SIZE)
    directions = spread_directions(count)
    facing = np.clip(np.einsum("hwc,lc->lhw", normals, directions), 0, None)
    mirrored = 2 * normals[..., 2:] * normals - [0, 0, 1]
    gloss = np.clip(np.einsum("hwc,lc->lhw", mirrored, directions), 0, None) ** 15
    albedo = rng.uniform(0.2, 0.8, (3, SIZE, SIZE))
    readings = (albedo * facing[:, None] + 0.2 * gloss[:, None]) * normals.any(axis=2)
    return field_of(readings, LightRig("dome", directions, np.ones((count, 3))))


def test_soft_light_and_single_lights_come_out_close() -> None:
    field = textured_field()
    small = compressed(field)
    rng = np.random.default_rng(4)
    for name, weights in (
        ("all lights", rng.random((80, 3))),
        ("one light", np.eye(80)[7][:, None].repeat(3, axis=1)),
    ):
        truth = relit(field.planes, weights)
        error = preview(small, weights) - truth
        psnr_db = 10 * np.log10(truth.max() ** 2 / np.mean(error**2))
        print(f"{name}: {psnr_db:.1f} dB with {small.components.shape[1]} of 80 components")
        assert psnr_db > 40.0


def test_with_as_many_components_as_lights_nothing_is_lost() -> None:
    field = textured_field(16)
    small = compressed(field)
    weights = np.random.default_rng(5).random((16, 3))
    found = preview(small, weights, threads=1)
    assert found.shape == (SIZE, SIZE, 3)
    assert_allclose(found, relit(field.planes, weights), rtol=0, atol=0.01)


def test_weights_of_other_lights_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(16, 3\) is needed"):
        preview(compressed(textured_field(16)), np.ones((15, 3)))


def written(path: Path, level: float) -> Field:
    source = textured_field(16)
    create_field(path, source.header)
    for light, plane in enumerate(source.planes):
        flags = np.zeros((SIZE, SIZE), np.uint8)
        write_plane(path, LightPlane(light, plane * np.float16(level), flags))
    return Field(path)


def test_it_is_kept_and_made_anew_when_the_field_changes(tmp_path: Path) -> None:
    first = written(tmp_path / "field.zarr", 1.0).preview(light=(0.0, 0.3, 1.0))
    place = tmp_path / "field.preview.npz"
    when = place.stat().st_mtime_ns
    again = Field(tmp_path / "field.zarr").preview(light=(0.0, 0.3, 1.0))
    assert place.stat().st_mtime_ns == when
    assert_allclose(again, first, rtol=0, atol=1e-6)
    darker = written(tmp_path / "field.zarr", 0.5).preview(light=(0.0, 0.3, 1.0))
    assert place.stat().st_mtime_ns != when
    assert_allclose(darker, 0.5 * first, rtol=0, atol=0.01)
    place.write_bytes(b"torn")
    torn = Field(tmp_path / "field.zarr").preview(light=(0.0, 0.3, 1.0))
    assert_allclose(torn, darker, rtol=0, atol=1e-6)
