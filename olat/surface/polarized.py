r"""Light from beneath a surface and from its face, told apart by polarizers (Ma et al. 2007).

Behind a polarizer that is crossed to those of the lights only light is seen that lost its
polarization beneath the surface, half of it; behind a parallel one that half and all light
reflected at the face:

.. math:: D = 2\,I_\times, \qquad S = I_\parallel - I_\times .

References
----------
.. [1] Ma et al., Rapid acquisition of specular and diffuse normal maps from polarized spherical
   gradient illumination, EGSR 2007, sec. 4.
"""

from __future__ import annotations

import numpy as np

from olat.model.flags import PixelFlag
from olat.model.shapes import Flags, Plane, Radiance, UnitVectors
from olat.surface.rig_normals import HALF_CONFIDENCE, OPEN, UNDERDETERMINED
from olat.surface.rig_table import UNREACHED, RigTable


def beneath(crossed: Radiance) -> Radiance:
    """Return the diffuse radiance, :math:`D`, of a photograph behind a crossed polarizer."""
    return np.asarray(2 * crossed, np.float32)


def at_the_face(parallel: Radiance, crossed: Radiance) -> Radiance:
    """Return the specular radiance, :math:`S`, of two photographs of one pattern.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if parallel.shape != crossed.shape:
        raise ValueError(
            f"polarized pair: parallel {parallel.shape}, crossed {crossed.shape}; one shape was "
            "needed. Pass photographs of one camera."
        )
    return np.asarray(parallel - crossed, np.float32)


def specular_normals(
    difference: Radiance,
    total: Radiance,
    view: UnitVectors,
    table: RigTable,
    *,
    diffuse: Plane | None = None,
    shadow_floor: float = 1e-3,
) -> tuple[UnitVectors, Plane, Flags]:
    r"""Solve one normal per pixel from light reflected at the face, half way to the view.

    The lobe's axis, as in `olat.surface.rig_normals.normals_on_rig`, is the mirrored view, so that

    .. math:: n = (a + v) / |a + v| .

    Parameters
    ----------
    difference, total
        Of the specular radiance of each photograph, :math:`S`, along x, y, z
        [diffuse white = 1].
    view
        From what each pixel shows to the camera.
    table
        Of the same differences and totals of the lights.
    diffuse
        Total of the diffuse radiance, whose noise the specular inherits [diffuse white = 1].
    shadow_floor
        Specular total at or below which nothing was reflected [diffuse white = 1].

    Returns
    -------
    normals
        Unit vectors in world axes; zero where flagged SHADOWED or DEAD, or where the axis is
        opposite to the view.
    confidence
        :math:`1/(1 + (\epsilon/5°)^2)` with :math:`\epsilon` half of what noise of 1 % of all the
        light, specular and diffuse, does to the axis.
    flags
        SHADOWED where a total is at or below the floor; DEAD where one is not a number;
        UNDERDETERMINED where the error exceeds 10 degrees; CLAMPED where no lobe gives the ratio.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Assumes polarizers that cancel, on all lights, for the camera's place; a face that reflects one
    lobe. The lobe of a smooth face is narrower than the lights are apart: its axis is drawn to
    the nearest light.
    """
    if not difference.shape == total.shape == view.shape:
        raise ValueError(
            f"specular normals: {difference.shape}, {total.shape} and view {view.shape}; one shape "
            "was needed. Pass maps of one camera."
        )
    dead = ~(np.isfinite(total) & np.isfinite(difference)).all(axis=-1)
    shadowed = ~dead & (total <= shadow_floor).any(axis=-1)
    solvable = ~(dead | shadowed)
    ratio = np.divide(difference, total, out=np.zeros_like(total), where=solvable[..., np.newaxis])
    ideal = table.ideal(ratio)
    length = np.linalg.norm(ideal.ratio, axis=-1, keepdims=True)
    axis = ideal.ratio / np.maximum(length, 1e-6)
    half = axis + view
    reach = np.linalg.norm(half, axis=-1)
    known = solvable & (length[..., 0] > 1e-4) & (reach > 1e-3) & (ideal.doubt < OPEN)
    normals = np.divide(
        half, reach[..., np.newaxis], out=np.zeros_like(half), where=known[..., np.newaxis]
    )
    specular = np.maximum(total.mean(axis=-1), 1e-6)
    share = 1.0 if diffuse is None else 1.0 + np.maximum(diffuse, 0.0) / specular
    # The normal turns by half of what its mirrored view turns by.
    doubt = np.minimum(0.5 * ideal.doubt * share, np.pi / 2.0)
    flags = np.zeros(doubt.shape, np.uint8)
    flags[known & (ideal.distance > UNREACHED)] |= np.uint8(PixelFlag.CLAMPED)
    flags[solvable & (~known | (doubt > UNDERDETERMINED))] |= np.uint8(PixelFlag.UNDERDETERMINED)
    flags[shadowed], flags[dead] = PixelFlag.SHADOWED, PixelFlag.DEAD
    confidence = np.where(known, 1.0 / (1.0 + (doubt / HALF_CONFIDENCE) ** 2), 0.0)
    return np.asarray(normals, np.float32), np.asarray(confidence, np.float32), flags
