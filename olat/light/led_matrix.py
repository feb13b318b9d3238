"""How much of each LED primary a camera's channels see, and color gradients without that."""

from __future__ import annotations

import numpy as np

from olat.model.shapes import Mask, Matrix3, Radiance

LARGEST_CONDITION = 20.0
"""Of the shares of the primaries: noise of a gradient grows by at most as much."""
UNEVEN = 0.2
"""Spread of the readings of an even card over their mean."""


def led_matrix(red: Radiance, green: Radiance, blue: Radiance, *, card: Mask) -> Matrix3:
    r"""Measure what each channel sees of each primary, from a gray card.

    .. math:: M_{cj} = \frac{\langle I^j_c \rangle}{\sum_k \langle I^k_{green} \rangle}

    with :math:`I^j` the photograph under the primaries of color j of all lights, and the mean
    over the card.

    Parameters
    ----------
    red, green, blue
        Radiance under one primary each, at the same drive and gain, black subtracted.
    card
        Where the card is.

    Returns
    -------
    matrix
        Channel (row) of each primary (column); the row of green sums to 1.

    Raises
    ------
    ValueError
        If the card gives no light or is uneven, or if the primaries look alike to the camera.

    Notes
    -----
    Assumes a card that reflects all wavelengths alike, and no other light.

    References
    ----------
    .. [1] Fyffe and Debevec, Cosine lobe based relighting from gradient illumination
       photographs, Journal of Virtual Reality and Broadcasting 9(2), 2012.
    """
    columns = [
        _mean(photograph, card, name)
        for photograph, name in ((red, "red"), (green, "green"), (blue, "blue"))
    ]
    matrix = np.column_stack(columns)
    matrix = np.asarray(matrix / matrix[1].sum())
    shares(matrix)
    return matrix


def shares(matrix: Matrix3) -> Matrix3:
    """Return the share of each primary in each channel under all three: rows sum to 1.

    Raises
    ------
    ValueError
        If a channel sees nothing, or the shares cannot be told from each other.
    """
    total = matrix.sum(axis=1, keepdims=True)
    if not (np.isfinite(matrix).all() and (total > 0).all()):
        raise ValueError(
            f"LED matrix: under all primaries the channels read {np.round(total[:, 0], 5)}; light "
            "in every channel was needed. Look at the photographs of the card."
        )
    condition = float(np.linalg.cond(matrix / total))
    if condition > LARGEST_CONDITION:
        raise ValueError(
            f"LED matrix: its condition is {condition:.0f}; {LARGEST_CONDITION:.0f} or less was "
            "needed. Two primaries look alike to the camera: was one photographed twice?"
        )
    return np.asarray(matrix / total)


def unmixed(
    gradient: Radiance, all_lights: Radiance, *, matrix: Matrix3
) -> tuple[Radiance, Radiance]:
    r"""Return a color gradient as it would be if each channel saw its own primary alone.

    .. math:: g'_c = F_c\, \frac{(M^{-1} g)_c}{(M^{-1} F)_c}

    with M the LED matrix and F all lights: the share of each primary that the gradient returns.
    On a gray surface this is :math:`F_c\,(\hat M^{-1} (g / F))_c` with :math:`\hat M` the matrix
    with rows divided by their sums; on a colored one only the first form is right.

    Parameters
    ----------
    gradient
        Radiance under a color gradient, or its complement.
    all_lights
        Under all primaries of all lights.
    matrix
        LED matrix in the color of the radiance: after a color matrix C it is C M, and the result
        is the same. Its columns may be in units of their own.

    Returns
    -------
    gradient, all_lights
        Both 0 in all channels where a primary gave no light. Gradient and complement still add up
        to all lights.

    Raises
    ------
    ValueError
        As for `shares`, or if the photographs differ in shape.

    Notes
    -----
    Assumes that a surface reflects all wavelengths of one primary alike, and scatters none of
    them into the wavelengths of another.

    References
    ----------
    .. [1] Fyffe and Debevec, Cosine lobe based relighting from gradient illumination
       photographs, Journal of Virtual Reality and Broadcasting 9(2), 2012.
    """
    if gradient.shape != all_lights.shape:
        raise ValueError(
            f"color gradient and all lights: {gradient.shape} and {all_lights.shape}; one shape "
            "was needed. Pass the photographs of one camera."
        )
    shares(matrix)
    back = np.linalg.inv(matrix).T.astype(np.float32)
    under_gradient, under_all = gradient @ back, all_lights @ back
    is_lit = (under_all > 0).all(axis=-1, keepdims=True)
    ratio = np.divide(under_gradient, under_all, out=np.zeros_like(under_all), where=is_lit)
    lit = np.where(is_lit, all_lights, np.float32(0.0))
    return np.asarray(lit * ratio, np.float32), np.asarray(lit, np.float32)


def leak(matrix: Matrix3) -> float:
    """Return the largest share of other primaries in a channel."""
    return float(1.0 - np.diag(shares(matrix)).min())


def _mean(
    photograph: Radiance, card: Mask, name: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the mean reading of a card that is evenly lit."""
    pixels = photograph[card].astype(np.float64)
    if not len(pixels):
        raise ValueError("LED matrix: the region of the card is empty; pixels of it were needed.")
    mean = pixels.mean(axis=0)
    brightest = int(mean.argmax())
    if not (np.isfinite(mean).all() and mean[brightest] > 0):
        raise ValueError(
            f"LED matrix: under the {name} primary the card reads {np.round(mean, 5)}; light was "
            "needed. Was the primary on?"
        )
    spread = float(pixels[:, brightest].std() / mean[brightest])
    if spread > UNEVEN:
        raise ValueError(
            f"LED matrix: under the {name} primary readings spread by {spread:.0%} over the card; "
            f"{UNEVEN:.0%} or less was needed. Show the card evenly lit, and larger than the "
            "region that is read."
        )
    return np.asarray(mean)
