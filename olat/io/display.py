"""Pictures for eyes: what displays show, and masks that people paint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import imageio.v3 as iio
import numpy as np
from jaxtyping import UInt8, UInt16

from olat.errors import FileError
from olat.io.contact_sheet import DisplayPicture, labelled, panel_sized
from olat.io.photograph import read_photograph
from olat.io.picture_frame import fitted_words
from olat.io.png_text import with_text
from olat.io.publish import publish_bytes
from olat.io.rig_canvas import Canvas
from olat.model.color import ColorSpace
from olat.model.image import RawMosaic
from olat.model.maps import LobeMaps, NormalMap, PhongMaps
from olat.model.motion import TrackingFlow
from olat.model.shapes import Array, Flow, Mask, Plane, Radiance
from olat.sensor.encoding import display_from_linear
from olat.sensor.working_space import converted
from olat.surface.cosine_lobe import CosineLobes

_EXPONENTS = (1.0, 1000.0)
"""Range of the color scale of exponents."""
_FLOW_LONGEST = 1024
"""Longer side of the picture of a flow [px]."""


def write_png(
    path: Path, picture: UInt8[Array, "h w channel"], *, told: Mapping[str, str] | None = None
) -> None:
    """Write a display picture, RGB or RGB and alpha, whole or not at all.

    What is told about it goes into the file, by PNG's keywords, such as ``Description``.
    """
    content = iio.imwrite("<bytes>", picture, extension=".png")
    publish_bytes(path, with_text(content, told or {}))


def write_png16(path: Path, codes: UInt16[Array, "h w 3"]) -> None:
    """Write a 16-bit RGB picture, whole or not at all."""
    done, content = cv2.imencode(".png", codes[..., ::-1])
    if not done:
        raise ValueError(f"{path}: codes of {codes.shape} make no PNG")
    publish_bytes(path, content.tobytes())


def read_mask(path: Path) -> Mask:
    """Read a picture that is bright inside the subject.

    Parameters
    ----------
    path
        Any picture; inside is what exceeds half of full scale (of 1 for floats) in any channel.

    Raises
    ------
    FileError
        If the file is not a picture.
    """
    picture = read_photograph(path)
    if isinstance(picture, RawMosaic):
        raise FileError(f"{path}: this is a camera RAW file; a painted mask is needed.")
    codes = picture.codes if picture.codes.ndim == 2 else picture.codes.max(axis=2)
    white = picture.white if np.isfinite(picture.white) else 1.0
    return np.asarray(codes > white / 2)


def picture_from_radiance(
    radiance: Radiance, exposure: float | None = None, *, space: ColorSpace = "camera"
) -> DisplayPicture:
    """Show radiance on an sRGB display.

    Parameters
    ----------
    radiance
        Linear [diffuse white = 1].
    exposure
        Multiplies radiance; by default it brings the 99th percentile of the lit part to 0.8 of
        display white.
    space
        What its red, green and blue are; a camera's own are shown as they are.
    """
    shown = converted(radiance, source=space, target="rec709")
    factor = auto_exposure(shown) if exposure is None else exposure
    return display_from_linear(shown * np.float32(factor))


def picture_from_normals(normals: NormalMap) -> DisplayPicture:
    """Show x, y, z from -1 to 1 as red, green, blue from 0 to 255; unknown is black."""
    known = np.any(normals.normals != 0, axis=2, keepdims=True)
    codes = np.rint((normals.normals * 0.5 + 0.5).clip(0, 1) * 255)
    return np.where(known, codes, 0).astype(np.uint8)


def picture_from_phong(phong: PhongMaps) -> DisplayPicture:
    """Show the terms of a Phong fit in four labelled panels; where nothing is known is black."""
    known = phong.confidence > 0
    cells = [
        _color_panel("albedo", phong.diffuse_albedo, phong.space),
        _color_panel("specular", phong.specular_albedo, phong.space),
        _number_panel("exponent 1 .. 1000, log", _exponent_level(phong.exponent), known),
        _number_panel("confidence 0 .. 1", phong.confidence, known),
    ]
    return np.vstack([np.hstack(cells[:2]), np.hstack(cells[2:])])


def picture_from_lobes(maps: LobeMaps, lobes: CosineLobes) -> DisplayPicture:
    """Show full-on light and one lobe a pixel in four labelled panels; unknown is black."""
    known = (maps.confidence > 0) & lobes.axis.any(axis=-1)
    axes = NormalMap(lobes.axis * known[..., np.newaxis], maps.confidence, maps.flags)
    exponent = np.asarray(lobes.exponent("hemispherical"))
    cells = [
        _color_panel("light from everywhere", maps.integral / np.float32(np.pi), maps.space),
        labelled("axis", panel_sized(picture_from_normals(axes))),
        _number_panel("exponent 1 .. 1000, log", _exponent_level(exponent), known),
        _number_panel("confidence 0 .. 1", maps.confidence, known),
    ]
    return np.vstack([np.hstack(cells[:2]), np.hstack(cells[2:])])


def picture_from_exponent(phong: PhongMaps) -> DisplayPicture:
    """Show exponents on a logarithmic scale in perceptually even colors; unknown is black."""
    known = (phong.confidence > 0)[..., None]
    return np.where(known, _even_colors(_exponent_level(phong.exponent)), 0).astype(np.uint8)


def picture_of_tracking(tracking: TrackingFlow) -> DisplayPicture:
    """Show motion like `picture_from_flow`, in one size however fine it was solved.

    Where nothing moves at all, as in the reference itself, it is white and says so.
    """
    tall, wide = tracking.shape
    shrink = min(_FLOW_LONGEST / max(tall, wide), 1.0)
    height, width = max(round(tall * shrink), 1), max(round(wide * shrink), 1)
    picture = picture_from_flow(tracking.flow, tracking.confidence)
    canvas = Canvas(width, height)
    method = cv2.INTER_AREA if width < picture.shape[1] else cv2.INTER_NEAREST
    canvas.picture[:] = cv2.resize(picture, (width, height), interpolation=method)
    if not tracking.flow.any():
        words, middle = "no motion from the reference", (width / 2.0, height / 2.0)
        style = {"color": (0, 0, 0), "anchor": (0.5, 0.5)}
        fitted_words(canvas, words, middle, size=24, width=0.9 * width, **style)
    return canvas.picture


def picture_from_flow(flow: Flow, confidence: Plane) -> DisplayPicture:
    """Show direction of motion as hue, length as saturation, and confidence as brightness.

    Full is the 99th percentile of where motion is known: beside the subject it is not, and black.
    """
    length = np.hypot(flow[..., 0], flow[..., 1])
    sure = length[confidence > 0.5]
    reach = max(float(np.percentile(sure, 99)) if sure.size else 0.0, 1e-6)
    hue = np.rad2deg(np.arctan2(flow[..., 1], flow[..., 0])) % 360.0
    hsv = np.dstack([hue, (length / reach).clip(0, 1), confidence.clip(0, 1)])
    colors = cv2.cvtColor(hsv.astype(np.float32), cv2.COLOR_HSV2RGB)
    return np.rint(colors * 255).astype(np.uint8)


def auto_exposure(radiance: Radiance) -> float:
    """Return the factor that brings the 99th percentile of the lit part to 0.8."""
    # A sample of rows and columns suffices for a percentile.
    step = max(1, max(radiance.shape[:2]) // 1024)
    peaks = np.nan_to_num(radiance[::step, ::step], posinf=0.0, neginf=0.0).max(axis=2)
    lit = peaks[peaks > 0.02 * peaks.max(initial=0.0)]
    return 0.8 / float(np.percentile(lit, 99)) if lit.size else 1.0


def _color_panel(name: str, color: Radiance, space: ColorSpace) -> DisplayPicture:
    """Show a linear color, and by how much it was brightened."""
    exposure = auto_exposure(color)
    picture = picture_from_radiance(color, exposure, space=space)
    return labelled(f"{name} x {exposure:.2g}", panel_sized(picture))


def _number_panel(name: str, level: Plane, known: Mask) -> DisplayPicture:
    """Show numbers from 0 to 1 in perceptually even colors beside their scale."""
    picture = panel_sized(np.where(known[..., None], _even_colors(level), 0).astype(np.uint8))
    panel = labelled(name, picture)
    width = panel.shape[1] // 4
    panel[6:18, -width - 6 : -6] = _even_colors(np.linspace(0, 1, width)[None])
    return panel


def _exponent_level(exponent: Plane) -> Plane:
    """Return where exponents lie on the color scale, 0 to 1."""
    low, high = np.log(_EXPONENTS)
    return np.asarray((np.log(np.maximum(exponent, 1e-6)) - low) / (high - low))


def _even_colors(level: np.ndarray[Any, Any]) -> DisplayPicture:
    """Return the viridis color of numbers from 0 to 1."""
    codes = np.rint(np.nan_to_num(level).clip(0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.applyColorMap(codes, cv2.COLORMAP_VIRIDIS)[..., ::-1])
