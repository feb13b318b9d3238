"""What a rig gives a matte surface and a lobe of known exponent, under gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array, Directions, LightColors, Radiance, UnitVectors
from olat.surface.rig_moments_kernel import add_up

Drives = Float64[Array, "light 3"]


@dataclass(frozen=True, slots=True)
class ColorLights:
    """The lights of a rig by primary, for color gradients: red along x, green y, blue z."""

    directions: Directions
    light: LightColors
    """Of each lamp under full-on light; a column sums to the sphere, or to its lit part [sr]."""

    @property
    def differences(self) -> Drives:
        """Light in twice the gradient less full-on."""
        return np.asarray(self.light * self.directions)


@dataclass(frozen=True, slots=True)
class Moments:
    """Integral and first moment, channel by channel, of two kinds of reflection."""

    matte_integral: Radiance
    """Of a white matte surface; pi under a full, even sphere [sr]."""
    matte_moment: Radiance
    """Under a full sphere 2 pi / 3 times the normal [sr]."""
    lobe_integral: Radiance
    """Of a lobe of unit integral; 1 under a full sphere."""
    lobe_moment: Radiance
    """Under a full sphere (m + 1) / (m + 2) times its axis."""


def ideal_moments(normals: UnitVectors, axes: UnitVectors, exponent: float) -> Moments:
    """Return the moments under a full, even sphere of lights, in closed form."""
    q = np.float32((exponent + 1.0) / (exponent + 2.0))
    ones = np.ones_like(normals)
    return Moments(
        np.float32(np.pi) * ones,
        np.float32(2.0 * np.pi / 3.0) * normals,
        ones,
        q * axes,
    )


def moments_under(
    lights: ColorLights, normals: UnitVectors, axes: UnitVectors, exponent: float
) -> Moments:
    """Return the moments under the lights of a rig, summed up light by light.

    Parameters
    ----------
    lights
        What shone.
    normals, axes
        Of the matte part and of the lobe; zero where unknown, where all moments are 0.
    exponent
        Of the lobe.

    Notes
    -----
    Assumes distant lights and a convex subject.
    """
    matte, lobe = (
        np.ascontiguousarray(vectors.reshape(-1, 3), np.float64) for vectors in (normals, axes)
    )
    found = np.zeros((4, len(matte), 3), np.float32)
    add_up(lights.directions, lights.light, matte, lobe, float(exponent), found)
    return Moments(*(plane.reshape(normals.shape) for plane in found))
