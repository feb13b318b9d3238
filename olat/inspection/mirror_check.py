"""Whether a sweep shows a mirror ball: a highlight that goes where one on a ball would."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from olat.model.shapes import Array, Directions

_SPOT = 2.0
"""Radius of a highlight in the small picture [px]."""
_ALONE = 0.5
"""Share of what a light brightens that lies in the highlight; of a gray ball it is a sixth."""
_NEAR = 0.15
"""How far highlights may lie from where they should [radius of the ball]."""


def is_mirror_ball(
    pictures: Float64[Array, "light pixel"], matte: Bool[Array, "size size"], directions: Directions
) -> bool:
    r"""Tell whether what each light brightens is a highlight where a mirror ball has it.

    Seen along -z, a ball of radius r around c shows the highlight of light l at

    .. math:: p = c + r\, h_{xy}, \qquad h = (l + z) / |l + z|

    Parameters
    ----------
    pictures
        Brightness of the pixels of the subject under each light.
    matte
        Where these pixels are.
    directions
        The lights.

    Notes
    -----
    Assumes an orthographic view and one ball. Glossy subjects fail twice: light brightens more of
    them than a highlight, and where they are no ball, their highlights lie elsewhere.

    References
    ----------
    .. [1] Debevec, Rendering synthetic objects into real scenes, SIGGRAPH 1998, section 3.
    """
    gained = np.maximum(pictures - np.median(pictures, axis=0), 0.0)
    rows, columns = (place.astype(np.float64) for place in np.nonzero(matte))
    brightest = gained.argmax(axis=1)
    apart = np.hypot(columns - columns[brightest, None], rows - rows[brightest, None])
    spots = gained * (apart <= _SPOT)
    inside = spots.sum(axis=1)
    if not np.median(inside / np.maximum(gained.sum(axis=1), 1e-12)) > _ALONE:
        return False
    lit = inside > 0.0
    half = directions[lit] + np.array([0.0, 0.0, 1.0])
    half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-12)
    off = []
    for place, along in ((columns, half[:, 0]), (-rows, half[:, 1])):
        seen = (spots[lit] @ place) / inside[lit]
        radius, center = np.polyfit(along, seen, 1)
        if not radius > 0.0:
            return False
        off.append((seen - center - radius * along) / radius)
    return float(np.median(np.hypot(*off))) < _NEAR
