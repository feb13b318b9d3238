"""What a sensor reads without light."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32
from scipy.stats import chi2

from olat.model.shapes import Array
from olat.sensor.readings import without_gaps
from olat.sensor.tally import Tally

FEWEST_FRAMES = 4
"""Fewer do not tell a particle that struck one frame from the noise of a site."""
ENOUGH_FRAMES = 16
"""From here on the mean of the dark frames is four times less noisy than one frame."""
LIT_SPREADS = 3.0
"""Read noises by which a whole dark frame may differ from the others."""
STRUCK_SPREADS = 7.0
"""Read noises above its fellows from which on a reading was struck by a particle."""
ROUNDING_DN = 0.29
"""Spread of a number that is rounded to a whole one: the root of 1/12 [DN]."""


@dataclass(frozen=True, slots=True)
class MasterDark:
    """The mean of many dark frames of one exposure."""

    mean: Float32[Array, "h w plane"]
    """Signed: black level, bias and dark current of each site [DN]."""
    variance: Float32[Array, "h w plane"]
    """Of each site in time [DN^2]."""
    read_noise_dn: float
    """Spread in time of a usual site, rounding included [DN]."""
    frames: int
    struck: int
    """Readings left out because a particle struck."""
    zeros: float = 0.0
    """Share of the readings that are exactly 0, where none lies below [1]."""
    lost: Bool[Array, "h w plane"] | None = None
    """Sites that were no number in any frame; none if there are none."""


def master_dark(frames: Iterable[Float32[Array, "h w plane"]]) -> MasterDark:
    r"""Average dark frames, and learn the read noise from how they scatter.

    .. math:: \sigma_r^2 = \operatorname{mean}_k \frac{1}{n - 1} \sum_i (y_{ik} - \bar y_k)^2

    over frames i and usual sites k.

    Parameters
    ----------
    frames
        Dark frames of one exposure, read one at a time [DN].

    Returns
    -------
    dark
        Never clipped: what lies below zero stays there.

    Raises
    ------
    ValueError
        If there are fewer than four frames, one of them was lit, or many readings of one are no
        numbers.

    Notes
    -----
    Assumes that at most one frame of a site is struck by a particle. A reading seven read noises
    above the mean of its fellows is left out. Usual sites are those whose variance a site with the
    read noise exceeds once in a million; noisy ones do not raise the read noise of the others.

    The error of the mean, :math:`\sigma_r/\sqrt{n}`, is the same in all photographs that are
    corrected with it: in a sum of N of them it grows with N, their own noise with
    :math:`\sqrt{N}`.

    References
    ----------
    .. [1] Janesick, Photon transfer, SPIE Press 2007, chapters 3 and 11.
    """
    tally = Tally()
    levels, lost, zeros = [], None, _Zeros()
    for shot in frames:
        frame, gaps = without_gaps(shot)
        if gaps is not None:
            lost = gaps if lost is None else lost | gaps
        tally.add(frame)
        zeros.add(frame)
        levels.append(float(frame.mean(dtype=np.float64)))
    if tally.count < FEWEST_FRAMES:
        raise ValueError(
            f"there are {tally.count} dark frames of one exposure; {FEWEST_FRAMES} or more are "
            f"needed, {ENOUGH_FRAMES} are better. Photograph with all lights off and the room dark"
        )
    # What all sites of a frame have in common is drift, or light, and no noise of theirs.
    common = float(np.var(levels, ddof=1))
    noise = usual_spread(tally.variance, tally.count, common=common)
    _require_darkness(levels, noise)
    mean, variance, counts = tally.without_outliers(noise, spreads=STRUCK_SPREADS)
    noise = usual_spread(variance, tally.count, common=common)
    struck = int(np.count_nonzero(counts < tally.count))
    return MasterDark(mean, variance, noise, tally.count, struck, zeros.share, lost)


class _Zeros:
    """How many readings are exactly zero, as long as none lies below."""

    def __init__(self) -> None:
        self._found = self._seen = 0
        self._is_signed = False

    def add(self, frame: Float32[Array, "h w plane"]) -> None:
        """Take in one more frame."""
        self._seen += frame.size
        self._found += frame.size - int(np.count_nonzero(frame))
        self._is_signed |= bool(frame.min(initial=0.0) < 0.0)

    @property
    def share(self) -> float:
        """Return their share; 0 where readings lie on both sides of zero."""
        return 0.0 if self._is_signed else self._found / max(self._seen, 1)


def usual_spread(
    variance: Float32[Array, "h w plane"], frames: int, *, common: float = 0.0
) -> float:
    """Return the spread of the sites that are not noisier than chance [DN].

    Parameters
    ----------
    variance
        Of each site in time [DN^2].
    frames
        That it was taken from.
    common
        Variance of what all sites of a frame share, which is taken off [DN^2].
    """
    freedom = frames - 1
    limit = chi2.ppf(1.0 - 1e-6, freedom) / freedom
    center = chi2.median(freedom) / freedom
    usual = float(np.median(variance)) / center
    for _ in range(5):
        # Rounded frames of a quiet sensor often scatter by nothing at all.
        kept = variance[variance <= limit * max(usual, ROUNDING_DN**2)]
        usual = float(kept.mean(dtype=np.float64))
    return float(np.sqrt(max(usual - common, 0.0)))


def _require_darkness(levels: list[float], noise: float) -> None:
    """Check that no dark frame is brighter than the others as a whole."""
    usual = float(np.median(levels))
    worst = int(np.argmax(np.abs(np.array(levels) - usual)))
    apart = levels[worst] - usual
    if abs(apart) > LIT_SPREADS * max(noise, ROUNDING_DN):
        raise ValueError(
            f"dark frame {worst + 1} of {len(levels)} reads {apart:+.4g} DN against the others, "
            f"and the read noise is {noise:.3g} DN; dark frames of one exposure without any light "
            "are needed. Leave it out, or take it again"
        )
