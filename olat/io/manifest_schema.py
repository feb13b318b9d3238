"""What may stand in ``session.toml``."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, PositiveFloat

from olat.io.frame_expression import parse_frames
from olat.model.roles import PATTERNS, SOME_PATTERNS


def _frames(value: object) -> tuple[int, ...]:
    """Accept a frame expression, or a bare number."""
    if isinstance(value, str) or type(value) is int:
        return parse_frames(str(value))
    raise ValueError("frames are a text such as '0-74' or '3-71x11'")


def _files(value: object) -> str | tuple[str, ...]:
    """Accept a pattern or a list of files."""
    if isinstance(value, str):
        return _pattern(value)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError("a pattern with {frame}, or a list of files, is needed")


def _pattern(value: str) -> str:
    """Accept a pattern."""
    if "{frame" not in value:
        raise ValueError("a pattern needs {frame} or {frame:04d} where the number stands")
    return value


def _pattern_name(value: str) -> str:
    """Accept the role word of a pattern that has no key of its own in ``[sequence]``."""
    if value not in PATTERNS:
        raise ValueError(f"there are {SOME_PATTERNS}")
    return value


def _encoding(value: object) -> str | float:
    """Accept a named encoding, an exponent, or the table of a measured response."""
    if isinstance(value, str) and (value in ("linear", "srgb") or value.endswith(".csv")):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    raise ValueError(
        "'linear', 'srgb' or an exponent above 0, such as 2.2, or a response .csv is needed"
    )


def _order(value: object) -> str | tuple[int, ...]:
    """Accept a file name or a list of lights."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(type(item) is int for item in value):
        return tuple(value)
    raise ValueError("a file with one light a line, or a list of lights, is needed")


def _center(value: object) -> tuple[float, float, float]:
    """Accept three numbers."""
    if isinstance(value, list) and len(value) == 3:
        x, y, z = value
        if all(isinstance(item, int | float) and not isinstance(item, bool) for item in value):
            return float(x), float(y), float(z)
    raise ValueError("three numbers [x, y, z] are needed")


Frames: TypeAlias = Annotated[tuple[int, ...], PlainValidator(_frames)]
Files: TypeAlias = Annotated[str | tuple[str, ...], PlainValidator(_files)]
Encoding: TypeAlias = Annotated[str | float, PlainValidator(_encoding)]
Order: TypeAlias = Annotated[str | tuple[int, ...], PlainValidator(_order)]
PatternName: TypeAlias = Annotated[str, AfterValidator(_pattern_name)]
Center: TypeAlias = Annotated[tuple[float, float, float], PlainValidator(_center)]
CameraName: TypeAlias = Annotated[str, Field(pattern=r"^[^\s./\\][^/\\]*$")]


class Table(BaseModel):
    """A table of the manifest: strict, because a mistyped key would be a silent default."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class SessionTable(Table):
    """What is known about the capture as a whole."""

    name: str
    date: datetime.date | None = None
    subject: str = ""
    operator: str = ""
    notes: str = ""
    calibration: str | None = None


class RigTable(Table):
    """The lights, and how the numbers of their file are meant."""

    lights: str | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    name: str = ""
    frame: Literal["olat", "opencv"] = "olat"
    units: Literal["m", "cm", "mm"] | None = None
    center: Center = (0.0, 0.0, 0.0)
    holds: Literal["auto", "directions", "positions"] = "auto"


class CameraTable(Table):
    """One camera: its files, and what their pixels mean."""

    files: Files | None = None
    encoding: Encoding = "linear"
    white_patch: PositiveFloat = 1.0
    field_of_view_deg: Annotated[float, Field(gt=0, lt=180)] | None = None
    distance_m: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    mask: str | None = None
    reference: Annotated[int, Field(ge=0)] | None = None
    flow: Annotated[str, AfterValidator(_pattern)] | None = None
    serial: str = ""
    lens: str = ""


class SequenceTable(Table):
    """What the lights did in which frame: a rule, or the name of a table."""

    frames: Frames | None = None
    tracking: Frames = ()
    gradient: Frames = ()
    complement: Frames = ()
    dark: Frames = ()
    mirror_ball: Frames = ()
    mirror_ball_sweep: Frames = ()
    gray_ball: Frames = ()
    gray_ball_sweep: Frames = ()
    flat: Frames = ()
    chart: Frames = ()
    board: Frames = ()
    led_red: Frames = ()
    led_green: Frames = ()
    led_blue: Frames = ()
    patterns: dict[PatternName, Frames] = {}
    skip: Frames = ()
    bracket: Annotated[int, Field(ge=1)] = 1
    exposures_s: list[PositiveFloat] = []
    order: Order | None = None
    index_base: Annotated[int, Field(ge=0, le=1)] = 0
    skip_lights: list[int] = []
    table: str | None = None


class DriveTable(Table):
    """Level of the lights relative to the OLAT frames."""

    tracking: PositiveFloat = 1.0
    gradient: PositiveFloat = 1.0
    binary: PositiveFloat | None = None
    second_order: PositiveFloat | None = None


class OverrideTable(Table):
    """What is different about some frames."""

    frames: Frames
    camera: str | None = None
    gain: PositiveFloat = 1.0
    exposure_s: PositiveFloat | None = None
    skip: bool = False
    reason: str = ""


class Manifest(Table):
    """A whole ``session.toml``."""

    schema_number: Literal[1] = Field(alias="schema")
    session: SessionTable
    rig: RigTable
    camera: Annotated[dict[CameraName, CameraTable], Field(min_length=1)]
    sequence: SequenceTable = SequenceTable()
    drive: DriveTable = DriveTable()
    override: list[OverrideTable] = []
