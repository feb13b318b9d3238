"""Orders and axes in which other programs write the nine harmonics of degree 2.

References
----------
.. [1] Zhou et al., Deep single-image portrait relighting (DPR), ICCV 2019, and its published code.
.. [2] Sengupta et al., SfSNet: learning shape, reflectance and illuminance of faces in the wild,
   CVPR 2018, and its published code.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Int64

from olat.light.spherical_harmonics import Coefficients, rotated
from olat.model.shapes import Array, Matrix3

Convention: TypeAlias = Literal["olat", "dpr", "sfsnet"]

_SFSNET_ORDER: Final = (0, 3, 1, 2, 8, 6, 4, 5, 7)
"""Where our entries lie in SfSNet's list 1, z, x, y, 3z²-1, xz, yz, x²-y², xy."""
_DPR_AXES: Final = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
"""Its x, y and z in our world: to the right, away from the camera, up."""


def from_convention(coefficients: Coefficients, convention: Convention) -> Coefficients:
    """Return coefficients of another program in our order and axes.

    Parameters
    ----------
    coefficients
        ``dpr``: 1, y, z, x, xy, yz, 3z²-1, xz, x²-y² with x to the picture's right, y away from
        the camera and z up. ``sfsnet``: 1, z, x, y, 3z²-1, xz, yz, x²-y², xy with x to the right,
        y up and z to the camera. The functions are orthonormal in all of them.
    convention
        Whose they are.

    Raises
    ------
    ValueError
        If there are not nine, where the convention has nine.
    """
    if convention == "olat":
        return coefficients
    _require_nine(coefficients, convention)
    if convention == "sfsnet":
        return np.asarray(coefficients[_order()])
    return rotated(coefficients, _from_dpr())


def to_convention(coefficients: Coefficients, convention: Convention) -> Coefficients:
    """Return our coefficients in the order and axes of another program; see `from_convention`."""
    if convention == "olat":
        return coefficients
    _require_nine(coefficients, convention)
    if convention == "sfsnet":
        out = np.empty_like(coefficients)
        out[_order()] = coefficients
        return out
    return rotated(coefficients, _from_dpr().T)


def _order() -> Int64[Array, " harmonic"]:
    return np.array(_SFSNET_ORDER)


def _from_dpr() -> Matrix3:
    """Return world from DPR's axes."""
    return np.array(_DPR_AXES).T


def _require_nine(coefficients: Coefficients, convention: Convention) -> None:
    if len(coefficients) != 9:
        raise ValueError(f"{len(coefficients)} coefficients; {convention} has 9, of degree 2")
