"""Depth from normals, torn where they contradict each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int32

from olat.model.flags import PixelFlag
from olat.model.maps import DepthMap
from olat.model.shapes import Array, Flags, Mask, Plane, UnitVectors
from olat.model.view import ViewGeometry
from olat.surface import normal_integration_kernel as kernel
from olat.surface.grid_solve import field_of_differences

GRAZING = 0.02
"""Cosine to the ray below which a normal tells nothing of depth: steeper than 89 degrees."""
LEAST_DOUBTED_PX = 0.1
"""What a link must leave over, at right angles to the surface, to lose half of its weight."""
USUAL, DOUBTED_TIMES = 90.0, 3.0
"""The same as a multiple of this percentile of what links leave over, where that is more.

Then what is wrong all over is borne by all: normals that lean a little do not tear the surface.
Where it really is torn, the rest falls with every round, and doubt sharpens by itself.
"""
ROUNDS = 20
DRAFT, FINAL = 1e-3, 1e-6
"""Errors of slope at which the rounds and the last one stop [1]."""
STEPS = 60
"""Of conjugate gradients in one round, at most."""
HALF_CONFIDENCE_PX = 0.25
"""What the links of a pixel leave over where it is trusted half."""


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
        depth they are of a piece that no link connects to the largest one: its mean depth is
        taken for that of the largest, and confidence is halved.

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
    net = _Net.of(normals, trust, geometry)
    if not any(scale.any() for scale in net.scales):
        raise ValueError(
            f"normals: among {trust.size} pixels there are no two neighbors that are known, in the "
            "mask and turned to the camera; one such pair was needed. Look at the normals."
        )
    net.solve(rounds)
    pieces = np.empty(trust.shape, np.int32)
    kernel.number_pieces(net.scales, 0.0, pieces)
    return _finished(net, pieces, mask, geometry, mean_depth)


@dataclass
class _Net:
    """What neighbors tell of each other's depth, and the depth so far [px]."""

    trust: Plane
    steps: tuple[Plane, Plane]
    scales: tuple[Plane, Plane]
    links: tuple[Plane, Plane]
    depth: Float64[Array, "h w"]

    @classmethod
    def of(cls, normals: UnitVectors, trust: Plane, geometry: ViewGeometry) -> _Net:
        steps, scales, links = ((np.zeros_like(trust), np.zeros_like(trust)) for _ in range(3))
        view = np.stack([geometry.corner, geometry.across, geometry.down, geometry.axis])
        limits = (geometry.is_perspective, geometry.spacing, GRAZING)
        kernel.tell_steps(np.ascontiguousarray(normals), trust, view, limits, steps, scales)
        return cls(trust, steps, scales, links, np.zeros(trust.shape))

    def solve(self, rounds: int) -> None:
        """Find the depth, doubting in every round what the last one leaves over."""
        for number in range(rounds):
            if not self.improve(number > 0, DRAFT):
                break
        self.improve(rounds > 0, FINAL)

    def improve(self, is_doubting: bool, tolerance: float) -> int:
        """Weigh the links by the depth so far, and solve; return the steps that it took."""
        doubt = 1.0 / self.doubted() ** 2 if is_doubting else 0.0
        side = np.empty_like(self.depth)
        kernel.weigh(self.depth, self.trust, self.steps, self.scales, doubt, self.links)
        kernel.gather_steps(self.steps, self.links, side)
        self.depth, steps = field_of_differences(
            self.links, side, self.depth, tolerance=tolerance, steps=STEPS
        )
        return steps

    def doubted(self) -> float:
        """Return what a link leaves over that loses half of its weight [px]."""
        rows = slice(None, None, 1 + self.trust.shape[0] // 256)
        told = np.diff(self.depth[rows], axis=1) - self.steps[0][rows, :-1]
        scale = self.scales[0][rows, :-1]
        rest = np.abs(told[scale > 0.0]) * np.sqrt(scale[scale > 0.0])
        usual = float(np.percentile(rest, USUAL)) if rest.size else 0.0
        return max(LEAST_DOUBTED_PX, DOUBTED_TIMES * usual)

    def confidence(self) -> Plane:
        """Return how far each pixel is trusted."""
        rest = np.empty_like(self.trust)
        kernel.left_over(self.depth, self.steps, self.scales, self.links, rest)
        return np.asarray(self.trust / (1.0 + rest / HALF_CONFIDENCE_PX**2), np.float32)


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


def _finished(
    net: _Net,
    pieces: Int32[Array, "h w"],
    mask: Mask | None,
    geometry: ViewGeometry,
    mean_depth: float | None,
) -> DepthMap:
    """Put each piece where it belongs, and say how far it is known."""
    known = pieces >= 0
    of, weights = pieces[known], net.trust[known]
    largest = int(np.bincount(of).argmax())
    middles = np.bincount(of, weights * net.depth[known]) / np.bincount(of, weights)
    relative = net.depth[known] - middles[of]
    main = of == largest
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
