"""Where each pixel is: by depth where it is known, and by its neighbors elsewhere."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from olat.model.maps import DepthMap
from olat.model.shapes import Radiance
from olat.model.view import ViewGeometry


def pixel_places(view: ViewGeometry, depth: DepthMap | None) -> Radiance:
    """Return a world position for every pixel [m].

    Parameters
    ----------
    view
        What the pixels see.
    depth
        Where the surface is; none puts all pixels on the plane through the world's origin across
        the camera's axis.

    Raises
    ------
    ValueError
        If the depth is of another size.

    Notes
    -----
    A pixel without depth, as beside the subject, lies on its own ray as deep as the nearest pixel
    with depth.
    """
    if depth is None or not depth.depth.any():
        return view.places(np.full(view.shape, view.origin_depth, np.float32))
    if depth.depth.shape != view.shape:
        raise ValueError(f"depth is of {depth.depth.shape} px, the field of {view.shape}")
    known = depth.depth != 0.0
    if known.all():
        return depth.places
    rows, columns = distance_transform_edt(~known, return_distances=False, return_indices=True)
    filled = view.places(depth.depth[rows, columns])
    return np.where(known[..., None], depth.places, filled)
