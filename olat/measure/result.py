"""What a measure says: a number, and what was done to the pictures before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scaling: TypeAlias = Literal["global", "channel"]
"""One factor for all channels, or one for each."""

NOTHING = "nothing"
"""What a measure aligned that took the pictures as they were."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure, and what was aligned to get it."""

    name: str
    value: float
    aligned: str = NOTHING
    """In words."""
    factors: tuple[float, ...] = ()
    """What the pictures were multiplied by, or what was added to them, in the order of channels."""
    unit: str = ""
    used: float = 1.0
    """Share of the picture that counts."""
    note: str = ""
    """What else there is to know, such as the peak or the window."""
