"""Pictures of light from everywhere, of any shape: OpenEXR, Radiance and float TIFF files."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenEXR

from olat.errors import FileError
from olat.io.color_header import space_told
from olat.io.environment_hdr import read_hdr
from olat.io.exr import exr_attributes, exr_size, read_exr_picture
from olat.io.photograph import PHOTOGRAPH_SUFFIXES, read_photograph
from olat.light.map_projections import Projection
from olat.model.color import ColorSpace
from olat.model.encoding import Encoding
from olat.model.image import RawMosaic
from olat.model.shapes import Array, Radiance
from olat.sensor.encoding import linear_from_codes

_FULL = 0.9999
"""Share of the largest value from which a value counts as full: a smooth peak has few."""
_PLATEAU = 1e-4
"""Share of pixels that are full in a picture that was clipped."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EnvironmentPicture:
    """Radiance, and what the file says about it."""

    radiance: Radiance
    space: ColorSpace = "rec709"
    """What its red, green and blue are."""
    projection: Projection | None = None
    """What its header says; none if it says nothing."""


def read_environment_picture(path: Path, *, assume: Encoding | None = None) -> EnvironmentPicture:
    """Read radiance of any shape.

    Parameters
    ----------
    path
        ``.exr``; ``.hdr`` as Radiance writes it; ``.tif`` of floats.
    assume
        How the codes of a display picture, such as a JPEG, are encoded: ``srgb``, ``linear`` or
        an exponent. Without it they are refused.

    Raises
    ------
    FileError
        If the file is of another kind, cannot be read, or holds what is not a number.

    Notes
    -----
    A map is in linear Rec. 709 unless its header says ACEScg. Negative radiance, which filters
    and lossy compression leave, becomes 0 with a warning; so is said what looks clipped.
    """
    suffix = path.suffix.lower()
    if suffix == ".exr":
        picture = _read_exr(path)
    elif suffix in {".hdr", ".pic"}:
        picture = EnvironmentPicture(read_hdr(path))
    else:
        picture = EnvironmentPicture(_read_photograph(path, assume))
    radiance = _physical(path, picture.radiance)
    _tell_of_clipping(path, radiance, is_known=assume is not None)
    return EnvironmentPicture(radiance, picture.space, picture.projection)


def _read_exr(path: Path) -> EnvironmentPicture:
    """Read R, G, B, or a gray picture as three equal channels, and the words of its header."""
    attributes = exr_attributes(path)
    picture = _in_three(read_exr_picture(path))
    data = np.array(attributes["dataWindow"])
    shown = np.array(attributes["displayWindow"])
    inside = np.minimum(data[1], shown[1]) - np.maximum(data[0], shown[0]) + 1
    height, width = exr_size(path)
    share = float(np.prod(np.maximum(inside, 0))) / (height * width)
    if share < 1.0:
        _log.warning(
            "%s: its data window covers %.1f %% of the picture; the rest is black and gives no "
            "light",
            path,
            100.0 * share,
        )
    shapes: dict[object, Projection] = {
        OpenEXR.ENVMAP_CUBE: "cube",
        OpenEXR.ENVMAP_LATLONG: "latlong",
    }
    told = attributes.get("envmap")
    return EnvironmentPicture(picture, _space(path, attributes), shapes.get(told))


def _read_photograph(path: Path, assume: Encoding | None) -> Radiance:
    """Read a picture of codes, which are floats or whose encoding is known."""
    if path.suffix.lower() not in PHOTOGRAPH_SUFFIXES:
        raise FileError(
            f"{path}: a {path.suffix or 'nameless'} file is no picture; a .exr or .hdr map is "
            "needed."
        )
    is_tiff = path.suffix.lower() in {".tif", ".tiff"}
    if assume is None and not is_tiff:
        raise FileError(
            f"{path}: a {path.suffix} picture holds no light sources: it is clipped "
            "at display white; a .exr or .hdr map is needed. To use it all the same: olat envmap "
            f"convert {path} --assume srgb -o MAP.exr."
        )
    picture = read_photograph(path)
    if isinstance(picture, RawMosaic):
        raise FileError(f"{path}: this is a camera RAW file; a .exr or .hdr map is needed.")
    if assume is None and np.isfinite(picture.white):
        raise FileError(
            f"{path}: the TIFF holds {picture.codes.dtype} codes, clipped at {picture.white:g}; "
            "floats of radiance are needed. To use it all the same: olat envmap convert "
            f"{path} --assume srgb -o MAP.exr."
        )
    encoding: Encoding = "linear" if assume is None else assume
    return _in_three(linear_from_codes(picture.codes, white=picture.white, encoding=encoding))


def _in_three(picture: Array) -> Radiance:
    """Return three channels; a gray map lights with three equal ones."""
    gray = picture.ndim == 2
    channels = np.repeat(picture[..., None], 3, axis=2) if gray else picture[..., :3]
    return np.ascontiguousarray(channels, np.float32)


def _space(path: Path, attributes: dict[str, object]) -> ColorSpace:
    """Return what a header says of its color; without a word it is Rec. 709, as OpenEXR says."""
    told = {
        key: attributes[key] for key in ("colorInteropID", "chromaticities") if key in attributes
    }
    space = space_told(attributes)
    if told and space in (None, "camera"):
        _log.warning("%s: its color %s is taken for that of Rec. 709", path, told)
    return "acescg" if space == "acescg" else "rec709"


def _physical(path: Path, radiance: Radiance) -> Radiance:
    """Refuse what is not a number; lift what is below zero."""
    lost = ~np.isfinite(radiance).all(axis=2)
    if lost.any():
        y, x = np.argwhere(lost)[0]
        infinite = np.isinf(radiance).any(axis=2)
        what = (
            "they are infinite: 16-bit floats end at 65504. Export the map in 32 bits, or darker"
            if (infinite == lost).all()
            else "radiance is needed everywhere. Repair the map or export it in 32 bits"
        )
        raise FileError(
            f"{path}: {lost.sum()} pixels are not finite numbers, the first at column {x}, "
            f"row {y}; {what}."
        )
    below = radiance < 0
    if below.any():
        _log.warning(
            "%s: %d values below zero, down to %g, become 0", path, below.sum(), radiance.min()
        )
        radiance = np.maximum(radiance, np.float32(0))
    return radiance


def _tell_of_clipping(path: Path, radiance: Radiance, *, is_known: bool) -> None:
    """Warn of a map that looks as if its light sources were cut off at white."""
    peaks = radiance.max(axis=2)
    top = float(peaks.max(initial=0.0))
    share = float(np.mean(peaks >= _FULL * top)) if top > 0.0 else 0.0
    if is_known:
        _log.warning(
            "%s: a display picture is clipped at white; light sources in it are too dark (%.2f %% "
            "of the pixels are full)",
            path,
            100.0 * share,
        )
    elif 0.9 < top <= 1.0 + 1e-3 and _PLATEAU <= share < 1.0:
        _log.warning(
            "%s: it looks like a display picture: nothing is brighter than %.3g, and %.2f %% of "
            "the pixels are that bright; light sources are clipped, and light too little",
            path,
            top,
            100.0 * share,
        )
