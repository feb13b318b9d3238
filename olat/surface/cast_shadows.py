"""Which lights a surface hides from itself."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array, Plane
from olat.model.view import ViewGeometry
from olat.surface import cast_shadows_kernel as kernel

BIAS_PX = 0.25
"""What the surface may stand before a ray without hiding it: errors of depth do."""
PENUMBRA_PX = 0.5
"""What it stands before it, beyond the bias, where it hides all."""


def visibility_from_direction(
    depth: Plane,
    geometry: ViewGeometry,
    direction: Float64[Array, " 3"],
    *,
    bias_px: float = BIAS_PX,
    penumbra_px: float = PENUMBRA_PX,
) -> Plane:
    r"""Return how much each pixel sees of a distant light.

    The way from a pixel to the light is walked in the picture, where nearness :math:`1/d` (or
    :math:`-d`, if rays are parallel) of a straight line changes evenly:

    .. math:: q(s) = q_0 + s\,q' , \qquad
        V = 1 - \Big[\max_s \frac{Q(s) - q(s)}{w} - b\Big]_0^1

    with the nearness Q of the surface, the width w of a pixel and the bias b.

    Parameters
    ----------
    depth
        Along the axis; 0 where it is not known.
    geometry
        The view that it is of.
    direction
        From the subject to the light, world frame; of any length.
    bias_px
        What the surface may stand before the ray without hiding it, in widths of a pixel along the
        axis.
    penumbra_px
        What it stands before the ray beyond that, where nothing of the light is seen; more than 0.

    Returns
    -------
    visibility
        From 0 (hidden) to 1; 1 where depth is not known.

    Raises
    ------
    ValueError
        If sizes differ, the direction is zero or no number, or a width is out of range.

    Notes
    -----
    Assumes that what is behind the surface is solid, and that nothing is where depth is not known,
    nor beside the picture. The side that turns away from the light is found in shadow as well, but
    for the width of the bias: multiply by the cosine all the same.

    References
    ----------
    .. [1] Max, Horizon mapping: shadows for bump-mapped surfaces, The Visual Computer 4, 1988.
    """
    if not np.isfinite(direction).all() or not direction.any():
        raise ValueError(
            f"direction of the light: {direction}; a vector of some length was needed. Pass where "
            "the light is, seen from the subject."
        )
    light = geometry.in_picture(np.asarray(direction, float) / np.linalg.norm(direction))
    return _walked(depth, geometry, light, (bias_px, penumbra_px), is_distant=True)


def visibility_from_position(
    depth: Plane,
    geometry: ViewGeometry,
    position: Float64[Array, " 3"],
    *,
    bias_px: float = BIAS_PX,
    penumbra_px: float = PENUMBRA_PX,
) -> Plane:
    """Return how much each pixel sees of a near light.

    Parameters
    ----------
    position
        Of the light, world frame, in the unit of the depth.
    depth, geometry, bias_px, penumbra_px
        As in `visibility_from_direction`.

    Returns
    -------
    visibility
        From 0 (hidden) to 1; 1 where depth is not known.

    Raises
    ------
    ValueError
        If sizes differ, the position is no number, or a width is out of range.
    """
    if not np.isfinite(position).all():
        raise ValueError(
            f"position of the light: {position}; three numbers were needed. Look at the light file."
        )
    # The picture of an orthographic camera begins in the corner, that of depth in the center.
    start = geometry.center if geometry.is_perspective else geometry.center + geometry.corner
    light = geometry.in_picture(np.asarray(position, float) - start)
    return _walked(depth, geometry, light, (bias_px, penumbra_px), is_distant=False)


def _walked(
    depth: Plane,
    geometry: ViewGeometry,
    light: Float64[Array, " 3"],
    widths: tuple[float, float],
    *,
    is_distant: bool,
) -> Plane:
    if depth.shape != geometry.shape:
        raise ValueError(
            f"depth: {depth.shape}, but the view has {geometry.shape}; one size was needed. Make "
            "the view for the size of the depth."
        )
    bias, penumbra = widths
    if bias < 0.0 or penumbra <= 0.0:
        raise ValueError(
            f"bias {bias} px and penumbra {penumbra} px; at least 0 and more than 0 were needed. "
            "Leave them out."
        )
    is_known = depth != 0.0
    near = np.full(depth.shape, kernel.NOTHING, np.float32)
    near[is_known] = 1.0 / depth[is_known] if geometry.is_perspective else -depth[is_known]
    rows, columns = (-(-side // kernel.TILE) for side in depth.shape)
    tiles = np.empty((rows, columns), np.float32)
    kernel.nearest_around(near, tiles)
    visibility = np.empty(depth.shape, np.float32)
    x, y, z = (float(part) for part in light)
    kind = (geometry.is_perspective, is_distant)
    kernel.walk(near, tiles, (x, y, z), kind, (geometry.spacing, bias, penumbra), visibility)
    return visibility
