"""Mean and spread of many frames, site by site, with one frame in memory at a time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32

from olat.model.shapes import Array


class Tally:
    r"""Mean and squares of the frames seen so far, with the highest reading of a site kept apart.

    .. math:: \bar d \leftarrow \bar d + \frac{d - \bar d}{n}, \quad
        M \leftarrow M + (d - \bar d_\text{before})(d - \bar d_\text{after}), \quad d_i = y_i - y_1

    over all readings but the highest, which is added when it is asked for: no large number is ever
    taken from another, so that a struck reading costs the others no precision.

    Notes
    -----
    Assumes that sites scatter by much less than the readings can hold.

    References
    ----------
    .. [1] Welford, Note on a method for calculating corrected sums of squares and products,
       Technometrics 4(3), 1962, pages 419-420.
    """

    def __init__(self) -> None:
        self.count = 0
        self._first = np.zeros((0, 0, 0), np.float32)
        self._rest = self._squares = self._highest = self._first

    def add(self, frame: Float32[Array, "h w plane"]) -> None:
        """Take in one more frame.

        Raises
        ------
        ValueError
            If it is of another size than the first.
        """
        if self.count == 0:
            self._first = frame.copy()
            self._rest, self._squares, self._highest = (np.zeros_like(frame) for _ in range(3))
            self.count = 1
            return
        if frame.shape != self._first.shape:
            raise ValueError(f"a frame of shape {frame.shape} follows one of {self._first.shape}")
        above = frame - self._first
        lower = np.minimum(above, self._highest)
        np.maximum(self._highest, above, out=self._highest)
        np.subtract(lower, self._rest, out=above)
        # The highest is not among the others: they are as many as the frames before this one.
        self._rest += above / np.float32(self.count)
        lower -= self._rest
        self._squares += np.multiply(above, lower, out=above)
        self.count += 1

    @property
    def mean(self) -> Float32[Array, "h w plane"]:
        """Return the mean of each site [DN]."""
        apart = self._highest - self._rest
        return self._first + (self._rest + apart / np.float32(max(self.count, 1)))

    @property
    def variance(self) -> Float32[Array, "h w plane"]:
        """Return the variance of each site in time, unbiased [DN^2].

        Raises
        ------
        ValueError
            If there are fewer than two frames.
        """
        if self.count < 2:
            raise ValueError(f"{self.count} frame has no spread; two are needed")
        apart = np.square(self._highest - self._rest)
        others = np.float32(self.count - 1)
        return np.asarray(self._squares / others + apart / np.float32(self.count))

    def without_outliers(
        self, noise: float, *, spreads: float
    ) -> tuple[Float32[Array, "h w plane"], Float32[Array, "h w plane"], Int32[Array, "h w plane"]]:
        """Return mean, variance and number of frames of each site, less a lone high reading.

        Parameters
        ----------
        noise
            Usual spread of a site [DN].
        spreads
            How many of them the highest reading may lie above the mean of the others.

        Raises
        ------
        ValueError
            If there are fewer than three frames.
        """
        if self.count < 3:
            raise ValueError(f"{self.count} frames do not tell an outlier; three are needed")
        others = self.count - 1
        # The mean of the others has a spread of its own.
        limit = np.float32(spreads * noise * np.sqrt(1.0 + 1.0 / others))
        is_struck = self._highest - self._rest > limit
        mean = np.where(is_struck, self._first + self._rest, self.mean)
        variance = np.where(is_struck, self._squares / np.float32(others - 1), self.variance)
        return mean, variance, self.count - is_struck.astype(np.int32)
