"""How far a rig is from the full, even sphere of lights that gradients take for granted."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.light.arrangements import fibonacci_sphere
from olat.model.shapes import Array, Directions, LightColors

NORMALS = 512
"""Directions over the sphere, half of which face the camera and are looked at."""


def gradient_lean(directions: Directions, intensities: LightColors) -> Float64[Array, " normal"]:
    r"""Return how far color gradients under this rig turn the normals of a matte surface.

    A matte surface reads :math:`F_c = \sum_i e_{ic} (n \cdot \omega_i)^+` under all lights, and
    twice the gradient less that is :math:`A_c = \sum_i e_{ic}\, \omega_{ic} (n \cdot \omega_i)^+`.
    Under an even sphere :math:`A_c / F_c = \tfrac23 n_c`; under others the ratio leans.

    Parameters
    ----------
    directions, intensities
        The lights and how bright each is; a tint that all share cancels.

    Returns
    -------
    lean
        Angle between ratio and normal, for normals evenly spread over the half of the sphere that
        faces the camera; a right angle where no light reaches [rad].

    Notes
    -----
    Assumes a convex matte subject and distant lights.
    """
    normals = fibonacci_sphere(NORMALS)
    normals = normals[normals[:, 2] > 0.0]
    facing = np.maximum(normals @ directions.T, 0.0)
    full_on = facing @ intensities
    moment = facing @ (intensities * directions)
    ratio = np.divide(moment, full_on, out=np.zeros_like(moment), where=full_on > 0.0)
    length = np.linalg.norm(ratio, axis=1)
    along = np.einsum("nc,nc->n", ratio, normals)
    cosine = np.divide(along, length, out=np.zeros_like(along), where=length > 0.0)
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)))
