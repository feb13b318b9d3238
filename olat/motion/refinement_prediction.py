"""What each picture of a sweep should look like, told by all the others."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array

Readings: TypeAlias = Float32[Array, "light pixel"]
"""Reading of some pixels under each light, frames aligned [diffuse white = 1]."""
LightMix: TypeAlias = Float32[Array, "light light"]
"""Row i mixes all other lights into light i; its diagonal is zero."""

DAMPING = 1e-3
"""Of the mean brightness squared, added to the covariance: what no other light can tell."""


def prediction_weights(readings: Readings, *, damping: float = DAMPING) -> LightMix:
    r"""Return how to mix each light out of all others with the least squared error.

    With the readings R of N pixels under n lights,

    .. math::
        C = \frac{R R^T}{N} + \lambda \frac{\mathrm{tr}\, R R^T}{n N} I, \qquad
        w_{ij} = -\frac{(C^{-1})_{ij}}{(C^{-1})_{ii}}, \quad w_{ii} = 0 .

    Parameters
    ----------
    readings
        Of the subject's pixels.
    damping
        :math:`\lambda` [1].

    Raises
    ------
    ValueError
        If there are fewer than two lights, or nothing is lit.

    Notes
    -----
    Assumes many more pixels than lights, so that one mix for all pixels follows the subject and
    not its noise. Needs no directions: which lights are alike the pictures tell themselves, gloss
    and cast shadows included.

    References
    ----------
    .. [1] Rasmussen and Williams, Gaussian processes for machine learning, 2006, sec. 5.4.2
       (leaving one out).
    """
    count, pixels = readings.shape
    if count < 2:
        raise ValueError(f"prediction: {count} light; two or more were needed.")
    covariance = readings.astype(np.float64) @ readings.T / max(1, pixels)
    power = float(np.trace(covariance)) / count
    if not power > 0.0:
        raise ValueError("prediction: nothing is lit under any light; a subject was needed.")
    precision = np.linalg.inv(covariance + damping * power * np.eye(count))
    weights = -precision / np.diag(precision)[:, None]
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights, np.float32)


def predicted(readings: Readings, weights: LightMix) -> Readings:
    """Return what the other lights tell of each light's readings."""
    return np.asarray(weights @ readings)


def prediction_residual(readings: Readings, weights: LightMix) -> float:
    r"""Return the error of leaving one light out, :math:`|R - W R| / |R|` [1]."""
    wrong = readings - predicted(readings, weights)
    return float(np.linalg.norm(wrong) / np.linalg.norm(readings))
