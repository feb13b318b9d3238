"""Loop that adds up what lights give a matte surface and a lobe."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from olat.surface.strip_kernel import compiled

Numbers: TypeAlias = np.ndarray[Any, Any]


@compiled
def add_up(
    directions: Numbers,
    light: Numbers,
    normals: Numbers,
    axes: Numbers,
    exponent: float,
    found: Numbers,
) -> None:
    """Fill in integral and first moment of a white matte surface, and of a lobe of unit integral.

    The moment of channel c is along axis c.
    """
    scale = (exponent + 1.0) / (2.0 * np.pi)
    # Farther out a lobe is less than a millionth of its peak.
    least = np.exp(-14.0 / exponent)
    sums = np.zeros((4, 3))
    for pixel in range(len(normals)):
        sums[:] = 0.0
        for lamp in range(len(directions)):
            x, y, z = directions[lamp, 0], directions[lamp, 1], directions[lamp, 2]
            facing = normals[pixel, 0] * x + normals[pixel, 1] * y + normals[pixel, 2] * z
            cosine = axes[pixel, 0] * x + axes[pixel, 1] * y + axes[pixel, 2] * z
            if facing > 0.0:
                for channel in range(3):
                    lit = light[lamp, channel] * facing
                    sums[0, channel] += lit
                    sums[1, channel] += lit * directions[lamp, channel]
            if cosine > least:
                value = scale * np.exp(exponent * np.log(min(cosine, 1.0)))
                for channel in range(3):
                    lit = light[lamp, channel] * value
                    sums[2, channel] += lit
                    sums[3, channel] += lit * directions[lamp, channel]
        for row in range(4):
            for channel in range(3):
                found[row, pixel, channel] = sums[row, channel]
