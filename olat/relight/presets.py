"""Lightings of the studio, by name: distant lights around a subject that faces the camera.

Angles are those that gaffers name: azimuth from the camera towards the picture's right, and height.
Levels are readings of white that faces the light.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from olat.model.lighting import DistantLight, Lighting, Triple

_WARM: Triple = (1.0, 0.9, 0.78)
_COOL: Triple = (0.8, 0.9, 1.0)

Placed = tuple[str, float, float, float, Triple]
"""Group, azimuth and height [degree], level, color."""

_KEY_RIGHT: Final[Placed] = ("key", 45.0, 35.0, 1.0, (1.0, 1.0, 1.0))

PRESETS: Final[dict[str, tuple[str, tuple[Placed, ...]]]] = {
    "three_point": (
        "key from the right, fill from the left, rim from behind",
        (
            _KEY_RIGHT,
            ("fill", -50.0, 10.0, 0.3, (1.0, 1.0, 1.0)),
            ("rim", -150.0, 40.0, 1.2, (1.0, 1.0, 1.0)),
        ),
    ),
    "key": ("one light from the right, above", (_KEY_RIGHT,)),
    "fill": ("a soft pair from both sides of the camera", (
        ("fill", 40.0, 5.0, 0.35, (1.0, 1.0, 1.0)),
        ("fill", -40.0, 5.0, 0.35, (1.0, 1.0, 1.0)),
    )),
    "rim": ("two lights from behind", (
        ("rim", 145.0, 25.0, 1.0, (1.0, 1.0, 1.0)),
        ("rim", -145.0, 25.0, 1.0, (1.0, 1.0, 1.0)),
    )),
    "butterfly": ("from straight above the camera, a little fill below", (
        ("key", 0.0, 50.0, 1.0, (1.0, 1.0, 1.0)),
        ("fill", 0.0, -35.0, 0.2, (1.0, 1.0, 1.0)),
    )),
    "rembrandt": ("high from the side: a triangle of light on the far cheek", (
        ("key", 50.0, 50.0, 1.0, (1.0, 1.0, 1.0)),
        ("fill", -30.0, 0.0, 0.08, (1.0, 1.0, 1.0)),
    )),
    "split": ("one half lit, one dark", (("key", 90.0, 5.0, 1.0, (1.0, 1.0, 1.0)),)),
    "warm_cool": ("warm from the right, cool from the left", (
        ("key", 55.0, 25.0, 0.9, _WARM),
        ("fill", -60.0, 15.0, 0.5, _COOL),
    )),
}  # fmt: skip
"""What each preset is, and its lights."""


def preset(name: str) -> Lighting:
    """Return a lighting by name; `KeyError` if there is none."""
    _, placed = PRESETS[name]
    return Lighting(tuple(_light(*entry) for entry in placed), name=name)


def _light(
    group: str, azimuth_deg: float, height_deg: float, level: float, color: Triple
) -> DistantLight:
    azimuth, height = np.deg2rad([azimuth_deg, height_deg])
    toward = np.array(
        [np.sin(azimuth) * np.cos(height), np.sin(height), np.cos(azimuth) * np.cos(height)]
    )
    x, y, z = toward.tolist()
    red, green, blue = (level * part for part in color)
    return DistantLight((x, y, z), (red, green, blue), group)
