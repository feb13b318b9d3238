"""What red, green and blue are, as OpenEXR headers say it.

References
----------
.. [1] ASWF Color Interop Forum, Identifying the color space of OpenEXR files, recommendation,
   2026: ``colorInteropID`` and the chromaticities that go with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from olat.model.color import ColorSpace
from olat.sensor.working_space import CHROMATICITIES

if TYPE_CHECKING:
    from olat.io.exr import Attribute

INTEROP_ID: Final[dict[ColorSpace, str]] = {
    # A camera's own color has no name, and chromaticities would claim one.
    "camera": "unknown",
    "rec709": "lin_rec709_scene",
    "acescg": "lin_ap1_scene",
}
"""Name of a space among programs."""
WORDS: Final[dict[ColorSpace, str]] = {
    "camera": "scene-linear camera RGB, not converted",
    "rec709": "scene-linear Rec.709, white D65",
    "acescg": "scene-linear ACEScg (AP1), white ACES",
}
"""What a space is."""
DATA: Final[dict[str, Attribute]] = {"colorInteropID": "data"}
"""Header of what is no color."""

_ALIKE = 1e-3
"""Difference of chromaticities within which they are the same."""


def color_attributes(space: ColorSpace) -> dict[str, Attribute]:
    """Return the header entries that say what red, green and blue are."""
    told: dict[str, Attribute] = {
        "colorInteropID": INTEROP_ID[space],
        "olat/color": space,
        "olat/colorSpace": WORDS[space],
    }
    if space in CHROMATICITIES:
        told["chromaticities"] = CHROMATICITIES[space]
    return told


def space_told(attributes: Mapping[str, object]) -> ColorSpace | None:
    """Return the space that a header names, or none that is known here.

    The name among programs counts before the chromaticities.
    """
    name = attributes.get("colorInteropID")
    for space, known in INTEROP_ID.items():
        if name == known:
            return space
    if name is not None:
        return None
    found = attributes.get("chromaticities")
    for space, chromaticities in CHROMATICITIES.items():
        if found is not None and np.allclose(
            np.asarray(found, float), chromaticities, rtol=0, atol=_ALIKE
        ):
            return space
    return None
