"""What an inspection found, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Confidence: TypeAlias = Literal["certain", "likely", "guess"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the manifest will say, and why."""

    what: str
    """What it is about, in a word or two."""
    value: str
    confidence: Confidence
    reason: str
