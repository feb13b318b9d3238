"""A processed camera in memory, with known answers, as exporters are given it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from olat.errors import SessionError
from olat.export.source import ExportSource
from olat.model.field import ReflectanceField
from olat.model.maps import DepthMap, NormalMap, PhongMaps
from olat.model.rig import LightRig
from olat.model.session import Camera, Session
from tests.support.fields import field_of
from tests.support.lambert_sphere import spread_directions

ALBEDO = np.array([0.8, 0.5, 0.4])


def sphere_normals(size: int) -> np.ndarray:
    """Return the normals of a sphere that fills the picture; zero beside it."""
    y, x = (np.mgrid[0:size, 0:size] - (size - 1) / 2) * (2 / size)
    z = np.sqrt(np.clip(1.0 - x * x - y * y, 0.0, None))
    return np.stack([x, -y, z], axis=2) * (z > 0)[..., None]


def sphere_field(
    size: int, lights: int, *, intensities: object = 1.0, hemisphere: bool = True
) -> ReflectanceField:
    """Return the field of a matte sphere under lights from the camera's side, or all around."""
    directions = spread_directions(lights, hemisphere=hemisphere)
    colors = np.array(np.broadcast_to(intensities, (lights, 3)), dtype=float)
    facing = np.einsum("hwc,lc->lhw", sphere_normals(size), directions).clip(0)
    names = tuple(f"lamp {number}" for number in range(lights))
    rig = LightRig("dome", directions, colors, positions=1.5 * directions, names=names)
    return field_of(facing[:, None] * ALBEDO[None, :, None, None], rig)


def sphere_source(
    size: int = 32, lights: int = 9, *, maps: bool = True, **changes: object
) -> ExportSource:
    """Return a matte sphere as a processed camera, with or without maps."""
    field = sphere_field(size, lights, **changes)
    normals = sphere_normals(size).astype(np.float32)
    inside, nothing = normals.any(axis=2), np.zeros((size, size), np.uint8)
    sure = inside.astype(np.float32)
    color = (ALBEDO * inside[..., None]).astype(np.float32)
    session = Session("a sphere/1", Path("s"), field.header.rig, (Camera("A"),), ())

    def missing() -> object:
        raise SessionError("s: it was not made.")

    source = ExportSource(
        session=session,
        camera="A",
        field=lambda: field,
        normals=lambda: NormalMap(normals, sure, nothing),
        phong=lambda: PhongMaps(color, 0.1 * color, 20.0 * sure, sure, nothing),
        depth=lambda: DepthMap(sure, normals, sure, nothing, is_metric=False, is_perspective=False),
        matte=lambda: (inside, "the session's mask"),
    )
    if maps:
        return source
    gone = dict.fromkeys(("normals", "phong", "depth"), missing)
    return replace(source, **gone, matte=lambda: (None, "nothing"))
