"""Environment maps: converted, and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from olat.errors import FileError, UsageError
from olat.io.environment_file import write_environment
from olat.io.environment_picture import read_environment_picture
from olat.light.latlong import resized, rotation_about
from olat.light.latlong_cells import energy_of_map
from olat.light.latlong_resampling import (
    MAP_CONVENTIONS,
    between_conventions,
    latlong_from,
    rolled,
    rotated,
)
from olat.light.map_projections import (
    PROJECTIONS,
    Projection,
    has_shape,
    pixels_around,
    required_shape,
)
from olat.model.environment import EnvironmentMap

if TYPE_CHECKING:
    from olat.model.encoding import Encoding
    from olat.model.shapes import Radiance

Turn = tuple[str, float]
"""An axis, ``x``, ``y`` or ``z``, and degrees about it, right-handed."""

UP_IN_BLENDER = (
    "Blender's up is its +Z: X stays X, our Y is its Z, our Z is its -Y. Its picture is that of a "
    "map with +Y up, with +X in the middle"
)


@dataclass(frozen=True)
class Conversion:
    """What is done to a map."""

    source: str = "openexr"
    target: str = "openexr"
    """Whose orientation latitude-longitude maps have: `MAP_CONVENTIONS`."""
    projection: Projection | None = None
    """Of the picture; none for what its header says, else latitude-longitude."""
    width: int | None = None
    """Of the result [px]."""
    turns: Sequence[Turn] = ()
    """One after the other, in world axes."""
    exposure_stops: float = 0.0
    assume: Encoding | None = None
    """How the codes of a display picture are encoded."""
    is_mirrored: bool = False
    """Whether the picture is flipped left to right before all else, as its writing demands."""


@dataclass(frozen=True)
class Converted:
    """A map, and what was done to it."""

    environment: EnvironmentMap
    """In the orientation that was asked for."""
    is_exact: bool
    """Whether every pixel is one of the source's, moved and scaled."""
    notes: tuple[str, ...] = ()

    def summary(self) -> dict[str, Any]:
        """Return what it amounts to, as JSON can hold it."""
        radiance = self.environment.radiance
        return {
            "width": radiance.shape[1],
            "height": radiance.shape[0],
            "color": self.environment.space,
            "exact": self.is_exact,
            "largest": float(radiance.max(initial=0.0)),
            "mean": (energy_of_map(radiance) / (4.0 * np.pi)).tolist(),
            "notes": list(self.notes),
        }


