"""How files and displays write light down as numbers, and the way back."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Shaped, UInt8

from olat.model.encoding import Encoding, ResponseCurve
from olat.model.shapes import Array

_SRGB_KNEE = 0.0031308
_SRGB_CODE_KNEE = 0.04045


def linear_from_codes(
    codes: Shaped[Array, "h w *channels"], *, white: float, encoding: Encoding
) -> Float32[Array, "h w *channels"]:
    r"""Undo the encoding of a picture's values.

    With :math:`v = \text{code} / \text{white}` the result is :math:`v`, the inverse of the sRGB
    curve at :math:`v`, or :math:`v^\gamma`; negative values keep their sign.

    Parameters
    ----------
    codes
        Integers or floats as stored.
    white
        Code of full scale; infinity for floats, which are taken as they are [code].
    encoding
        ``linear``, ``srgb``, the exponent γ that leads from codes to light, or a measured response.

    Returns
    -------
    linear
        Scene-linear values [full scale = 1].

    Raises
    ------
    ValueError
        If there is no such encoding, or a response is asked of codes that are not 8 bits.

    References
    ----------
    .. [1] IEC 61966-2-1:1999, section 5.2.
    """
    if isinstance(encoding, ResponseCurve):
        return light_of_codes(codes, encoding)
    unit = 1.0 if np.isinf(white) else 1.0 / white
    if codes.dtype in (np.uint8, np.uint16):
        # As many powers as there are codes, not as there are pixels.
        table = _decoded(np.arange(np.iinfo(codes.dtype).max + 1) * unit, encoding)
        return np.take(table.astype(np.float32), codes)
    return _decoded(codes * np.float32(unit), encoding).astype(np.float32, copy=False)


def light_of_codes(
    codes: Shaped[Array, "h w *channels"], response: ResponseCurve
) -> Float32[Array, "h w *channels"]:
    """Return the light that 8-bit codes stand for.

    Parameters
    ----------
    codes
        Photograph, gray or with three channels [code].
    response
        One column for all channels, or one for each.

    Raises
    ------
    ValueError
        If the codes are not 8 bits, or a gray picture meets a response of three channels.
    """
    table = np.array(response.light, np.float32)
    if codes.dtype != np.uint8:
        raise ValueError(f"a response has 256 codes, but the picture holds {codes.dtype}")
    if table.shape[1] == 1:
        return np.take(table[:, 0], codes)
    if codes.ndim != 3:
        raise ValueError("the response has three channels, but the picture is gray")
    return np.asarray(table[codes, np.arange(3)])


def display_from_linear(
    linear: Float32[Array, "h w *channels"],
) -> UInt8[Array, "h w *channels"]:
    """Encode linear values for an sRGB display.

    Parameters
    ----------
    linear
        Values from 0 to 1; what lies outside is clipped, what is not a number becomes black
        [display white = 1].

    Returns
    -------
    codes
        sRGB in 8 bits.

    References
    ----------
    .. [1] IEC 61966-2-1:1999, section 5.2.
    """
    steps = np.nan_to_num(linear, nan=0.0, posinf=1.0, neginf=0.0).clip(0.0, 1.0) * 65535.0 + 0.5
    return np.asarray(_DISPLAY_CODES[steps.astype(np.uint16)])


def _decoded(values: Array, encoding: str | float) -> Array:
    """Return linear values of encoded ones, odd about zero."""
    if encoding == "linear":
        return values
    size = np.abs(values)
    if encoding == "srgb":
        curve = np.where(size <= _SRGB_CODE_KNEE, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    elif isinstance(encoding, int | float) and encoding > 0:
        curve = size**encoding
    else:
        raise ValueError(
            f"there is no encoding {encoding!r}; there are 'linear', 'srgb' and exponents above 0"
        )
    return np.asarray(np.copysign(curve, values))


def _display_codes() -> UInt8[Array, " step"]:
    """Tabulate the sRGB curve: 65536 steps are a twentieth of a code apart where it is steepest."""
    linear = np.arange(65536) / 65535.0
    curve = np.where(linear <= _SRGB_KNEE, linear * 12.92, 1.055 * linear ** (1.0 / 2.4) - 0.055)
    return np.rint(curve * 255.0).astype(np.uint8)


_DISPLAY_CODES = _display_codes()
