"""What the names of photographs say: kind, number, role, angles."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from olat.model.roles import PATTERNS

_TOKENS = re.compile(r"\d+|\D+")
_ANGLES = re.compile(r"A(?P<azimuth>[+-]\d{1,3})E(?P<elevation>[+-]\d{1,2})(?!\d)")
_ROLE_WORDS = (
    ("dark", ("dark", "ambient", "black", "blackframe", "nolight", "off")),
    ("tracking", ("tracking", "fullon", "fulllit", "fullylit", "allon", "white")),
    ("complement", ("complement", "inverse")),
    ("gradient", ("gradient",)),
    ("mirror_ball", ("chrome", "mirror", "mirrorball", "chromeball")),
    ("gray_ball", ("grayball", "greyball", "gray", "grey")),
    ("flat", ("flat", "flatfield")),
)
_PATTERN = re.compile(f"(?<![a-z])(?:{'|'.join(sorted(PATTERNS, key=len, reverse=True))})(?![a-z])")
_TRUTH_WORDS = ("normal", "normals", "depth", "albedo", "truth", "thumb", "preview", "height")
_CAMERA_WORDS = ("cam", "camera", "c", "view", "v")
_MASK_WORDS = ("mask", "matte", "silhouette")


def natural(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts 2 before 10."""
    return tuple(
        (0, int(token), token) if token.isdecimal() else (1, 0, token.lower())
        for token in _TOKENS.findall(str(path))
    )


def skeleton(stem: str) -> tuple[str, ...]:
    """Return a name without its numbers."""
    return tuple("#" if token.isdecimal() else token for token in _TOKENS.findall(stem))


def numbers(stem: str) -> tuple[str, ...]:
    """Return the numbers in a name, as they are spelled."""
    return tuple(token for token in _TOKENS.findall(stem) if token.isdecimal())


def pattern_of(names: Iterable[str], place: int) -> str | None:
    """Return the pattern with ``{frame}`` for the number at a place; none if they pad unevenly."""
    spelled = [(name, numbers(name)[place]) for name in names]
    width = max(len(number) for _, number in spelled)
    pads = any(number.startswith("0") and len(number) > 1 for _, number in spelled)
    if pads and any(len(number) != width for _, number in spelled):
        return None
    field = f"{{frame:0{width}d}}" if pads else "{frame}"
    tokens = _TOKENS.findall(spelled[0][0])
    places = [index for index, token in enumerate(tokens) if token.isdecimal()]
    return "".join([*tokens[: places[place]], field, *tokens[places[place] + 1 :]])


def is_mask(path: Path) -> bool:
    """Tell whether a picture is named as a mask."""
    return bool(_words(path) & set(_MASK_WORDS))


def is_truth(path: Path) -> bool:
    """Tell whether a picture is named as something that is not a photograph."""
    return bool(_words(path) & set(_TRUTH_WORDS))


def role_word(path: Path) -> str | None:
    """Return the role that a file name speaks of, such as ``dark`` for ``…_Ambient.pgm``.

    A pattern of light must be spelled as manifests spell it, such as ``…_gradient_x_0007.dng``.
    """
    if pattern := _PATTERN.search(re.sub(r"[^a-z]+", "_", _parted(path.stem))):
        return pattern[0]
    words = _words(path)
    return next((role for role, names in _ROLE_WORDS if words & set(names)), None)


def _words(path: Path) -> set[str]:
    """Return the words of a file name, and neighbors joined: ``full_on`` is also ``fullon``."""
    words = re.findall(r"[a-z]+", _parted(path.stem))
    return {*words, *(first + second for first, second in pairwise(words))}


def _parted(stem: str) -> str:
    """Return a name in small letters, with blanks before what were capitals."""
    return re.sub(r"([a-z])([A-Z])", r"\1 \2", stem).lower()


def direction_in_name(stem: str) -> tuple[float, float, float] | None:
    """Return the direction to the light that a name such as ``yaleB01_P00A+035E+15`` tells.

    A positive azimuth lights the image's left.

    References
    ----------
    .. [1] Georghiades, Belhumeur and Kriegman, From few to many: illumination cone models for
       face recognition under variable lighting and pose, TPAMI 2001.
    """
    match = _ANGLES.search(stem)
    if match is None:
        return None
    azimuth, elevation = (math.radians(int(match[word])) for word in ("azimuth", "elevation"))
    return (
        -math.sin(azimuth) * math.cos(elevation),
        math.sin(elevation),
        math.cos(azimuth) * math.cos(elevation),
    )


def is_camera_name(name: str) -> bool:
    """Tell whether a name begins as those of cameras do, such as ``cam03``."""
    return skeleton(name)[0].lower().strip("_-. ") in _CAMERA_WORDS
