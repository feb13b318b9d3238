"""Diffuse albedo from the solve and from flat light, made to agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olat.model.maps import PhongMaps
from olat.model.shapes import Directions, Plane, Radiance, SolidAngles, UnitVectors
from olat.surface import flat_light_kernel
from olat.surface.near_light import NearLights
from olat.surface.strip import lights_of_kernels
from olat.surface.view import mirrored

SURE = 0.5
"""Confidence of a normal from which its pixel ties the two albedos together."""
LEAST_IRRADIANCE = 0.05
"""Share of a whole sphere's light below which a picture under flat light tells no albedo."""


@dataclass(frozen=True, slots=True)
class FlatLitAlbedo:
    """Diffuse albedo, and how much of the flat light reaches each pixel."""

    albedo: Radiance
    """Of the solve where that is sure, of flat light where not [diffuse white = 1]."""
    openness: Plane
    """What is read under flat light over what the terms predict without shadows or bounced light:
    1 in the open, less in folds, a little more beside bright neighbors; 0 where unknown."""
    scale: float
    """Median of the latter where the solve is sure."""


def albedo_with_flat_light(
    flat_lit: Radiance,
    terms: PhongMaps,
    normals: UnitVectors,
    confidence: Plane,
    view: UnitVectors,
    lights: tuple[Directions | NearLights, SolidAngles],
) -> FlatLitAlbedo:
    r"""Take the albedo from flat light in the measure that the solve is unsure.

    Under the lights of the rig together, each weighted by its solid angle :math:`\Omega_i`, a pixel
    with terms d, s, m that sees all of them reads

    .. math:: W = d\,E + s\,L, \qquad
              E = \sum_i \tfrac{\Omega_i}{\pi} (n \cdot \omega_i)^+, \qquad
              L = \sum_i \tfrac{\Omega_i}{\pi} \big((r \cdot \omega_i)^+\big)^m .

    The median k of the measured W over the predicted one, where normals are sure, ties the two
    scales together, and :math:`(W / k - s L)^+ / E` is the albedo under flat light.

    Parameters
    ----------
    flat_lit
        :math:`\sum_i \Omega_i / \pi` times the reading under light i, as stage `light_evenly`
        writes it [diffuse white = 1].
    terms
        Matte albedo, lobe and exponent from the solve.
    normals, view
        Those that the terms were fitted with; a zero normal is unknown, and its pixel gets the
        usual irradiance and no lobe.
    confidence
        Of the normals, from 0 to 1: the share of the solve in the albedo.
    lights
        Directions, or near lights and the places that see them, and solid angles as seen from the
        origin, whose sum is that of the covered part of the sphere. What a near light sends to a
        place, relative to the origin, multiplies its solid angle.

    Returns
    -------
    albedo
        With `openness` and `scale`. Where less than a twentieth of a whole sphere's light falls on
        a surface, the solve's albedo stays.

    Raises
    ------
    ValueError
        If maps or lights differ in size.

    Notes
    -----
    Assumes that the median pixel is as open as the others: where a solve is unsure in a fold, its
    albedo comes out darker by what the fold hides. Flat light needs no normal to be right, but E,
    which varies little where lights are all around.
    """
    seen, solid_angles = lights
    if not normals.shape == view.shape == flat_lit.shape == terms.diffuse_albedo.shape:
        raise ValueError(
            f"normals {normals.shape}, view {view.shape}, flat-lit picture {flat_lit.shape} and "
            f"terms {terms.diffuse_albedo.shape}: maps of the same pixels were needed. Cut the "
            "same rows from all."
        )
    if len(seen) != len(solid_angles):
        raise ValueError(
            f"lights: there are {len(seen)} directions and {len(solid_angles)} solid angles; "
            "one each was needed. Pass those of the same rig."
        )
    is_known = normals.any(axis=-1)
    irradiance, gloss = _under_flat_light(terms, normals, view, seen, solid_angles)
    usual = float(np.median(irradiance[is_known])) if is_known.any() else 1.0
    irradiance = np.where(is_known, irradiance, usual)[..., np.newaxis]
    glossy = terms.specular_albedo * gloss[..., np.newaxis]
    predicted = (terms.diffuse_albedo * irradiance + glossy).sum(axis=-1)
    is_told = is_known & (predicted > 0.0) & (irradiance[..., 0] > LEAST_IRRADIANCE)
    openness = np.divide(
        flat_lit.sum(axis=-1), predicted, out=np.zeros_like(predicted), where=is_told
    )
    is_sure = is_told & (confidence >= SURE)
    scale = float(np.median(openness[is_sure])) if is_sure.any() else 1.0
    share = np.where(irradiance > LEAST_IRRADIANCE, confidence[..., np.newaxis], 1.0)
    flat = np.maximum(flat_lit / max(scale, 1e-3) - glossy, 0.0)
    flat /= np.maximum(irradiance, LEAST_IRRADIANCE)
    albedo = share * terms.diffuse_albedo + (1.0 - share) * flat
    return FlatLitAlbedo(albedo.astype(np.float32), openness.astype(np.float32), scale)


def _under_flat_light(
    terms: PhongMaps,
    normals: UnitVectors,
    view: UnitVectors,
    lights: Directions | NearLights,
    solid_angles: SolidAngles,
) -> tuple[Plane, Plane]:
    """Return E and L of each pixel."""
    shape = normals.shape[:2]
    columns, mirror = (
        np.ascontiguousarray(vectors.reshape(-1, 3).T, np.float32)
        for vectors in (normals, mirrored(normals, view))
    )
    matte, gloss = (np.zeros(columns.shape[1], np.float32) for _ in range(2))
    flat_light_kernel.add_lights(
        lights_of_kernels(lights, shape),
        np.asarray(solid_angles / np.pi, np.float32),
        columns,
        mirror,
        np.ascontiguousarray(terms.exponent, np.float32).ravel(),
        (matte, gloss),
    )
    return matte.reshape(shape), gloss.reshape(shape)
