"""Polynomial texture maps, for RTIViewer and its kin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from olat.export.rti_samples import samples_of
from olat.export.source import ExportSource
from olat.io.ptm_file import ORDER, write_ptm
from olat.relight.rti_fit import least_squares_model
from olat.relight.rti_polynomial import TERMS, polynomial_basis


@dataclass(frozen=True)
class PtmOptions:
    """How pictures are shown."""

    exposure_stops: float | None = None


def write_polynomial(source: ExportSource, path: Path, options: PtmOptions) -> list[Path]:
    """Write a ``.ptm``: for each channel six coefficients a pixel, of 8 bits.

    Raises
    ------
    UsageError
        If fewer than six lights are in front of the subject.
    """
    samples = samples_of(source.field(), needed=TERMS, exposure_stops=options.exposure_stops)
    model = least_squares_model(polynomial_basis(samples.directions), samples.solid_angles)
    _, height, width = samples.field.shape
    planes = np.empty((TERMS, 3, height, width), np.float32)
    for top, bottom, strip in samples.strips():
        rows = 255.0 * model.planes(strip)
        planes[:, :, top:bottom] = rows.reshape(TERMS, 3, bottom - top, width)
    ordered = planes[list(ORDER)]
    # The colors share scale and bias; biases are whole codes.
    low = np.minimum(ordered.min(axis=(1, 2, 3)), 0.0).astype(np.float64)
    high = np.maximum(ordered.max(axis=(1, 2, 3)), 0.0).astype(np.float64)
    scale = np.maximum(high - low, 1.0) / 254.0  # one code of slack for the rounded bias
    bias = np.rint(-low / scale)
    codes = np.rint(ordered / scale[:, None, None, None] + bias[:, None, None, None])
    codes = np.clip(codes, 0, 255).astype(np.uint8)
    write_ptm(path, np.ascontiguousarray(codes.transpose(1, 0, 2, 3)), scale, bias)
    return [path]
