"""One photograph from several exposures of the same scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from olat.model.image import RadianceImage
from olat.model.shapes import Array, Mask
from olat.sensor import bracket_merge_kernel
from olat.sensor.bracket_noise import (
    PhotonTransfer,
    transfer_of_differences,
    transfer_of_variances,
)

_ROWS = 128
"""Rows merged at a time, so that a stack of large photographs is never in memory twice."""
_FLOOR = 1e-12
"""Least variance that a line of noise predicts, as (diffuse white second)^2."""
_REFINEMENTS = 2
"""Times that the mean predicts weights for a better one: after the first, readings that are low by
chance still have a little more weight than high ones."""


def merged(
    samples: Sequence[RadianceImage],
    *,
    exposures_s: Sequence[float],
    ghost_sigmas: float = 3.0,
    ghost_tolerance: float = 0.1,
) -> tuple[RadianceImage, Mask]:
    r"""Merge exposures of one scene by inverse variance.

    .. math:: E = \frac{\sum_j w_j r_j}{\sum_j w_j}, \qquad
        w_j = \frac{1}{a \max(E, 0) / t_j + b / t_j^2}, \qquad
        \operatorname{var} E = \frac{\sum_j w_j^2 \sigma_j^2}{(\sum_j w_j)^2}

    for the radiance :math:`r_j` of exposure j in common units, its time :math:`t_j` and its
    variance :math:`\sigma_j^2`; a and b are shot noise and read noise of the bracket. Clipped
    readings weigh nothing.

    Parameters
    ----------
    samples
        Photographs of one scene in one pose, scaled to one exposure.
    exposures_s
        Their exposure times, all different [s].
    ghost_sigmas
        A sample is left out where it differs from the best exposed one, averaged over 3 x 3
        pixels, by more than so many standard deviations of their noise; infinity keeps all.
    ghost_tolerance
        Part of the radiance by which samples may differ on top of noise [1].

    Returns
    -------
    image
        Flags are those of the samples that had a part in a pixel: SATURATED only where the
        shortest exposure clipped too, whose reading is then kept as it is. It has a variance if
        the samples have. Its confidence is the least of the samples that had a part in a pixel;
        those that were not moved are certain. Where no exposure has a number, it is 0 with an
        infinite variance, and DEAD.
    is_ghost
        Where a well exposed sample was left out because it disagreed.

    Raises
    ------
    ValueError
        If sizes, color spaces or exposures do not go together, or some samples have a variance
        and others none.

    Notes
    -----
    Assumes linear samples with independent noise and one sensor gain. The best sample of a pixel is
    the longest that neither clipped nor carries a flag of motion (OCCLUDED, OUT_OF_FRAME,
    UNTRACKED) nor is DEAD; where all carry one, the least bad stand in, with their flags.

    Weights from a reading's own variance would go with its noise: low readings would be favored in
    a camera's own color, and high ones after a color matrix, which gives each channel the noise of
    the others. So weights come from the line of the bracket at one signal for all exposures. That
    is the mean with the weights :math:`t_j^2`, which are right in the dark, then twice the mean
    that it leads to. Such weights hardly depend on the noise of a reading, and its variance passes
    to the mean as it is. Without variances there is one pass, with :math:`t_j`, which is right
    where shot noise dominates; noise is then read from how much the samples differ, and only used
    to find ghosts.

    Readings that are not finite in a channel, or whose variance is not, count as DEAD.

    References
    ----------
    .. [1] Hasinoff, Durand, Freeman, Noise-optimal capture for high dynamic range photography,
       CVPR 2010, section 3.
    .. [2] Granados et al., Optimal HDR reconstruction with linear digital cameras, CVPR 2010,
       section 3.
    """
    _check(samples, exposures_s)
    if len(samples) == 1:
        return samples[0], np.zeros(samples[0].flags.shape, bool)
    pairs = sorted(zip(exposures_s, samples, strict=True), key=lambda pair: -pair[0])
    seconds = [float(time) for time, _ in pairs]
    ordered = [sample for _, sample in pairs]
    is_calibrated = ordered[0].variance is not None
    line = (transfer_of_variances if is_calibrated else transfer_of_differences)(ordered, seconds)
    limit = ghost_sigmas**2 if line else np.inf
    bracket = _Bracket(ordered, seconds, line or PhotonTransfer(1.0, 0.0))
    radiance = np.empty_like(ordered[0].radiance)
    variance = np.empty_like(radiance)
    flags = np.empty_like(ordered[0].flags)
    is_ghost = np.zeros(flags.shape, bool)
    is_moved = any(sample.confidence is not None for sample in ordered)
    confidence = np.ones(flags.shape, np.float32) if is_moved else None
    for rows, stack in bracket.strips():
        is_kept, is_ghost[rows] = stack.agreeing(limit=limit, tolerance=ghost_tolerance)
        stack.pool(is_kept, radiance[rows], variance[rows], flags[rows])
        if confidence is not None:
            stack.lower(is_kept, rows, confidence[rows])
    image = RadianceImage(
        radiance,
        flags,
        variance if is_calibrated else None,
        space=ordered[0].space,
        confidence=confidence,
    )
    return image, is_ghost


class _Bracket:
    """Samples from long to short."""

    def __init__(
        self, samples: Sequence[RadianceImage], seconds: Sequence[float], line: PhotonTransfer
    ) -> None:
        self.samples = samples
        self.seconds = np.asarray(seconds, np.float32)
        self.lines = np.array(
            [(line.slope / time, max(line.read, _FLOOR) / time**2) for time in seconds],
            np.float32,
        )

    def strips(self) -> Iterator[tuple[slice, _Stack]]:
        """Yield rows and the samples there with a row more on either side."""
        height = self.samples[0].flags.shape[0]
        for top in range(0, height, _ROWS):
            bottom = min(top + _ROWS, height)
            above, below = min(top, 1), min(height - bottom, 1)
            yield slice(top, bottom), _Stack(self, slice(top - above, bottom + below), above, below)


class _Stack:
    """Some rows of a bracket as one array; those at the ends only serve as neighbors."""

    def __init__(self, bracket: _Bracket, rows: slice, above: int, below: int) -> None:
        samples, self.bracket = bracket.samples, bracket
        self.radiance = np.stack([sample.radiance[rows] for sample in samples])
        self.flags = np.stack([sample.flags[rows] for sample in samples])
        self.variance = self._variance(rows)
        self.is_known = np.empty(self.flags.shape, bool)
        bracket_merge_kernel.mark_known(
            self.radiance.reshape(-1, 3), self.variance.reshape(-1, 3), self.is_known.reshape(-1)
        )
        self.inner = slice(above, self.flags.shape[1] - below)

    def _variance(self, rows: slice) -> Float32[Array, "sample rows w 3"]:
        """Return the variance of each reading; without a calibration, the line's at it."""
        known = [sample.variance for sample in self.bracket.samples]
        there = [variance[rows] for variance in known if variance is not None]
        if there:
            return np.stack(there)
        slope, read = self.bracket.lines.T[:, :, None, None, None]
        return np.asarray(slope * np.maximum(self.radiance, 0.0) + read)

    def agreeing(
        self, *, limit: float, tolerance: float
    ) -> tuple[Bool[Array, "sample rows w"], Bool[Array, "inner w"]]:
        """Return which samples may be used, and where one disagreed with the best."""
        apart = np.empty(self.flags.shape, np.float32)
        is_usable = np.empty(self.flags.shape, bool)
        bracket_merge_kernel.disagreement(
            (self.radiance, self.variance, self.flags, self.is_known),
            self.bracket.lines,
            np.float32(tolerance),
            apart,
            is_usable,
        )
        is_kept = is_usable
        if np.isfinite(limit):
            around = np.stack([_mean_around(*pair) for pair in zip(apart, is_usable, strict=True)])
            # The best sample is never apart from itself, whatever its neighbors are.
            is_kept = is_usable & ((around <= limit) | (apart == 0.0))
        is_ghost = np.asarray((is_usable & ~is_kept)[:, self.inner].any(axis=0))
        return is_kept, is_ghost

    def pool(
        self,
        is_kept: Bool[Array, "sample rows w"],
        radiance: Float32[Array, "inner w 3"],
        variance: Float32[Array, "inner w 3"],
        flags: UInt8[Array, "inner w"],
    ) -> None:
        """Fill the merged rows."""
        is_calibrated = self.bracket.samples[0].variance is not None
        seconds = self.bracket.seconds
        bracket_merge_kernel.pool(
            (self.radiance, self.variance, self.flags, self.is_known),
            is_kept,
            self.inner.start,
            (self.bracket.lines, seconds**2, _REFINEMENTS)
            if is_calibrated
            else (self.bracket.lines, seconds, 0),
            (radiance, variance, flags),
        )

    def lower(
        self,
        is_kept: Bool[Array, "sample rows w"],
        rows: slice,
        confidence: Float32[Array, "inner w"],
    ) -> None:
        """Lower the confidence of merged rows to the least of the samples that had a part."""
        for sample, kept in zip(self.bracket.samples, is_kept[:, self.inner], strict=True):
            if sample.confidence is not None:
                np.minimum(confidence, sample.confidence[rows], out=confidence, where=kept)


