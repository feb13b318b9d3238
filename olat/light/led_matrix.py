"""How much of each LED primary a camera's channels see, and color gradients without that."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.shapes import Mask, Matrix3, Radiance

LARGEST_CONDITION = 20.0
"""Of the colors of the primaries: noise of a gradient grows by at most as much."""
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
    condition = condition_of(matrix)
    if condition > LARGEST_CONDITION:
        raise ValueError(
            f"LED matrix: its condition is {condition:.0f}; {LARGEST_CONDITION:.0f} or less was "
            "needed. Two primaries look alike to the camera: was one photographed twice?"
        )
    return matrix


def condition_of(matrix: Matrix3) -> float:
    """Return the condition of the colors of the primaries, however bright each is."""
    return float(np.linalg.cond(matrix / np.linalg.norm(matrix, axis=0)))


def shares(matrix: Matrix3) -> Matrix3:
    """Return the share of each primary in each channel under all three: rows sum to 1.

    Raises
    ------
    ValueError
        If a channel sees nothing.
    """
    total = matrix.sum(axis=1, keepdims=True)
    if not (np.isfinite(matrix).all() and (total > 0).all()):
        raise ValueError(
            f"LED matrix: under all primaries the channels read {np.round(total[:, 0], 5)}; light "
            "in every channel was needed. Look at the photographs of the card."
        )
    return np.asarray(matrix / total)


def in_primaries(radiance: Radiance, *, matrix: Matrix3) -> Radiance:
    r"""Return what each primary alone gave, from radiance in which the channels mix them.

    .. math:: p = M^{-1} I

    Under a color gradient and under all lights, :math:`(1 + r)/2 = p^{gradient} / p^{all}`
    whatever the color of the surface. On a gray one that is :math:`\hat M^{-1} (I / F)` with
    :math:`\hat M` the LED matrix with rows divided by their sums; on a colored one the latter is
    wrong.

    Parameters
    ----------
    radiance
        In the camera's color, or converted.
    matrix
        LED matrix in the color of the radiance: after a color matrix C it is C M, and the result
        is the same.

    Returns
    -------
    radiance
        Channel j under primary j; the card of the matrix reads 1 in each under all lights where
        it reads 1 in green.

    Raises
    ------
    ValueError
        If the matrix is singular.

    Notes
    -----
    Assumes that a surface reflects all wavelengths of one primary alike, and scatters none of
    them into the wavelengths of another.

    References
    ----------
    .. [1] Fyffe and Debevec, Cosine lobe based relighting from gradient illumination
       photographs, Journal of Virtual Reality and Broadcasting 9(2), 2012.
    """
    return _multiplied(radiance, np.linalg.inv(matrix))


def from_primaries(radiance: Radiance, *, matrix: Matrix3) -> Radiance:
    """Return the color in which the channels mix the primaries; undoes `in_primaries`."""
    return _multiplied(radiance, matrix)


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


def _multiplied(pixels: Radiance, matrix: Matrix3) -> Radiance:
    return np.asarray(cv2.transform(np.ascontiguousarray(pixels), matrix), np.float32)
