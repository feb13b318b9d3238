"""Where the subject is, if nobody painted it: where its surface was found."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from olat.model.maps import NormalMap
from olat.model.shapes import Mask

_SPECK = 1e-3
"""Share of the known pixels below which a group of them is noise."""


def matte_from_normals(normals: NormalMap) -> Mask:
    """Return where normals are known, without specks and with holes filled.

    Parameters
    ----------
    normals
        Zero where unknown, as in a dark background.

    Returns
    -------
    matte
        True inside; nowhere, if no normal is known.

    Notes
    -----
    Assumes a background so dark that nothing was solved there. Groups of neighbors (8 around each
    pixel) smaller than a thousandth of all are left out; what a group surrounds belongs to it, as
    pupils that no light brightens do. An edge is hard: hair has no half-transparent pixels.
    """
    known = normals.normals.any(axis=2)
    group, count = ndimage.label(known, structure=np.ones((3, 3), bool))
    sizes = np.bincount(group.ravel(), minlength=count + 1)
    kept = sizes >= _SPECK * max(int(known.sum()), 1)
    kept[0] = False
    return np.asarray(ndimage.binary_fill_holes(kept[group]), bool)
