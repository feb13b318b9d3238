"""Polynomial texture maps: ``.ptm`` files, version 1.2, RGB."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float64, UInt8

from olat.io.publish import publish_bytes
from olat.model.shapes import Array

ORDER = (3, 5, 4, 1, 2, 0)
"""Places of x², y², xy, x, y, 1 among 1, x, y, x², xy, y²."""


def write_ptm(
    path: Path,
    codes: UInt8[Array, "3 6 h w"],
    scale: Float64[Array, "6"],
    bias: Float64[Array, "6"],
) -> None:
    """Write a map: coefficients are ``scale (code - bias)``, their sum a code from 0 to 255.

    Parameters
    ----------
    codes
        For red, green and blue the coefficients of x², y², xy, x, y, 1; rows from the top.
    scale, bias
        Of each coefficient; biases are whole numbers from 0 to 255.

    References
    ----------
    .. [1] Malzbender and Gelb, Polynomial texture map (.ptm) file format, HP Laboratories, 2001.
    """
    _, _, height, width = codes.shape
    header = [
        "PTM_1.2",
        "PTM_FORMAT_RGB",
        str(width),
        str(height),
        " ".join(f"{value:.9g}" for value in scale),
        " ".join(f"{round(value)}" for value in bias),
    ]
    # Rows from the bottom; of each color, six bytes a pixel.
    body = np.ascontiguousarray(np.moveaxis(codes[:, :, ::-1], 1, 3)).tobytes()
    publish_bytes(path, ("\n".join(header) + "\n").encode("ascii") + body)
