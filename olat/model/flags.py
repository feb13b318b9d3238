"""Why a pixel is doubtful."""

from __future__ import annotations

from enum import IntFlag


class PixelFlag(IntFlag):
    """Reasons to doubt a pixel; OR-ed downstream, never cleared."""

    SATURATED = 1
    """The sensor clipped here, or next to here within the demosaic kernel."""
    SHADOWED = 2
    """Too little light to say anything."""
    OCCLUDED = 4
    """Hidden in the moving frame: forward and backward flow disagree."""
    OUT_OF_FRAME = 8
    """The reference pixel lies outside the moving frame."""
    DEAD = 16
    """Not a number in the file, or a defective sensel."""
    UNTRACKED = 32
    """No tracking frame covers this moment."""
    CLAMPED = 64
    """A fit ran into its limit."""
    UNDERDETERMINED = 128
    """Too few usable lights; the value comes from a weaker method or is missing."""
