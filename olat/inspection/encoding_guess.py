"""Whether the values of pictures are proportional to light, by their kind and by Lambert's law."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, Int64

from olat.errors import FileError
from olat.inspection.finding import Confidence, Finding
from olat.inspection.thumbnails import thumbnails
from olat.io.photograph import read_photograph
from olat.io.raw import RAW_SUFFIXES
from olat.model.image import Picture, RawMosaic
from olat.model.shapes import Array, Directions

_MOST_LIGHTS = 24
FEWEST_LIGHTS = 8
"""Lights from which a law with three unknowns can be doubted."""
_TRIES = 3
_SIZE = 96
_SHADOW = 0.15
"""Part of a pixel's bright values below which it may lie in shadow."""
NO_LAW = 0.4
"""Share of the variation that a surface may leave unexplained and still speak for Lambert."""
_SRGB_FROM = 1.2
"""Ratio of linear to sRGB misfit: photographs known to be linear stay below 1, sRGB above 1.4."""
_CLEAR = (0.8, 1.5)


def guess_encoding(paths: Sequence[Path], directions: Directions | None) -> tuple[str, Finding]:
    """Guess what the values of photographs mean.

    Parameters
    ----------
    paths
        Frames lit by one light each.
    directions
        Their lights; none if they are not known.

    Returns
    -------
    encoding
        ``linear`` or ``srgb``.
    finding
        The same with a reason.

    Raises
    ------
    FileError
        If none of the first few photographs can be read.
    """
    suffix = paths[0].suffix.lower()
    if suffix in RAW_SUFFIXES:
        return _found("linear", "certain", "RAW counts are proportional to light")
    photograph = _first_readable(paths)
    if isinstance(photograph, RawMosaic):
        return _found("linear", "certain", "RAW counts are proportional to light")
    if photograph.codes.dtype.kind == "f":
        return _found("linear", "likely", f"{suffix} with floats holds linear light by custom")
    if photograph.codes.dtype.itemsize > 1:
        return _found("linear", "likely", "16 bits are mostly linear")
    is_jpeg = suffix in (".jpg", ".jpeg")
    misfits = None
    if directions is not None and len(paths) >= FEWEST_LIGHTS:
        misfits = _misfits(paths, directions)
    if misfits is None or min(misfits) > NO_LAW:
        words = f"8-bit {suffix} mostly is; it cannot be known for certain"
        if misfits is not None:
            words += f", as Lambert's law leaves {min(misfits):.0%} of the variation unexplained"
        return _found("srgb", "guess", words)
    return _by_misfit(*misfits, is_jpeg=is_jpeg)


def some_of(count: int) -> Int64[Array, " chosen"]:
    """Return a few places, evenly spread over all photographs: enough to see a law."""
    return np.linspace(0, count - 1, min(count, _MOST_LIGHTS)).round().astype(np.int64)


def _first_readable(paths: Sequence[Path]) -> RawMosaic | Picture:
    """Return the first photograph that can be read; damage is said when it is processed."""
    for path in paths[: _TRIES - 1]:
        with suppress(FileError):
            return read_photograph(path)
    return read_photograph(paths[min(_TRIES, len(paths)) - 1])


def _found(encoding: str, confidence: Confidence, reason: str) -> tuple[str, Finding]:
    """Return an encoding with its finding."""
    return encoding, Finding("encoding", encoding, confidence, reason)


def _by_misfit(linear: float, srgb: float, *, is_jpeg: bool) -> tuple[str, Finding]:
    """Decide by what Lambert's law leaves unexplained; JPEG has to be clearly linear."""
    ratio = linear / max(srgb, 1e-9)
    encoding = "srgb" if ratio > (_CLEAR[0] if is_jpeg else _SRGB_FROM) else "linear"
    is_clear = ratio < _CLEAR[0] if encoding == "linear" else ratio > _CLEAR[1]
    reason = (
        f"8 bits cannot tell for certain; read as linear, Lambert's law leaves {linear:.1%} of "
        f"the variation unexplained, read as sRGB {srgb:.1%}"
    )
    return _found(encoding, "likely" if is_clear else "guess", reason)


def _misfits(paths: Sequence[Path], directions: Directions) -> tuple[float, float] | None:
    """Return the misfit of Lambert's law with the values read as linear and as sRGB."""
    chosen = some_of(len(paths))
    some, lights = [paths[index] for index in chosen], directions[chosen]
    as_linear = thumbnails(some, encoding="linear", size=_SIZE)
    readable = np.isfinite(as_linear).all(axis=(1, 2, 3))
    as_linear, lights = as_linear[readable], lights[readable]
    as_srgb = thumbnails(some, encoding="srgb", size=_SIZE)[readable]
    if len(lights) < FEWEST_LIGHTS:
        return None
    peak = as_linear.max(axis=(0, 3))
    subject = (peak > 0.25 * np.percentile(peak, 99)) & (peak < 0.95)
    if subject.sum() < 100:
        return None
    linear, srgb = (
        lambert_misfit(small.mean(axis=3)[:, subject], lights) for small in (as_linear, as_srgb)
    )
    return None if linear is None or srgb is None else (linear, srgb)


def lambert_misfit(values: Float32[Array, "light pixel"], directions: Directions) -> float | None:
    r"""Return the share of each pixel's variation that no Lambert surface explains.

    The best :math:`g` of :math:`v_i = g\cdot\omega_i` over the lights that are not in shadow, per
    pixel; the median over pixels of the squared rest over the variance.

    Parameters
    ----------
    values
        Brightness, however encoded.
    directions
        The lights.

    Returns
    -------
    misfit
        From 0 (Lambert) upwards; none if too few pixels see enough lights.
    """
    bright = np.percentile(values, 90, axis=0)
    lit = values > _SHADOW * bright
    enough = (lit.sum(axis=0) >= max(6, int(0.4 * len(values)))) & (bright > 0)
    if enough.sum() < 50:
        return None
    v, m = values[:, enough].astype(np.float64), lit[:, enough].astype(np.float64)
    normal = np.einsum("lp,li,lj->pij", m, directions, directions) + 1e-6 * np.eye(3)
    right = np.einsum("lp,li->pi", m * v, directions)
    g: Float64[Array, "pixel 3"] = np.linalg.solve(normal, right[..., None])[..., 0]
    rest = m * (v - directions @ g.T)
    about_mean = m * (v - (m * v).sum(axis=0) / m.sum(axis=0))
    variation = np.maximum((about_mean**2).sum(axis=0), 1e-12)
    return float(np.median((rest**2).sum(axis=0) / variation))
