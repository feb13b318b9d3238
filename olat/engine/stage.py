"""What a stage is: its fields are its parameters, the signature of ``run`` is its wiring."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict

from olat.model.condition import Condition
from olat.model.image import Frames


class Grain(Enum):
    """How much of a capture one call of a stage sees."""

    FRAME = "frame"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class Under:
    """Narrows a ``Frames[T]`` need to the frames under some conditions (`typing.Annotated`).

    A type stands for all conditions of it, a `Target` without a light for all of its kind.
    """

    conditions: tuple[type | Condition, ...]


@dataclass(frozen=True, slots=True)
class Bracket:
    """Narrows a ``Frames[T]`` need to the exposures of the frame's own bracket, itself included.

    That is the frame alone where it is in none.
    """


@dataclass(frozen=True, slots=True)
class Part:
    """Names the one entry of something given that matters to the stage (`typing.Annotated`).

    The stage gets the whole; a change of other entries does not make its product anew. Of a
    camera, ``distance_m`` matters besides the rest: stages that do not name it must not read it.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Need:
    """One argument of ``run``: a product of another stage, or something given."""

    name: str
    wanted: Any
    """The annotated type, without ``None``, ``Annotated`` and ``Frames``."""
    is_many: bool
    """A lazy ``Frames[T]``: the product, or what is given, of many frames."""
    is_optional: bool
    conditions: tuple[type | Condition, ...]
    is_bracket: bool = False
    """Only the frames of the own exposure bracket."""
    part: str = ""
    """Entry of what is given that alone matters; all of it if empty."""

    @property
    def given(self) -> str:
        """Return the name under which the capture knows the content that matters."""
        return f"{self.name}.{self.part}" if self.part else self.name


class Stage(BaseModel):
    """One step of the work on arrays in memory; it opens no file.

    Fields are parameters, described by the docstring below each. The argument names of ``run``
    name what it needs: products of other stages, or what the capture gives (`rig`, `camera`,
    `frame`, ...). ``T`` asks for the product of the same frame or camera, ``Frames[T]`` for
    that of every frame, ``T | None`` accepts that there is none. A name means the product of an
    earlier stage of the pipeline, and what the capture gives where none makes it.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True
    )

    grain: ClassVar[Grain]
    makes: ClassVar[str]
    """Name of the product."""
    revision: ClassVar[int] = 1
    """Raised when the numbers change, so that older products are made again."""
    is_kept: ClassVar[bool] = True
    """On disk; a product that is not kept is computed again wherever it is read."""
    conditions: ClassVar[tuple[type | Condition, ...]] = ()
    """Frames that the stage runs on; empty means all."""
    leads_only: ClassVar[bool] = False
    """Runs on the first frame of each exposure bracket, and of other frames sees no more than
    that, unless it asks for its `Bracket`."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Return the product. Overridden with typed arguments by every stage."""
        raise NotImplementedError

    def clash(self, others: Sequence[Stage]) -> str:
        """Say why the stage cannot be in a pipeline beside others; empty if it can."""
        return ""

    @classmethod
    def verb(cls) -> str:
        """Return the stage's name in definitions: the class name in snake case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    @functools.cache  # asked for once a frame and stage
    def needs(cls) -> tuple[Need, ...]:
        """Return what ``run`` asks for, in order."""
        hints = get_type_hints(cls.run, include_extras=True)
        return tuple(_need(name, hint) for name, hint in hints.items() if name != "return")

    @classmethod
    def product_type(cls) -> type:
        """Return the type that ``run`` returns."""
        product: type = get_type_hints(cls.run)["return"]
        return product


def _need(name: str, hint: Any) -> Need:
    """Read one annotation of ``run``."""
    conditions: tuple[type | Condition, ...] = ()
    is_optional = is_bracket = False
    part = ""
    if get_origin(hint) is Annotated:
        hint, *marks = get_args(hint)
        conditions = next((mark.conditions for mark in marks if isinstance(mark, Under)), ())
        is_bracket = any(isinstance(mark, Bracket) for mark in marks)
        part = next((mark.name for mark in marks if isinstance(mark, Part)), "")
    if get_origin(hint) in (Union, UnionType):
        kinds = get_args(hint)
        is_optional = NoneType in kinds
        rest = tuple(kind for kind in kinds if kind is not NoneType)
        hint = functools.reduce(operator.or_, rest)
    is_many = get_origin(hint) is Frames
    wanted = get_args(hint)[0] if is_many else hint
    return Need(name, wanted, is_many, is_optional, conditions, is_bracket, part)
