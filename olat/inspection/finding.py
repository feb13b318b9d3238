"""What an inspection found, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Confidence: TypeAlias = Literal["said", "certain", "likely", "guess"]

"""``said`` is what a person said, which may be wrong; ``certain`` is what the files say."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the manifest will say, and why."""

    what: str
    """What it is about, in a word or two."""
    value: str
    confidence: Confidence
    reason: str
