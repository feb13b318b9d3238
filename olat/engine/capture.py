"""What the engine must know of a capture, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from olat.model.session import Frame


@dataclass(frozen=True, slots=True, order=True)
class Unit:
    """What one call of a stage is about: a camera, or one frame of it."""

    camera: str
    frame: int | None = None

    def __str__(self) -> str:
        return self.camera if self.frame is None else f"{self.camera} frame {self.frame}"


class Capture(Protocol):
    """A session as the engine sees it."""

    def cameras(self) -> Sequence[str]:
        """Return the cameras' names."""

    def frames(self, camera: str) -> Mapping[int, Frame]:
        """Return a camera's frames by number."""

    def given(self) -> frozenset[str]:
        """Return the names that stages may ask for."""

    def key(self, name: str, unit: Unit) -> str:
        """Return a digest of the content of something given, or of one entry: ``name.part``."""

    def value(self, name: str, unit: Unit) -> Any:
        """Return something given."""