def _mean_around(
    values: Float32[Array, "rows w"], is_usable: Bool[Array, "rows w"]
) -> Float32[Array, "rows w"]:
    """Average over the usable ones of 3 x 3 pixels."""
    share = cv2.blur(is_usable.astype(np.float32), (3, 3), borderType=cv2.BORDER_CONSTANT)
    total = cv2.blur(values, (3, 3), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(total / np.maximum(share, 1e-6))


def _check(samples: Sequence[RadianceImage], exposures_s: Sequence[float]) -> None:
    """Refuse samples that are no bracket."""
    told = ", ".join(f"{time:g}" for time in exposures_s)
    if not samples or len(samples) != len(exposures_s):
        raise ValueError(
            f"a bracket of {len(samples)} samples has {len(exposures_s)} exposures; one for each "
            "is needed"
        )
    if len(set(exposures_s)) < len(samples) or not all(0 < t < np.inf for t in exposures_s):
        raise ValueError(f"the exposures are {told} s; different ones above 0 are needed")
    shapes = {array.shape[:2] for s in samples for array in (s.radiance, s.flags)}
    if len(shapes) > 1:
        raise ValueError(f"the samples of a bracket have the sizes {sorted(shapes)}; needed is one")
    if len({sample.space for sample in samples}) > 1:
        raise ValueError("the samples of a bracket are in several color spaces; needed is one")
    if len({sample.variance is None for sample in samples}) > 1:
        raise ValueError("some samples of a bracket have a variance and others none")
