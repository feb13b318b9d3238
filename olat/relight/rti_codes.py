"""RTI models as codes of 8 bits: planes of pixels, and the basis that they multiply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from olat.model.shapes import Array
from olat.relight.rti_fit import Coefficients, LinearModel, Strips

ROBUST = (0.02, 99.98)
"""Percentiles of a plane that its codes span: highlights are in few pixels."""
CENTER = 127
"""Code of a basis that adds nothing."""


@dataclass(frozen=True)
class CodedBasis:
    """A basis as viewers read it: the first row over 255, others ``(code - 127) / range``."""

    codes: Int64[Array, "row node"]
    """The mean, then what each plane adds; 0 to 255."""
    ranges: Float64[Array, " plane"]


@dataclass(frozen=True)
class PlaneCodes:
    """What brings codes of planes back: ``(code/255 - bias) scale``, in units of display white."""

    scale: Float64[Array, " plane"]
    bias: Float64[Array, " plane"]

    def codes(self, planes: Coefficients) -> UInt8[Array, "plane rows w"]:
        """Return the codes of the planes of some rows; what lies beyond the ends is clipped."""
        texels = planes / self.scale[:, None, None] + self.bias[:, None, None]
        return np.asarray(np.clip(np.rint(255.0 * texels), 0, 255), np.uint8)


def coded_basis(model: LinearModel) -> tuple[CodedBasis, LinearModel]:
    """Return the basis of a principal model as codes, and the model that fits those codes.

    Planes that multiply a rounded basis are not those of the exact one: the pseudoinverse makes
    up for what rounding can be made up for.
    """
    largest = np.abs(model.from_planes).max(axis=0)
    ranges = CENTER / np.maximum(largest, 1e-9)
    rows = np.rint(CENTER + ranges * model.from_planes)
    mean = np.clip(np.rint(255.0 * model.mean), 0, 255)
    rounded = (rows - CENTER) / ranges
    back = np.linalg.pinv(rounded)
    turn = back @ model.from_planes
    fitting = LinearModel(
        turn @ model.to_planes,
        turn @ model.offset - back @ (model.mean - mean / 255.0),
        mean / 255.0,
        rounded,
    )
    return CodedBasis(np.vstack([mean, rows.T]).astype(np.int64), ranges), fitting


def plane_codes(model: LinearModel, strips: Strips) -> PlaneCodes:
    """Return codes that span the middle of what planes hold.

    Parameters
    ----------
    model
        Gives the planes.
    strips
        Samples of pixels that stand for all; they pass once.

    Notes
    -----
    The Relight format's own writer takes floors, for which readers, who take a code as it is, are
    half a code off; rounding serves the same readers better.
    """
    looked = np.concatenate(
        [model.planes(samples).reshape(len(model.to_planes), -1) for _, _, samples in strips()],
        axis=1,
    )
    low, high = np.percentile(looked, ROBUST, axis=1)
    span = np.maximum(high - low, 1e-3 / 255.0)
    return PlaneCodes(span, -low / span)
