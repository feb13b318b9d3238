"""Which side of the subject each light lights, told without normals: a check of axes and order."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

import cv2
import numpy as np
from jaxtyping import Bool, Float64, Int64

from olat.model.shapes import Array, Directions

_GLOW = 0.01
"""Light that reaches what a light does not face, relative to what it does."""
_FLOOR = 0.1
"""Part of the mean brightness below which a pixel's own is noise."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How pictures under single lights agree with where the lights are said to be."""

    right: float
    """Correlation of how far brightness leans to the right with how far it should."""
    up: float
    """The same upwards."""
    level: float
    """Correlation of brightness with how much of the light should be seen."""
    slope_right: float
    """How far brightness leans for each unit that it should."""
    slope_up: float

    @property
    def score(self) -> float:
        """The worse of both leanings."""
        return min(self.right, self.up)


@dataclass(frozen=True)
class Leanings:
    """To which side brightness leans, picture by picture, and how bright each is."""

    aside: Float64[Array, "light 2"]
    """Right and up [1]."""
    level: Float64[Array, " light"]

    def __getitem__(self, rows: Int64[Array, " row"]) -> Leanings:
        """Return some of them, in another order."""
        return Leanings(self.aside[rows], self.level[rows])

    def agreement(self, expected: Leanings) -> Agreement:
        """Compare measured leanings with those that lights should give."""
        # Black pictures lean nowhere.
        weight = np.minimum(1.0, self.level / max(float(np.median(self.level)), 1e-12))
        right, slope_right = _fit(expected.aside[:, 0], self.aside[:, 0], weight)
        up, slope_up = _fit(expected.aside[:, 1], self.aside[:, 1], weight)
        along, _ = _fit(expected.level, self.level, np.ones(len(weight)))
        return Agreement(right, up, along, slope_right, slope_up)


def balloon_normals(matte: Bool[Array, "h w"]) -> Float64[Array, "h w 3"]:
    r"""Inflate a silhouette to a balloon and return its normals; zero outside.

    .. math:: z = \sqrt{d\,(2 d_{max} - d)}

    where d is the distance from the outline: a disk becomes a hemisphere.

    References
    ----------
    .. [1] Johnston, Lumo: illumination for cel animation, NPAR 2002, sec. 3.
    """
    padded = np.pad(matte.astype(np.uint8), 1)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1].astype(np.float64)
    height = np.sqrt(np.maximum(distance * (2.0 * distance.max() + 1.0 - distance), 0.0))
    down, right = np.gradient(cv2.GaussianBlur(height, (0, 0), 1.0))
    normals = np.stack([-right, down, np.ones_like(height)], axis=2)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    normals[~matte] = 0.0
    return normals


def leanings(
    pictures: Float64[Array, "light pixel"], normals: Float64[Array, "pixel 3"]
) -> Leanings:
    r"""Measure to which side the brightness of each picture leans.

    .. math:: e_i = \frac{\sum_p b_{ip}\, n_p}{\sum_p b_{ip}},\quad b_{ip} = I_{ip} / \bar I_p

    Parameters
    ----------
    pictures
        Gray pixels of the subject under one light each, over the brightness of the light.
    normals
        Of the balloon at these pixels.

    Notes
    -----
    Assumes a subject that is convex on the whole. A hollow one leans to the other side, a flat one
    to none.
    """
    brightness = np.clip(pictures, 0.0, None)
    mean = brightness.mean(axis=0)
    relative = brightness / (mean + _FLOOR * mean.mean() + 1e-12)
    total = np.maximum(relative.sum(axis=1, keepdims=True), 1e-12)
    return Leanings((relative @ normals / total)[:, :2], brightness.mean(axis=1))


def expected_leanings(directions: Directions, normals: Float64[Array, "pixel 3"]) -> Leanings:
    """Return what lights in some directions would do to a white balloon."""
    cosine = directions @ normals.T
    return leanings(np.clip(cosine, 0.0, None) + _GLOW * (1.0 + cosine), normals)


def turned_axes() -> dict[str, Float64[Array, "3 3"]]:
    """Return every way to exchange and mirror axes, by words; the identity is left out."""
    ways = {}
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            if not np.array_equal(matrix, np.eye(3)):
                terms = (
                    "+-"[sign < 0] + "xyz"[axis] for axis, sign in zip(order, signs, strict=True)
                )
                ways[" ".join(terms)] = matrix
    return ways


def _fit(
    expected: Float64[Array, " light"],
    measured: Float64[Array, " light"],
    weight: Float64[Array, " light"],
) -> tuple[float, float]:
    """Return weighted correlation and slope."""
    total = max(float(weight.sum()), 1e-12)
    x = expected - float(weight @ expected) / total
    y = measured - float(weight @ measured) / total
    xx, yy, xy = (float(weight @ (a * b)) for a, b in ((x, x), (y, y), (x, y)))
    if xx < 1e-9 * total or yy < 1e-9 * total:
        return 0.0, 0.0
    return xy / float(np.sqrt(xx * yy)), xy / xx
