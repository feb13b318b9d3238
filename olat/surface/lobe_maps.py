"""The lobes of a camera, from the moments that are stored of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from olat.model.maps import LobeMaps
from olat.surface.cosine_lobe import CosineLobes, lobes_from_moments
from olat.surface.lobe_residual import MissingMoments, missing_moments


def lobes_of(maps: LobeMaps) -> CosineLobes:
    """Return the lobes that have the stored moments, in the color of the photographs.

    The closed form costs less than reading the file did; so moments are stored, which may be
    averaged, filtered and resampled, and lobes are not.
    """
    if maps.primaries is None or not maps.is_shared:
        return lobes_from_moments(maps.integral, maps.moment, shadow_floor=maps.shadow_floor)
    unmixing = np.linalg.inv(maps.primaries).T.astype(np.float32)
    lobes = lobes_from_moments(
        maps.integral @ unmixing, maps.moment @ unmixing, shadow_floor=maps.shadow_floor
    )
    is_lit = lobes.integral.any(axis=-1, keepdims=True)
    return replace(lobes, integral=np.where(is_lit, maps.integral, np.float32(0.0)))


def missing_of(maps: LobeMaps, lobes: CosineLobes) -> MissingMoments:
    """Return what the lobes lack of the photographs: all of a dark pixel, part of a clamped one."""
    return missing_moments(lobes, maps.integral, maps.moment, primaries=maps.primaries)


def rows_of(maps: LobeMaps, top: int, bottom: int) -> LobeMaps:
    """Return some rows of the maps."""
    rows = slice(top, bottom)
    return replace(
        maps,
        integral=maps.integral[rows],
        moment=maps.moment[rows],
        confidence=maps.confidence[rows],
        flags=maps.flags[rows],
        spread=None if maps.spread is None else maps.spread[rows],
    )
