"""What people ask to be lit by, as the program takes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from olat.errors import UsageError
from olat.model.environment import EnvironmentMap
from olat.model.lighting import DistantLight, EnvironmentLight, Lighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float64

    from olat.model.color import ColorSpace
    from olat.model.shapes import Array

Environment: TypeAlias = EnvironmentMap | np.ndarray[Any, Any] | Path | str
"""A map, an array in linear Rec.709, or a file."""


def direction_of(light: Sequence[float]) -> Float64[Array, "3"]:
    """Return the direction to a light, of any length but 0.

    Raises
    ------
    UsageError
        If it is none.
    """
    toward = np.asarray(light, dtype=np.float64)
    if toward.shape != (3,) or not np.isfinite(toward).all() or not toward.any():
        raise UsageError(f"light {light}: needed are three numbers X, Y, Z, not all zero.")
    return toward


def environment_of(source: Environment, space: ColorSpace) -> EnvironmentMap:
    """Return an environment in the color of what it lights; a camera's color takes it as it is.

    Raises
    ------
    UsageError
        If it is an array of another shape.
    FileError
        If it is a file that cannot be read.
    """
    return in_space(_opened(source), space)


def lighting_of(
    light: Sequence[float] | None,
    environment: Environment | None,
    rotate_deg: float,
    lighting: Lighting | None,
) -> Lighting:
    """Return the one lighting that was asked for; maps are still in their own color.

    Raises
    ------
    UsageError
        If not exactly one was, or it cannot be meant.
    FileError
        If it is a map that cannot be read.
    """
    from olat.light.latlong import rotation_about

    given = [light is not None, environment is not None, lighting is not None]
    if sum(given) != 1:
        raise UsageError(
            f"relight: {sum(given)} lightings were given; one is needed: a light, an environment, "
            "or a lighting of several."
        )
    if lighting is not None:
        return lighting
    if light is not None:
        x, y, z = direction_of(light).tolist()
        return Lighting((DistantLight((x, y, z)),))
    assert environment is not None  # noqa: S101 - of the three, one is given
    turn = rotation_about((0.0, 1.0, 0.0), rotate_deg)
    return Lighting((EnvironmentLight(_opened(environment), turn),))


def in_space(map_: EnvironmentMap, space: ColorSpace) -> EnvironmentMap:
    """Return a map in the color of what it lights; a camera's color takes it as it is."""
    from olat.sensor.working_space import converted

    return replace(map_, radiance=converted(map_.radiance, source=map_.space, target=space))


def require_one(light: Sequence[float] | None, environment: Environment | None) -> None:
    """Refuse anything but either a light or an environment."""
    if (light is None) == (environment is None):
        raise UsageError("relight: needed is either a light or an environment.")


def _opened(source: Environment) -> EnvironmentMap:
    """Return an environment from an array, a file, or itself."""
    if isinstance(source, str | Path):
        from olat.io.environment_file import read_environment

        return read_environment(Path(source))
    if isinstance(source, np.ndarray):
        if source.ndim != 3 or source.shape[2] != 3:
            raise UsageError(f"environment: shape {source.shape}; needed is (height, width, 3).")
        return EnvironmentMap(np.ascontiguousarray(source, dtype=np.float32))
    return source
