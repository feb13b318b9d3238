"""Lightings that people write: TOML files of lights, groups and gains."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from olat.errors import FileError
from olat.io.environment_file import read_environment
from olat.io.gains_file import read_gains
from olat.light.latlong import rotation_about
from olat.model.lighting import (
    DistantLight,
    EnvironmentLight,
    Key,
    Light,
    Lighting,
    PointLight,
    RectangleLight,
    SpotLight,
    Triple,
)
from olat.model.rig import LightRig

T = TypeVar("T", bound="_Table")
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
    return _resolved(path, _parsed(path, _Lighting), rig)


def _resolved(path: Path, asked: _Lighting, rig: LightRig) -> Lighting:
    """Return the lights that are on, each at the level of its group."""
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


class _Key(_Lighting):
    frame: int
    ease: bool = False


class _Keys(_Table):
    fps: float = Field(24.0, gt=0)
    key: list[_Key] = Field(min_length=1)


@dataclass(frozen=True)
class KeyFile:
    """Lightings that move."""

    keys: tuple[Key, ...]
    fps: float


def read_keys(path: Path, rig: LightRig) -> KeyFile:
    """Read keys: ``[[key]]`` tables with a ``frame`` and what `read_lighting` reads.

    Raises
    ------
    FileError
        If the file cannot be read, or says what no lighting has.
    """
    asked = _parsed(path, _Keys)
    keys = tuple(Key(entry.frame, _resolved(path, entry, rig), entry.ease) for entry in asked.key)
    return KeyFile(keys, asked.fps)


def _placed(path: Path, number: int, entry: _AnyLight, group: _Group | None) -> Light:
    """Return a light at the level of its group."""
    if group is not None:
        color = tuple(a * b for a, b in zip(entry.color, group.color, strict=True))
        entry = entry.model_copy(update={"color": color, "stops": entry.stops + group.stops})
    try:
        return entry.light(path.parent)
    except (FileError, ValueError) as error:
        raise FileError(f"{path}: light {number}: {error}") from error


def _parsed(path: Path, kind: type[T]) -> T:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FileError(f"{path}: cannot be read as TOML: {error}.") from error
    try:
        return kind.model_validate(_as_tuples(content))
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
    return value
