"""How different two colors look: CIELAB and CIEDE2000."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from olat.model.shapes import Array

Colors = Float[Array, "*colors 3"]
Numbers = Float[Array, "*colors"]

_EDGE = 6.0 / 29.0
"""Cube root of Y below which CIELAB is linear."""


def xyz_from_lab(lab: Colors, white: Float[Array, "3"]) -> Colors:
    """Return CIE XYZ in the scale of its white.

    Parameters
    ----------
    lab
        CIELAB.
    white
        XYZ of the white that the values refer to.
    """
    middle = (lab[..., 0] + 16.0) / 116.0
    roots = np.stack([middle + lab[..., 1] / 500.0, middle, middle - lab[..., 2] / 200.0], axis=-1)
    shares = np.where(roots > _EDGE, roots**3, 3.0 * _EDGE**2 * (roots - 4.0 / 29.0))
    return np.asarray(shares * white)


def lab_from_xyz(xyz: Colors, white: Float[Array, "3"]) -> Colors:
    """Return CIELAB of CIE XYZ; below black it goes on in a straight line."""
    shares = xyz / white
    linear = shares / (3.0 * _EDGE**2) + 4.0 / 29.0
    roots = np.where(shares > _EDGE**3, np.cbrt(shares), linear)
    x, y, z = np.moveaxis(roots, -1, 0)
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def delta_e_2000(first: Colors, second: Colors) -> Numbers:
    r"""Return CIEDE2000: 1 is about the least difference that is seen.

    .. math:: \Delta E^2 = \Big(\frac{\Delta L'}{S_L}\Big)^2 + \Big(\frac{\Delta C'}{S_C}\Big)^2
        + \Big(\frac{\Delta H'}{S_H}\Big)^2
        + R_T \frac{\Delta C'}{S_C} \frac{\Delta H'}{S_H}

    Parameters
    ----------
    first, second
        CIELAB under one white.

    Notes
    -----
    Assumes the reference conditions of the formula: large patches side by side on middle gray,
    under D65, for which its three factors are 1.

    References
    ----------
    .. [1] Sharma, Wu and Dalal, The CIEDE2000 color-difference formula: implementation notes,
       supplementary test data, and mathematical observations, Color Research and Application
       30(1), 2005, sec. 2.
    """
    stretch = 1.0 + 0.5 * (1.0 - _share_of_25(0.5 * (_chroma(first) + _chroma(second))))
    (chroma1, hue1), (chroma2, hue2) = (_chroma_and_hue(lab, stretch) for lab in (first, second))
    is_gray = chroma1 * chroma2 == 0.0
    turn = (hue2 - hue1 + 180.0) % 360.0 - 180.0
    # Opposite hues differ by +180 degrees, whichever comes first.
    turn = np.where(is_gray, 0.0, np.where(hue2 - hue1 == 180.0, 180.0, turn))
    middle_hue = np.where(is_gray, hue1 + hue2, _mean_hue(hue1, hue2))
    lightness, chroma = 0.5 * (first[..., 0] + second[..., 0]), 0.5 * (chroma1 + chroma2)
    off_middle = (lightness - 50.0) ** 2
    by_lightness = (second[..., 0] - first[..., 0]) / (
        1.0 + 0.015 * off_middle / np.sqrt(20.0 + off_middle)
    )
    by_chroma = (chroma2 - chroma1) / (1.0 + 0.045 * chroma)
    across = 2.0 * np.sqrt(chroma1 * chroma2) * np.sin(np.radians(turn / 2.0))
    by_hue = across / (1.0 + 0.015 * chroma * _hue_weight(middle_hue))
    bump = 60.0 * np.exp(-(((middle_hue - 275.0) / 25.0) ** 2))
    rotation = -2.0 * np.sin(np.radians(bump)) * _share_of_25(chroma)
    squares = by_lightness**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def _chroma(lab: Colors) -> Numbers:
    return np.asarray(np.hypot(lab[..., 1], lab[..., 2]))


def _chroma_and_hue(lab: Colors, stretch: Numbers) -> tuple[Numbers, Numbers]:
    """Return chroma and hue [degree] with the red-green axis stretched near gray."""
    a, b = stretch * lab[..., 1], lab[..., 2]
    return np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360.0


def _share_of_25(chroma: Numbers) -> Numbers:
    """Return the square root of C^7 over C^7 + 25^7."""
    return np.asarray(np.sqrt(chroma**7 / (chroma**7 + 25.0**7)))


def _mean_hue(first: Numbers, second: Numbers) -> Numbers:
    """Return the middle of the shorter arc between two hues [degree]."""
    total = first + second
    around = np.where(total < 360.0, total + 360.0, total - 360.0)
    return np.asarray(np.where(np.abs(first - second) <= 180.0, total, around) / 2.0)


def _hue_weight(hue: Numbers) -> Numbers:
    """Return T, by which differences in hue count more or less along the circle."""
    angles = np.radians([hue - 30.0, 2.0 * hue, 3.0 * hue + 6.0, 4.0 * hue - 63.0])
    waves = np.cos(angles)
    return np.asarray(1.0 - 0.17 * waves[0] + 0.24 * waves[1] + 0.32 * waves[2] - 0.20 * waves[3])
