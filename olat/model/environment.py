"""Distant light from everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from olat.model.color import ColorSpace
from olat.model.shapes import Radiance


@dataclass(frozen=True, slots=True)
class EnvironmentMap:
    """A latitude-longitude picture of the light around the subject.

    OpenEXR orientation: +y is the top row, +z the picture centre, +x at a quarter of the width;
    pixel centres at (i + 0.5)/W.
    """

    radiance: Radiance
    name: str = ""
    space: ColorSpace = "rec709"
    """What its red, green and blue are."""
