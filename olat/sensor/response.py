"""The response of a camera: what light its codes stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Bool, Float64, UInt8
from scipy.optimize import isotonic_regression

from olat.model.shapes import Array

ResponseTable: TypeAlias = Float64[Array, "256 3"]
"""Light of each 8-bit code and channel [green full scale = 1]."""

MIDDLE = 128
"""Code at which all channels are made to agree: a gray of this code stays gray."""
_DIP = 0.25
"""Part of its highest value so far by which a curve may fall before it is refused."""


def spread_pixels(
    codes: Sequence[UInt8[Array, "h w 3"]],
    exposures_s: Sequence[float],
    *,
    side: int,
    is_usable: Bool[Array, "h w"] | None = None,
) -> list[UInt8[Array, "n n 3"]]:
    """Pick the pixels that tell most about a response, as small pictures of one pixel each.

    Parameters
    ----------
    codes
        Photographs of one scene.
    exposures_s
        Their exposure times [s].
    side
        Of the small pictures, which have this side or less [px].
    is_usable
        Pixels to pick from; none means all.

    Returns
    -------
    picked
        The same pixels of each photograph, evenly spread in brightness and as far as possible
        where the picture is even.

    Raises
    ------
    ValueError
        If there are fewer than two photographs, or sizes or exposures do not go together.
    """
    _check(codes, exposures_s)
    level = np.mean([picture.mean(axis=2, dtype=np.float32) for picture in codes], axis=0)
    level = level.astype(np.float32)
    rough = cv2.morphologyEx(level, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    places = np.flatnonzero(np.ones(level.shape, bool) if is_usable is None else is_usable)
    side = min(side, int(np.sqrt(places.size)))
    if side < 2:
        raise ValueError(f"{places.size} pixels are usable; needed are 4 and better thousands")
    order = places[np.argsort(level.flat[places], kind="stable")]
    # As many steps in brightness as in number: sky and shadow are most of a picture.
    rank = np.linspace(0.0, 1.0, order.size)
    light = level.flat[order]
    spread = (light - light[0]) / max(float(light[-1] - light[0]), 1e-6)
    part = np.minimum(((rank + spread) / 2 * side**2).astype(int), side**2 - 1)
    evenest = order[np.lexsort((rough.flat[order], part))]
    _, first = np.unique(np.sort(part), return_index=True)
    chosen = evenest[np.resize(first, side**2)]
    return [np.ascontiguousarray(p.reshape(-1, 3)[chosen].reshape(side, side, 3)) for p in codes]


def response_from_ratios(curve: Float64[Array, "256 3"]) -> ResponseTable:
    """Return a curve in the project's scale, filled and rising.

    Parameters
    ----------
    curve
        Light of each code in any unit, each channel in its own; NaN where it is not known.

    Returns
    -------
    response
        Scaled so that all channels agree at code 128 and green is 1 at code 255.

    Raises
    ------
    ValueError
        If most codes are not known, or the curve falls: then exposures or scene are not as told.

    Notes
    -----
    Assumes that a gray scene has equal codes: exposures alone cannot tell one channel's light from
    another's.
    """
    response = np.empty((256, 3))
    for channel, name in enumerate(("red", "green", "blue")):
        response[:, channel] = _rising(curve[:, channel], name)
    response /= response[MIDDLE]
    return np.asarray(response / response[255, 1])


def _rising(curve: Float64[Array, " code"], name: str) -> Float64[Array, " code"]:
    """Fill one channel between known codes, and take out small dips."""
    known = np.flatnonzero(np.isfinite(curve) & (curve > 0))
    if len(known) < 64 or curve[known[-1]] <= 0:
        raise ValueError(
            f"only {len(known)} of 256 codes of {name} can be told; needed are exposures that "
            "spread the scene over most codes"
        )
    filled = np.interp(np.arange(256), known, curve[known])
    highest = np.maximum.accumulate(filled)
    # What the darkest codes do hardly matters: they are noise.
    dip = (highest - filled) / (highest + 0.1 * filled[MIDDLE])
    worst = int(np.argmax(dip))
    if dip[worst] > _DIP:
        raise ValueError(
            f"the response of {name} falls by {dip[worst]:.0%} towards code {worst}; one that "
            "rises is needed. The exposures may be in another order, or the scene moved"
        )
    return np.asarray(isotonic_regression(filled).x, np.float64)


def _check(codes: Sequence[UInt8[Array, "h w 3"]], exposures_s: Sequence[float]) -> None:
    if len(codes) < 2 or len(codes) != len(exposures_s):
        raise ValueError(
            f"there are {len(codes)} photographs and {len(exposures_s)} exposures; two or more "
            "photographs and one exposure for each are needed"
        )
    if len({picture.shape for picture in codes}) > 1:
        raise ValueError("the photographs of a response have several sizes; needed is one")
    if len(set(exposures_s)) < 2 or not all(0 < time < np.inf for time in exposures_s):
        told = ", ".join(f"{time:g}" for time in exposures_s)
        raise ValueError(f"the exposures are {told} s; different ones above 0 are needed")
