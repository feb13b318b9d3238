"""Polynomial texture maps: ``.ptm`` files, version 1.2, RGB and LRGB."""

from __future__ import annotations

from pathlib import Path

from jaxtyping import Float64, UInt8

from olat.io.publish import publish_bytes
from olat.model.shapes import Array

ORDER = (3, 5, 4, 1, 2, 0)
"""Places of x², y², xy, x, y, 1 among 1, x, y, x², xy, y²."""


def write_ptm(
    path: Path,
    codes: UInt8[Array, "polynomial h w 6"],
    scale: Float64[Array, "6"],
    bias: Float64[Array, "6"],
    *,
    base: UInt8[Array, "h w 3"] | None = None,
) -> None:
    """Write a map: coefficients are ``scale (code - bias)``, their sum a code from 0 to 255.

    Parameters
    ----------
    codes
        The coefficients of x², y², xy, x, y, 1 for red, green and blue, or of one polynomial that
        multiplies the base; rows from the top.
    scale, bias
        Of each coefficient; biases are whole numbers from 0 to 255.
    base
        Colors that the one polynomial multiplies, over 255.

    References
    ----------
    .. [1] Malzbender and Gelb, Polynomial texture map (.ptm) file format, HP Laboratories, 2001.
    """
    polynomials, height, width, _ = codes.shape
    if polynomials != (3 if base is None else 1):
        raise ValueError(f"{path}: {polynomials} polynomials a pixel make no map")
    header = [
        "PTM_1.2",
        "PTM_FORMAT_RGB" if base is None else "PTM_FORMAT_LRGB",
        str(width),
        str(height),
        " ".join(f"{value:.9g}" for value in scale),
        " ".join(f"{round(value)}" for value in bias),
    ]
    # Rows from the bottom; of each polynomial, six bytes a pixel; then the colors.
    blocks = [codes[:, ::-1].tobytes()]
    if base is not None:
        blocks.append(base[::-1].tobytes())
    publish_bytes(path, b"".join([("\n".join(header) + "\n").encode("ascii"), *blocks]))
