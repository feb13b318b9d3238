"""Materials in closed form as tables of the MERL grid."""

from __future__ import annotations

import numpy as np

from olat.surface.analytic_brdf import Brdf
from olat.surface.merl import NO_DATA, MerlTable, cell_centers, directions_at

_ALIKE = 1e-6
"""Relative difference within which a material is the same with light and camera exchanged."""


def tabulated(brdf: Brdf, *, name: str = "") -> MerlTable:
    """Return the table of a material: its reflectance in the middle of every cell.

    Parameters
    ----------
    brdf
        Material, isotropic and reciprocal, with its normal along +z.
    name
        What to call it.

    Raises
    ------
    ValueError
        If it is not reciprocal, or not a finite number of at least zero.

    Notes
    -----
    A cell whose middle has light or camera below the horizon holds no data, as where nothing can be
    measured. Rays that graze the surface fall into such cells although they are above it.
    """
    light, camera = directions_at(cell_centers())
    is_above = (light[..., 2] > 0.0) & (camera[..., 2] > 0.0)
    there, back = (
        np.asarray(brdf(first[is_above], second[is_above]), float)
        for first, second in ((light, camera), (camera, light))
    )
    if not (np.isfinite(there).all() and (there >= 0.0).all()):
        raise ValueError(
            f"material {name!r}: its reflectance is between {there.min()} and {there.max()}; "
            "finite numbers of at least 0 were needed. Mend the function."
        )
    gap = float(np.abs(there - back).max())
    if gap > _ALIKE * float(there.max()):
        raise ValueError(
            f"material {name!r}: its reflectance differs by up to {gap:.3g} when light and camera "
            "change places; a table of half angles holds only what does not. Give a reciprocal one."
        )
    values = np.full((3, *is_above.shape), NO_DATA)
    values[:, is_above] = there.T
    return MerlTable(values, name)
