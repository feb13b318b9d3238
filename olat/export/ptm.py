"""Polynomial texture maps, for RTIViewer and its kin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64

from olat.export.rti_samples import RtiSamples, samples_of
from olat.export.shrunk import shrunk_source
from olat.export.source import ExportSource
from olat.io.ptm_file import ORDER, write_ptm
from olat.model.shapes import Array
from olat.relight.rti_fit import Samples, least_squares_fit
from olat.relight.rti_luminance import base_colors, luminance
from olat.relight.rti_polynomial import TERMS, polynomial_basis


@dataclass(frozen=True)
class PtmOptions:
    """What the map holds, and how pictures are shown."""

    form: Literal["rgb", "lrgb"] = "rgb"
    """A polynomial for each channel, or one that multiplies a color: half the size."""
    exposure_stops: float | None = None
    longest: int | None = None
    """Longer side of the pictures [px]; none keeps that of the field."""


def write_polynomial(source: ExportSource, path: Path, options: PtmOptions) -> list[Path]:
    """Write a ``.ptm``: six coefficients a pixel, of 8 bits, for each channel or for brightness.

    Raises
    ------
    UsageError
        If fewer than six lights are in front of the subject.
    """
    source = shrunk_source(source, options.longest)
    samples = samples_of(source, needed=TERMS, exposure_stops=options.exposure_stops, asked="ptm")
    basis = polynomial_basis(samples.directions)[:, ORDER]
    fit = least_squares_fit(basis, samples.solid_angles)
    has_base = options.form == "lrgb"
    scale, bias = _codes_of(samples, fit, has_base)
    _, height, width = samples.field.shape
    codes = np.empty((1 if has_base else 3, height, width, TERMS), np.uint8)
    base = np.empty((height, width, 3), np.uint8) if has_base else None
    for top, bottom, strip in samples.strips():
        terms, colors = _terms(strip, samples, fit, has_base)
        texels = np.rint(terms / scale + bias)
        codes[:, top:bottom] = np.clip(texels, 0, 255).astype(np.uint8)
        if base is not None and colors is not None:
            base[top:bottom] = colors
    write_ptm(path, codes, scale, bias, base=base)
    return [path]


def _terms(
    strip: Samples, samples: RtiSamples, fit: Float64[Array, "6 light"], has_base: bool
) -> tuple[Float32[Array, "channel rows w 6"], Array | None]:
    """Return coefficients of some rows, for sums from 0 to 255, and the colors they multiply."""
    colors = base_colors(strip, samples.solid_angles) if has_base else None
    values = strip if colors is None else luminance(strip, colors)[:, None]
    terms = np.tensordot(values, (255.0 * fit).astype(np.float32), axes=(0, 1))
    return np.asarray(terms), colors


def _codes_of(
    samples: RtiSamples, fit: Float64[Array, "6 light"], has_base: bool
) -> tuple[Float64[Array, "6"], Float64[Array, "6"]]:
    """Return scale and bias by which every coefficient of every pixel has a code."""
    low = high = np.zeros(TERMS)
    for _, _, strip in samples.strips():
        terms, _ = _terms(strip, samples, fit, has_base)
        low = np.minimum(low, terms.min(axis=(0, 1, 2)))
        high = np.maximum(high, terms.max(axis=(0, 1, 2)))
    # The colors share scale and bias; biases are whole codes.
    scale = np.maximum(high - low, 1.0) / 254.0  # one code of slack for the rounded bias
    return scale, np.rint(-low / scale)
