"""Lightings that people write: TOML files of lights, groups and gains."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from olat.errors import FileError
from olat.io.environment_file import read_environment
from olat.light.latlong import rotation_about
from olat.model.lighting import (
    DistantLight,
    EnvironmentLight,
    Light,
    Lighting,
    PointLight,
    RectangleLight,
    SpotLight,
    Triple,
)
from olat.model.rig import LightRig
from olat.model.shapes import LightColors

Vector = tuple[FiniteFloat, FiniteFloat, FiniteFloat]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class _Light(_Table):
    """What all kinds of light share."""

    color: Vector = (1.0, 1.0, 1.0)
    stops: FiniteFloat = 0.0
    group: str = ""
    on: bool = True

    @property
    def shining(self) -> Triple:
        """Color times level."""
        red, green, blue = (2.0**self.stops * part for part in self.color)
        return red, green, blue


class _Distant(_Light):
    kind: Literal["distant"]
    toward: Vector

    def light(self, _: Path) -> Light:
        return DistantLight(self.toward, self.shining, self.group)


class _Point(_Light):
    kind: Literal["point"]
    position: Vector

    def light(self, _: Path) -> Light:
        return PointLight(self.position, self.shining, self.group)


class _Spot(_Light):
    kind: Literal["spot"]
    position: Vector
    target: Vector = (0.0, 0.0, 0.0)
    cone_deg: float = Field(30.0, gt=0, lt=360)
    blend: float = Field(0.2, ge=0, le=1)

    def light(self, _: Path) -> Light:
        place, target = self.position, self.target
        return SpotLight(place, target, self.cone_deg, self.blend, self.shining, self.group)


class _Rectangle(_Light):
    kind: Literal["rectangle"]
    center: Vector
    target: Vector = (0.0, 0.0, 0.0)
    width: float = Field(gt=0)
    height: float = Field(gt=0)

    def light(self, _: Path) -> Light:
        size = self.width, self.height
        return RectangleLight(self.center, self.target, *size, self.shining, self.group)


class _Turn(_Table):
    axis: Vector = (0.0, 1.0, 0.0)
    degrees: FiniteFloat


class _Environment(_Light):
    kind: Literal["environment"]
    map: str
    rotate: FiniteFloat | list[_Turn] = 0.0

    def light(self, folder: Path) -> Light:
        turns = [_Turn(degrees=self.rotate)] if isinstance(self.rotate, float) else self.rotate
        rotation = np.eye(3)
        for turn in turns:  # the first turns first
            rotation = rotation_about(turn.axis, turn.degrees) @ rotation
        return EnvironmentLight(
            read_environment(folder / self.map), rotation, self.shining, self.group
        )


_AnyLight = Annotated[
    _Distant | _Point | _Spot | _Rectangle | _Environment, Field(discriminator="kind")
]


class _Group(_Table):
    stops: FiniteFloat = 0.0
    color: Vector = (1.0, 1.0, 1.0)
    on: bool = True


class _Lighting(_Table):
    name: str = ""
    light: list[_AnyLight] = []
    groups: dict[str, _Group] = {}
    gains: str | None = None


def read_lighting(path: Path, rig: LightRig) -> Lighting:
    """Read a lighting.

    Parameters
    ----------
    path
        TOML with ``[[light]]`` tables of a ``kind``: distant, point, spot, rectangle, environment;
        ``[groups.NAME]`` tables of ``stops``, ``color`` and ``on``, which all lights of that group
        take besides their own; and perhaps ``gains``, a CSV of the rig's own lights.
    rig
        The lights that gains speak of.

    Raises
    ------
    FileError
        If the file cannot be read, or says what no lighting has.
    """
    asked = _parsed(path)
    lights = []
    for number, entry in enumerate(asked.light, start=1):
        group = asked.groups.get(entry.group)
        if entry.group and asked.groups and group is None:
            raise FileError(
                f"{path}: light {number} is of the group {entry.group!r}; [groups] has "
                f"{', '.join(asked.groups)}. Add a [groups.{entry.group}] table, or correct the "
                "name."
            )
        if entry.on and (group is None or group.on):
            lights.append(_placed(path, number, entry, group))
    gains = None if asked.gains is None else read_gains(path.parent / asked.gains, rig)
    if not lights and gains is None:
        raise FileError(f"{path}: no light of it is on; at least one is needed.")
    return Lighting(tuple(lights), gains, asked.name or path.stem)


def read_gains(path: Path, rig: LightRig) -> LightColors:
    """Read a CSV of ``light,r,g,b``: a light's name or number, and its level in each color.

    Lights that it does not list stay dark.

    Raises
    ------
    FileError
        If the file cannot be read, or a line of it is not such.
    """
    gains = np.zeros((len(rig), 3))
    seen: set[int] = set()
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"{path}: cannot be read as CSV: {error}.") from error
    for line, row in enumerate(rows, start=2):
        light = _light_of(path, line, row, rig)
        if light in seen:
            raise FileError(f"{path}, line {line}: light {row['light']!r} is there twice.")
        seen.add(light)
        try:
            gains[light] = [float(row[color] or "") for color in "rgb"]
        except (KeyError, ValueError) as error:
            raise FileError(
                f"{path}, line {line}: {error} is no level; the columns light,r,g,b are needed, "
                "with numbers."
            ) from error
    if not np.isfinite(gains).all():
        raise FileError(f"{path}: levels are not all finite; numbers are needed.")
    return gains


def _light_of(path: Path, line: int, row: dict[str, str], rig: LightRig) -> int:
    word = (row.get("light") or "").strip()
    if word in rig.names:
        return rig.names.index(word)
    if word.isdecimal() and int(word) < len(rig):
        return int(word)
    raise FileError(
        f"{path}, line {line}: the light is {word!r}; a name of the rig or a number from 0 to "
        f"{len(rig) - 1} is needed, in a column 'light'."
    )


def _placed(path: Path, number: int, entry: _AnyLight, group: _Group | None) -> Light:
    """Return a light at the level of its group."""
    if group is not None:
        color = tuple(a * b for a, b in zip(entry.color, group.color, strict=True))
        entry = entry.model_copy(update={"color": color, "stops": entry.stops + group.stops})
    try:
        return entry.light(path.parent)
    except (FileError, ValueError) as error:
        raise FileError(f"{path}: light {number}: {error}") from error


def _parsed(path: Path) -> _Lighting:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FileError(f"{path}: cannot be read as TOML: {error}.") from error
    try:
        return TypeAdapter(_Lighting).validate_python(_as_tuples(content))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise FileError(f"{path}: {place}: {first['msg']}. See docs/relighting.md.") from error


def _as_tuples(value: object) -> object:
    """Turn lists of three numbers into the tuples that strict tables ask for, whole numbers too."""
    if isinstance(value, dict):
        return {name: _as_tuples(part) for name, part in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(part, int | float) for part in value):
            return tuple(map(float, value))
        return [_as_tuples(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value