def converted_map(path: Path, how: Conversion) -> Converted:
    """Read a picture of the light from everywhere and bring it into another shape.

    Parameters
    ----------
    path
        ``.exr``, ``.hdr``, ``.tif`` of floats; with ``how.assume`` any picture.
    how
        What is done, in this order: flipped, unfolded, turned to OpenEXR's orientation, turned as
        asked, brought to its width, exposed, turned to the orientation that is asked for.

    Raises
    ------
    FileError
        If the file cannot be read, or has not the shape of its projection.
    UsageError
        If a convention or a width is asked for that there is not.
    """
    _check(how)
    picture = read_environment_picture(path, assume=how.assume)
    projection = how.projection or picture.projection or "latlong"
    seen = picture.radiance[:, ::-1] if how.is_mirrored else picture.radiance
    if how.is_mirrored and projection in {"cube", "cross"}:
        raise UsageError(
            f"--mirrored: a {projection} cannot be flipped as a whole; a latitude-longitude map, a "
            "mirror ball or a light probe is needed. Unfold it first, then flip the result."
        )
    radiance, notes = _unfolded(path, seen, projection, how)
    is_exact = projection == "latlong"
    for axis, degrees in how.turns:
        radiance, is_whole = _turned(radiance, axis, degrees)
        is_exact &= is_whole
    if how.width is not None and radiance.shape[1] != how.width:
        radiance = resized(radiance, how.width // 2, how.width).astype(np.float32)
        is_exact = False
    radiance, is_whole = between_conventions(radiance, "openexr", how.target)
    if projection == "latlong" and not (is_exact & is_whole):
        notes.append("resampled: turning back does not give the same pixels")
    if "blender" in (how.source, how.target):
        notes.append(UP_IN_BLENDER)
    exposed = radiance * np.float32(2.0**how.exposure_stops)
    environment = EnvironmentMap(exposed, name=path.stem, space=picture.space)
    return Converted(environment, bool(is_exact & is_whole), tuple(notes))


def write_map(path: Path, environment: EnvironmentMap, *, half: bool, words: str) -> list[str]:
    """Write a map as ``.exr`` or ``.hdr``, or as a ``.png`` to look at; return notes."""
    if path.suffix.lower() != ".png":
        return write_environment(path, environment, half=half, words=words)
    from olat.io.display import picture_from_radiance, write_png

    picture = picture_from_radiance(environment.radiance, space=environment.space)
    write_png(path, picture, told={"Software": "olat", "Description": words})
    return [f"{path.name}: for eyes; it is clipped, and lights nothing. Write an .exr for that"]


def axes_environment(*, width: int, convention: str) -> EnvironmentMap:
    """Return the map with labelled axes.

    Raises
    ------
    UsageError
        If the width is not a multiple of 4, or there is no such convention.
    """
    from olat.io.axes_map import axes_map

    _check(Conversion(target=convention, width=width))
    if width % 4:
        raise UsageError(f"--width {width}: a multiple of 4 is needed, for exact quarter turns.")
    return EnvironmentMap(axes_map(width=width, convention=convention), name="axes")


def _check(how: Conversion) -> None:
    """Refuse what there is not."""
    for name in (how.source, how.target):
        if name not in MAP_CONVENTIONS:
            raise UsageError(f"{name}: known are {', '.join(sorted(MAP_CONVENTIONS))}.")
    if how.projection is not None and how.projection not in PROJECTIONS:
        raise UsageError(f"--projection {how.projection}: there are {', '.join(PROJECTIONS)}.")
    if how.width is not None and (how.width < 4 or how.width % 2):
        raise UsageError(f"--width {how.width}: an even number of pixels from 4 on is needed.")


def _unfolded(
    path: Path, radiance: Radiance, projection: Projection, how: Conversion
) -> tuple[Radiance, list[str]]:
    """Return the map in OpenEXR orientation, and notes."""
    height, width = radiance.shape[:2]
    if not has_shape(projection, height, width):
        fitting = [name for name in PROJECTIONS if has_shape(name, height, width)]
        hint = f" It has the shape of: {', '.join(fitting)}." if fitting else ""
        raise FileError(
            f"{path}: the picture is {width} x {height}; as {projection} it must be "
            f"{required_shape(projection)}.{hint} Say --projection, or cut the picture."
        )
    if projection == "latlong":
        moved, is_exact = between_conventions(radiance, how.source, "openexr")
        return moved, [] if is_exact else ["its width is no multiple of 4: columns were mixed"]
    if how.source != "openexr":
        raise UsageError(
            f"--from {how.source} is about latitude-longitude maps; a picture in {projection} has "
            "one orientation only. Leave it out, and turn the map with --rotate y:DEG."
        )
    # As fine as the picture, or lamps would fall between samples; the width follows by area.
    across = max(how.width or 0, pixels_around(projection, height, width))
    notes = [f"unfolded from {projection}, {width} x {height} px"]
    if projection == "mirror_ball":
        notes.append("what lies behind the ball is seen at its rim alone, and is coarse")
    return latlong_from(radiance, projection, across // 2), notes


def _turned(radiance: Radiance, axis: str, degrees: float) -> tuple[Radiance, bool]:
    """Turn a map; about +y it only moves sideways."""
    if axis == "y":
        return rolled(radiance, degrees)
    if degrees % 360.0 == 0.0:
        return radiance, True
    return rotated(radiance, rotation_about(axis, degrees)), False
