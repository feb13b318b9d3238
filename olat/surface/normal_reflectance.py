"""Reflectance at normal incidence, for renderers, from the peak of a Phong lobe."""

from __future__ import annotations

import numpy as np

from olat.model.shapes import Plane, Radiance
from olat.surface.roughness import roughness_of_phong


def normal_reflectance(specular_albedo: Radiance, exponent: Plane) -> Radiance:
    r"""Return the F0 of a microfacet lobe that peaks as high as a Phong lobe.

    .. math:: F_0 = 4 \alpha^2 s

    Seen and lit along the normal, a Beckmann or GGX lobe reflects
    :math:`f = D F / 4 = F_0 / (4 \pi \alpha^2)`, and s is what it reads where white reads 1,
    :math:`s = \pi f`.

    Parameters
    ----------
    specular_albedo
        Reading of the lobe at its peak [diffuse white = 1].
    exponent
        Of the Phong lobe; 0 where there is none.

    Returns
    -------
    reflectance
        Of each color, from 0 to 1; 0 where there is no lobe.

    Notes
    -----
    Assumes a surface seen from the front, where the Phong lobe has no Fresnel term: towards
    grazing angles the microfacet lobe grows and the Phong lobe does not.

    References
    ----------
    .. [1] Walter, Marschner, Li and Torrance, Microfacet models for refraction through rough
       surfaces, Eurographics Symposium on Rendering 2007, equation 20.
    """
    alpha = roughness_of_phong(exponent)[..., np.newaxis]
    reflectance = 4.0 * alpha**2 * np.maximum(specular_albedo, 0.0)
    return np.asarray(np.minimum(reflectance, 1.0) * (exponent[..., np.newaxis] > 0), np.float32)
