"""Normals from the ratios of gradients, over the lights of the rig."""

from __future__ import annotations

import numpy as np

from olat.model.flags import PixelFlag
from olat.model.shapes import Flags, Plane, Radiance, UnitVectors
from olat.surface.gradient_normals import LAMBERT_RATIO
from olat.surface.rig_table import UNREACHED, RigTable

HALF_CONFIDENCE = np.radians(5.0)
"""Error of a normal that halves the confidence [rad]."""
UNDERDETERMINED = np.radians(10.0)
"""Error of a normal, for 1 % of noise, beyond which it is flagged [rad]."""
OPEN = np.radians(45.0)
"""Error of a normal, for 1 % of noise, at which nothing is known of it [rad]."""
EVEN = np.radians(0.92)
"""The same under a full, even sphere of lights, where it costs no confidence [rad]."""


def normals_on_rig(
    difference: Radiance, total: Radiance, table: RigTable, *, shadow_floor: float = 1e-3
) -> tuple[UnitVectors, Plane, Flags]:
    r"""Solve one normal per pixel: the axis of the lobe that the gradients show.

    The ratio of difference to total along each axis is taken to what a full, even sphere of lights
    would have given, p (`olat.surface.rig_table`); the normal is :math:`p/|p|`.

    Parameters
    ----------
    difference, total
        Along x, y, z, as `olat.surface.gradient_ratios.contrast` forms them [diffuse white = 1].
    table
        Of the same differences and totals of the lights.
    shadow_floor
        Total at or below which a pixel is unlit [diffuse white = 1].

    Returns
    -------
    normals
        Unit vectors in world axes; zero where SHADOWED, DEAD, without any axis, or where 1 % of
        noise turns it by 45 degrees or more.
    confidence
        :math:`(1 + (3 (|p| - 2/3))^2)^{-2}`: 1 for the length of a convex matte surface, 0.25
        where it is off by a third; times :math:`1/(1 + (\epsilon/5°)^2)` with :math:`\epsilon`
        the error for 1 % of noise under this rig, counted from that under a full sphere.
    flags
        SHADOWED where a total is at or below the floor; DEAD where one is not a number;
        UNDERDETERMINED where differences vanish, and where 1 % of noise turns the normal by more
        than 10 degrees, as where lights are missing; CLAMPED where no lobe gives the ratio under
        these lights: the nearest one is taken.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Assumes what `olat.surface.rig_table.rig_table` does. Gloss bends the axis towards the mirrored
    view, bounced light shortens the ratio: the confidence sees the length only.

    References
    ----------
    .. [1] Ma et al., Rapid acquisition of specular and diffuse normal maps from polarized
       spherical gradient illumination, EGSR 2007, sec. 3.
    .. [2] Fyffe and Debevec, Cosine lobe based relighting from gradient illumination
       photographs, Journal of Virtual Reality and Broadcasting 9(2), 2012.
    """
    if difference.shape != total.shape:
        raise ValueError(
            f"gradients: differences {difference.shape} and totals {total.shape}; one shape was "
            "needed. Pass the photographs of one camera."
        )
    dead = ~(np.isfinite(total) & np.isfinite(difference)).all(axis=-1)
    shadowed = ~dead & (total <= shadow_floor).any(axis=-1)
    solvable = ~(dead | shadowed)
    ratio = np.divide(difference, total, out=np.zeros_like(total), where=solvable[..., np.newaxis])
    ideal = table.ideal(ratio)
    length = np.linalg.norm(ideal.ratio, axis=-1)
    known = solvable & (length > 1e-4) & ratio.any(axis=-1) & (ideal.doubt < OPEN)
    normals = np.divide(
        ideal.ratio,
        length[..., np.newaxis],
        out=np.zeros_like(ideal.ratio),
        where=known[..., np.newaxis],
    )
    excess = np.maximum(ideal.doubt**2 - EVEN**2, 0.0) / HALF_CONFIDENCE**2
    matte = 1.0 / (1.0 + (3.0 * (length - LAMBERT_RATIO)) ** 2) ** 2
    flags = np.zeros(length.shape, np.uint8)
    flags[known & (ideal.distance > UNREACHED)] |= np.uint8(PixelFlag.CLAMPED)
    flags[solvable & (~known | (ideal.doubt > UNDERDETERMINED))] |= np.uint8(
        PixelFlag.UNDERDETERMINED
    )
    flags[shadowed] = PixelFlag.SHADOWED
    flags[dead] = PixelFlag.DEAD
    confidence = np.where(known, matte / (1.0 + excess), 0.0)
    return normals, np.asarray(confidence, np.float32), flags


def merged_normals(
    solved: list[tuple[UnitVectors, Plane, Flags]], weights: list[Plane]
) -> tuple[UnitVectors, Plane, Flags]:
    """Merge normals that were solved channel by channel, each over lights of its own.

    Parameters
    ----------
    solved
        Normals, confidence and flags of each channel.
    weights
        How bright each channel is, 0 or more.

    Returns
    -------
    normals, confidence, flags
        The mean by brightness times confidence. Flags are those of the channels that had a say.
    """
    tiny = np.float32(1e-9)
    says = [
        np.maximum(weight, 0) * (confidence + tiny) * normals.any(axis=-1)
        for (normals, confidence, _), weight in zip(solved, weights, strict=True)
    ]
    whole = np.sum(says, axis=0)
    total = np.sum([say[..., np.newaxis] * part[0] for say, part in zip(says, solved, strict=True)],
                   axis=0)  # fmt: skip
    length = np.linalg.norm(total, axis=-1)
    known = length > 0
    normals = np.divide(
        total, length[..., np.newaxis], out=np.zeros_like(total), where=known[..., np.newaxis]
    )
    confidence = sum(say * part[1] for say, part in zip(says, solved, strict=True))
    mean = np.divide(confidence, whole, out=np.zeros_like(whole), where=known)
    flags = np.bitwise_or.reduce(
        [
            np.where((say > 0) | ~known, part[2], np.uint8(0))
            for say, part in zip(says, solved, strict=True)
        ]
    )
    return np.asarray(normals, np.float32), np.asarray(mean, np.float32), flags
