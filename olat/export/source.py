"""What exporters are given: the products of one camera, read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from olat.model.field import ReflectanceField
from olat.model.maps import DepthMap, NormalMap, PhongMaps
from olat.model.session import Session
from olat.model.shapes import Mask, Matrix3


@dataclass(frozen=True)
class ExportSource:
    """A camera of a processed session.

    What was not made raises `olat.errors.SessionError` when it is asked for, and says which
    command makes it.
    """

    session: Session
    camera: str
    field: Callable[[], ReflectanceField]
    normals: Callable[[], NormalMap]
    phong: Callable[[], PhongMaps]
    depth: Callable[[], DepthMap]
    matte: Callable[[], tuple[Mask | None, str]]
    """Where the subject is, at the size of the field, and what told it; none if nothing did."""
    axes: Callable[[], Matrix3] = lambda: np.diag([1.0, -1.0, -1.0])
    """The camera's x (right), y (down) and z (forward) as rows, in world axes."""


class Advance(Protocol):
    """Told after every finished part of an export."""

    def __call__(self, done: int, total: int, /) -> None:
        """Tell how many parts of how many are done."""
