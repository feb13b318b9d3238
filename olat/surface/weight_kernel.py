"""How much a robust fit doubts what it leaves over (Geman and McClure 1987)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from olat.surface.strip_kernel import inlined

Single: TypeAlias = Any
"""A float32."""

SHORTFALL = np.float32(0.6)
"""How much a reading below the fit is doubted beside one as far above it."""

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@inlined
def weight_of(residual: Single) -> Single:
    """Return the weight of a residual over its scale, milder below the fit than above it."""
    doubt = residual if residual > _ZERO else residual * SHORTFALL
    root = _ONE / (_ONE + doubt * doubt)
    return root * root
