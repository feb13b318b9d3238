"""How the lights' level changed while a subject was captured."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float64

from olat.model.shapes import Array


@dataclass(frozen=True, slots=True)
class LightDrift:
    """Level of the lights in full-on frames."""

    moments: tuple[int, ...]
    """Numbers of the full-on frames, increasing; empty where none tell."""
    levels: Float64[Array, "frame 3"]
    """Brightness of the subject in each, relative to the reference, by channel [1]."""
