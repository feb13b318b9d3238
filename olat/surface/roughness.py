"""Roughness of microfacet models, for renderers, from the exponent of a Phong lobe."""

from __future__ import annotations

import numpy as np

from olat.model.shapes import Plane


def roughness_of_phong(exponent: Plane) -> Plane:
    r"""Return the α of a Beckmann or GGX lobe as wide as a Phong lobe of exponent m.

    .. math:: \alpha = \frac{1}{\sqrt{2 m + 1}}

    Walter et al. match :math:`\alpha = \sqrt{2 / (n + 2)}` to an exponent n of the angle between
    half vector and normal (Blinn 1977). Half a vector's turn is all of the mirrored view's, so
    that where the camera looks straight at the surface, :math:`n = 4 m` has the same curvature at
    the peak as the exponent m of the angle to the mirrored view.

    Parameters
    ----------
    exponent
        0 where there is no lobe: there α is 1.

    Returns
    -------
    roughness
        α, not its square root, which some programs call roughness.

    Notes
    -----
    Assumes a surface seen from the front. A Phong lobe is round; microfacets narrow theirs across
    the plane of view where the surface turns away: at 65 degrees α comes out a third too small.
    GGX has longer tails than a power of a cosine, and no α matches both peak and tails.

    References
    ----------
    .. [1] Walter, Marschner, Li and Torrance, Microfacet models for refraction through rough
       surfaces, Eurographics Symposium on Rendering 2007, section 5.2.
    .. [2] Blinn, Models of light reflection for computer synthesized pictures, Computer Graphics
       11(2), 1977.
    """
    held = np.maximum(np.asarray(exponent, np.float32), np.float32(0.0))
    return np.asarray(1.0 / np.sqrt(2.0 * held + 1.0), np.float32)
