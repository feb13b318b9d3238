"""Mean and spread of many frames, site by site, with one frame in memory at a time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int32

from olat.model.shapes import Array


class Tally:
    r"""Sums of the frames seen so far, taken from the first one to lose no precision.

    .. math:: \bar d = \frac1n \sum_i d_i, \quad
        s^2 = \frac1{n-1} \left(\sum_i d_i^2 - n \bar d^2\right), \quad d_i = y_i - y_1
    """

    def __init__(self) -> None:
        self.count = 0
        self._first = np.zeros((0, 0, 0), np.float32)
        self._sum = self._squares = self._highest = self._first

    def add(self, frame: Float32[Array, "h w plane"]) -> None:
        """Take in one more frame.

        Raises
        ------
        ValueError
            If it is of another size than the first.
        """
        if self.count == 0:
            self._first = frame.copy()
            self._sum, self._squares, self._highest = (np.zeros_like(frame) for _ in range(3))
        if frame.shape != self._first.shape:
            raise ValueError(f"a frame of shape {frame.shape} follows one of {self._first.shape}")
        above = frame - self._first
        self._sum += above
        np.maximum(self._highest, above, out=self._highest)
        self._squares += np.square(above, out=above)
        self.count += 1

    @property
    def mean(self) -> Float32[Array, "h w plane"]:
        """Return the mean of each site [DN]."""
        return self._first + self._sum / np.float32(self.count)

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
        variance = (self._squares - self._sum**2 / np.float32(self.count)) / np.float32(
            self.count - 1
        )
        return np.maximum(variance, np.float32(0.0))

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
        others = np.float32(self.count - 1)
        rest = (self._sum - self._highest) / others
        # The mean of the others has a spread of its own.
        limit = np.float32(spreads * noise * np.sqrt(1.0 + 1.0 / others))
        is_struck = self._highest - rest > limit
        mean = np.where(is_struck, self._first + rest, self.mean)
        squares = self._squares - self._highest**2 - others * rest**2
        variance = np.where(
            is_struck, np.maximum(squares, 0.0) / (others - np.float32(1.0)), self.variance
        )
        return mean, variance, self.count - is_struck.astype(np.int32)
