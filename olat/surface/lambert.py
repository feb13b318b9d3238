"""Normals and albedo from one light at a time: photometric stereo (Woodham 1980), made robust."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Float16, Float32

from olat.model.field import ConfidenceStrip
from olat.model.shapes import Array, Directions, Flags, Plane, UnitVectors
from olat.surface import lambert_kernel, sparse_bayesian_kernel
from olat.surface.near_light import NearLights
from olat.surface.strip import REFUSED, StripFlags, pixels_under_lights

Method: TypeAlias = Literal["robust", "least_squares", "sparse_bayesian"]
"""How readings that do not fit a matte surface are told from those that do."""
Readings: TypeAlias = (
    Float16[Array, "light channel rows w"] | Float32[Array, "light channel rows w"]
)
"""The same rows under every light, in three channels or in one."""
Albedo: TypeAlias = Float32[Array, "h w channel"]

REWEIGHTINGS = 8
"""Passes after which more gain less than a tenth of a degree."""
MOST_PASSES = 40
"""Passes of the sparse Bayesian method that a pixel may take to settle."""


def normals_from_olats(  # noqa: PLR0913  # one more than the method itself has settings
    reflectance: Readings,
    flags: StripFlags,
    lights: Directions | NearLights,
    *,
    confidence: ConfidenceStrip | None = None,
    method: Method = "robust",
    shadow_fraction: float = 0.05,
    shadow_floor: float = 1e-3,
    reweightings: int = REWEIGHTINGS,
) -> tuple[UnitVectors, Albedo, Plane, Flags]:
    r"""Solve one surface normal and albedo per pixel from its readings under every light.

    On a Lambertian surface light i reads :math:`R_i = \rho\, (n \cdot \omega_i)^+`, so that over
    the lights that reach the pixel

    .. math:: \Big(\sum_i w_i \omega_i \omega_i^T\Big)\, \rho n = \sum_i w_i R_i \omega_i .

    with the beam :math:`\omega_i`, the direction to a distant light. With `least_squares` all
    weights are the confidence :math:`c_i` of the readings, or one. The `robust` method begins with
    the middle of the lit readings, from the 40th to the 80th percentile, where these are at least
    eight: cast shadows lie below it, highlights above. Then each pass takes all lit readings and
    doubts those that the last fit left over: :math:`w_i = c_i (1 + (e_i/\sigma)^2)^{-2}` with
    :math:`\sigma` the weighted root mean square of the residuals, at least 2 % of the albedo (of
    the middle, twice that). Shadows that are left count 0.6 as much as highlights of the same size.

    The method `sparse_bayesian` takes the errors to be few and gives each a variance of its own,
    which the readings themselves tell [3]_: in units of the pixel's brightest,

    .. math:: w_i^{-1} = \lambda + e_i^2 + \omega_i^T \Sigma \omega_i , \quad
              \Sigma = \Big(1 + \sum_i w_i \omega_i \omega_i^T\Big)^{-1} ,

    with :math:`\lambda = 10^{-6}`, until the fit changes by less than 1e-4, at most 40 times.

    The mean of the channels drives the solve; the albedo of each channel follows in closed form,
    from the weights of the `robust` method about the fit.

    Parameters
    ----------
    reflectance
        Reading of each pixel under each light [diffuse white = 1].
    flags
        Readings that are SATURATED, DEAD, OUT_OF_FRAME, OCCLUDED or CLAMPED are left out, and so
        are those that are not finite.
    lights
        Directions of distant lights, in the order of the strip, or near lights and the places that
        see them.
    confidence
        Trust in the motion that brought each reading to its pixel, 255 for 1; without it all are
        certain.
    method
        How highlights and cast shadows are kept out.
    shadow_fraction
        Readings below this share of the pixel's third brightest are shadow [1].
    shadow_floor
        Readings below this are shadow in any case [diffuse white = 1].
    reweightings
        Passes of the robust method that doubt highlights and cast shadows; 0 is least squares.

    Returns
    -------
    normals
        Unit vectors in world axes; zero where flagged.
    albedo
        In the channels of the readings [diffuse white = 1]; zero where flagged.
    confidence
        :math:`1/(1 + (\epsilon/5°)^2)` with :math:`\epsilon` the standard error of the normal:
        the residual, propagated through the light set in use. Three lights' worth of 5 % model
        error is added to the residual, so that three lights that fit perfectly, as any three
        do, are not certain. It is multiplied by the mean confidence of the readings, weighted
        as they are in the albedo, since those of one moment are wrong together. 0 where flagged.
    flags
        SHADOWED where no reading exceeds the floor. UNDERDETERMINED where fewer than three
        do, or their lights lie in a plane. Either comes with the flags that cost the pixel its
        readings; where the normal is found, they are not repeated.

    Raises
    ------
    ValueError
        If lights or pixels of the arguments differ, if there are neither one nor three channels,
        if `reweightings` is negative, or if the method has no such name.

    Notes
    -----
    Assumes a surface that is matte under most of the lights that reach it, and that nothing
    bounces. Broad lobes (exponent below about 8) bend the normal towards the mirror direction; the
    reweighting needs a majority of readings without them.

    References
    ----------
    .. [1] Woodham, Photometric method for determining surface orientation from multiple images,
       Optical Engineering 19(1), 1980.
    .. [2] Geman and McClure, Statistical methods for tomographic image reconstruction, Bulletin of
       the International Statistical Institute 52(4), 1987.
    .. [3] Ikehata, Wipf, Matsushita and Aizawa, Robust photometric stereo using sparse regression,
       CVPR 2012, sec. 3.2.
    """
    if reweightings < 0:
        raise ValueError(
            f"reweightings: {reweightings}; 0 or more were needed. Use 0 for plain least squares."
        )
    if method not in get_args(Method):
        raise ValueError(
            f"method: {method!r}; one of {', '.join(map(repr, get_args(Method)))} was needed."
        )
    strip, codes, told = pixels_under_lights(reflectance, flags, lights, confidence)
    shape, (_, colors, pixels) = flags.shape[1:], strip.shape
    normals = np.empty((pixels, 3), np.float32)
    albedo = np.empty((colors, pixels), np.float32)
    trust, doubts = np.empty(pixels, np.float32), np.empty(pixels, np.uint8)
    is_bayesian = method == "sparse_bayesian"
    passes = {"robust": int(reweightings), "least_squares": 0, "sparse_bayesian": MOST_PASSES}
    (sparse_bayesian_kernel if is_bayesian else lambert_kernel).solve(
        strip,
        codes,
        told,
        (float(shadow_fraction), float(shadow_floor), passes[method], int(REFUSED)),
        (normals, albedo),
        (trust, doubts),
    )
    return (
        normals.reshape(*shape, 3),
        np.ascontiguousarray(albedo.T).reshape(*shape, colors),
        trust.reshape(shape),
        doubts.reshape(shape),
    )
