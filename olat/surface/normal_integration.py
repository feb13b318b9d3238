"""Depth from normals, torn where they contradict each other."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int32
from scipy.ndimage import distance_transform_edt

from olat.model.flags import PixelFlag
from olat.model.maps import DepthMap
from olat.model.shapes import Array, Flags, Mask, Plane, UnitVectors
from olat.model.view import ViewGeometry
from olat.surface import normal_integration_kernel as kernel
from olat.surface.normal_net import ROUNDS, NormalNet


def depth_from_normals(
    normals: UnitVectors,
    confidence: Plane,
    mask: Mask | None,
    geometry: ViewGeometry,
    *,
    rounds: int = ROUNDS,
    mean_depth: float | None = None,
) -> DepthMap:
    r"""Integrate normals to the depth of every pixel.

    The chord between what two neighbors p and q show is perpendicular to the sum m of their
    normals, exactly on planes and spheres. With rays r so scaled that places are depth times ray,

    .. math:: \log d_q - \log d_p = \log\frac{m \cdot r_p}{m \cdot r_q} ,

    and for parallel rays along a, :math:`d_q - d_p = -m \cdot (o_q - o_p) / (m \cdot a)`. Let z be
    depth (its logarithm if rays meet in a center) in widths of a pixel, and :math:`g_{pq}` what is
    told of its differences. Then

    .. math::

        \min_z \sum_{pq} c_{pq} \log\left(1 + \frac{s_{pq} (z_q - z_p - g_{pq})^2}{\sigma^2}\right)

    is solved by reweighted least squares: links that contradict the others lose their say, and the
    surface is torn there [1].

    Parameters
    ----------
    normals
        World frame; zero where unknown.
    confidence
        Trust in the normals, which weighs links by its harmonic mean; where 0 they are not used.
    mask
        The subject; none if it fills the picture.
    geometry
        What the pixels see. A smaller picture of the same camera is `ViewGeometry.at`.
    rounds
        Reweightings, at most; 0 is Poisson's equation, which smears tears.
    mean_depth
        Of the largest piece, in the geometry's unit: what normals cannot tell. By default it is
        that of the world's origin.

    Returns
    -------
    depth
        With places, and without a mesh. Confidence is that of the normal, times
        :math:`1/(1 + (e / 0.25)^2)` with e the root mean square that the links of a pixel leave
        over [px]. UNDERDETERMINED with depth 0 are pixels of the subject without a link. With a
        depth they are of a piece that no link connects to the largest one: it continues that where
        it comes nearest, and confidence is halved.

    Raises
    ------
    ValueError
        If sizes differ, `rounds` is negative, or no two neighbors have normals.

    Notes
    -----
    Assumes that the surface is opaque and its normals those of the places that pixels show. A link
    counts by :math:`s_{pq} = \cos^2 / (1 + (g_p - g_q)^2)`, with the cosine between m and the ray
    and the steps :math:`g_p, g_q` that either normal alone tells: where they differ by more than a
    pixel, as at outlines and creases, nobody knows where in between the surface bends. How far one
    surface stands before another that it hides all around is not in the normals.

    The field is found on the grid of pixels by conjugate gradients behind a cycle of multigrid.
    A picture begins with the depth of one of half the size, where tears are twice as steep; it then
    takes at most 6 rounds of its own.

    References
    ----------
    .. [1] Durou, Aujol and Courteille, Integrating the normal field of a surface in the presence
       of discontinuities, EMMCVPR 2009, sec. 4.
    .. [2] Quéau, Durou and Aujol, Normal integration: a survey, JMIV 60, 2018 (perspective).
    .. [3] Cao et al., Bilateral normal integration, ECCV 2022 (tells tears by the two sides of a
       pixel; needs more rounds).
    """
    if rounds < 0:
        raise ValueError(f"rounds: {rounds}; 0 or more were needed. Use 0 for Poisson's equation.")
    trust = _trusted(normals, confidence, mask, geometry)
    net = NormalNet.of(normals, trust, geometry)
    if not any(scale.any() for scale in net.scales):
        raise ValueError(
            f"normals: among {trust.size} pixels there are no two neighbors that are known, in the "
            "mask and turned to the camera; one such pair was needed. Look at the normals."
        )
    net.solve(rounds, normals, geometry)
    pieces = np.empty(trust.shape, np.int32)
    kernel.number_pieces(net.scales, 0.0, pieces)
    return _finished(net, pieces, mask, geometry, mean_depth)


def _trusted(
    normals: UnitVectors, confidence: Plane, mask: Mask | None, geometry: ViewGeometry
) -> Plane:
    """Return the confidence where there is a normal of the subject, else 0."""
    sizes = {normals.shape[:2], confidence.shape, geometry.shape}
    if mask is not None:
        sizes.add(mask.shape)
    if len(sizes) != 1:
        raise ValueError(
            f"normals: {normals.shape[:2]}, but confidence, mask and view have the sizes "
            f"{sorted(sizes)}; one was needed. Pass what belongs to one camera."
        )
    length = np.einsum("hwk,hwk->hw", normals, normals)
    known = np.isfinite(length) & (length > 0.5) & np.isfinite(confidence) & (confidence > 0.0)
    if mask is not None:
        known &= mask
    return np.where(known, confidence, 0.0).astype(np.float32)


def _joined(
    depth: Float64[Array, "h w"], pieces: Int32[Array, "h w"], largest: int
) -> Float64[Array, "h w"]:
    """Shift every other piece to where it continues the largest, where it comes nearest to it."""
    others = pieces[(pieces >= 0) & (pieces != largest)]
    if not others.size:
        return depth
    away, (rows, columns) = distance_transform_edt(pieces != largest, return_indices=True)
    count = int(pieces.max()) + 1
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, others, away[(pieces >= 0) & (pieces != largest)])
    nearest[largest] = 0.0
    meets = (pieces >= 0) & (away <= nearest[pieces] + 1.0)
    gaps = depth[rows[meets], columns[meets]] - depth[meets]
    met = pieces[meets]
    shift = np.bincount(met, gaps, count) / np.maximum(np.bincount(met, minlength=count), 1)
    shift[largest] = 0.0
    return depth + np.where(pieces >= 0, shift[pieces], 0.0)


def _finished(
    net: NormalNet,
    pieces: Int32[Array, "h w"],
    mask: Mask | None,
    geometry: ViewGeometry,
    mean_depth: float | None,
) -> DepthMap:
    """Put each piece where it belongs, and say how far it is known."""
    known = pieces >= 0
    weights = net.trust[known]
    largest = int(np.bincount(pieces[known]).argmax())
    relative = _joined(net.depth, pieces, largest)[known]
    main = pieces[known] == largest
    relative -= np.average(relative[main], weights=weights[main])
    middle = geometry.origin_depth if mean_depth is None else mean_depth
    if geometry.is_perspective:
        found = np.exp(relative * geometry.spacing)
        found *= middle / np.average(found[main], weights=weights[main])
    else:
        found = middle + relative * geometry.spacing
    depth = np.zeros(net.trust.shape, np.float32)
    depth[known] = found
    confidence = np.where(known, net.confidence(), 0.0).astype(np.float32)
    flags: Flags = np.zeros(net.trust.shape, np.uint8)
    flags[~known if mask is None else mask & ~known] = PixelFlag.UNDERDETERMINED
    apart = known & (pieces != largest)
    flags[apart] = PixelFlag.UNDERDETERMINED
    confidence[apart] *= 0.5
    return DepthMap(
        depth,
        geometry.places(depth),
        confidence,
        flags,
        is_metric=geometry.is_metric,
        is_perspective=geometry.is_perspective,
    )
