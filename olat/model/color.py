"""What red, green and blue are."""

from __future__ import annotations

from typing import Literal, TypeAlias

ColorSpace: TypeAlias = Literal["camera", "rec709", "acescg"]
"""Primaries of linear color: the camera's own, those of Rec.709, or ACES AP1."""
