"""A relightable card: the subject as a flat picture with normals, for any renderer."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from olat.errors import SolveError
from olat.export.card_blender import SCRIPT, blender_text
from olat.export.card_files import (
    BASE_COLOR,
    NORMAL,
    NORMAL_DIRECTX,
    ROUGHNESS,
    SPECULAR,
    Card,
)
from olat.export.card_gltf import gltf_text
from olat.export.card_maps import CardMaps, card_maps
from olat.export.card_materialx import materialx_text
from olat.export.card_usd import usd_text
from olat.export.source import Advance, ExportSource
from olat.io.display import write_png, write_png16
from olat.io.publish import publish_text
from olat.model.session import Camera
from olat.sensor.encoding import display_from_linear

logger = logging.getLogger(__name__)

TALL_M = 1.0
"""Height of a card whose true size nobody knows [m]."""
PARTS = 4


@dataclass(frozen=True)
class CardOptions:
    """What is written besides."""

    directx: bool = False
    """Whether normals with their green turned over are written too, for Unreal and 3ds Max."""


def write_card(
    source: ExportSource, folder: Path, options: CardOptions, advance: Advance
) -> list[Path]:
    """Write textures, and the card as ``.usda``, ``.mtlx``, ``.gltf`` and a Blender script.

    Parameters
    ----------
    source
        A processed camera with normals and Phong terms.
    folder
        Folder to fill.
    options
        What is written besides.
    advance
        Told after each of four parts.

    Returns
    -------
    files
        All that were written.

    Raises
    ------
    SessionError
        If normals or Phong terms were not made.
    SolveError
        If no pixel of the subject has both.

    Notes
    -----
    A card is flat: its normals shade it as the surface does, but it throws no shadows on itself
    and has no parallax. Camera and tangent space are the same, because it faces the camera.
    """
    matte, told_by = source.matte()
    phong = source.phong()
    try:
        maps = card_maps(phong, source.normals(), matte)
    except ValueError as error:
        raise SolveError(f"card: {error}. Look at the flags of the normals.") from error
    advance(1, PARTS)
    if maps.clipped > 0:
        logger.warning(
            "%.2g %% of the matte has an albedo outside of 0 to 1; base_color.png clips it.",
            100 * maps.clipped,
        )
    if matte is None:
        logger.warning("the card has no cut-out, told by %s.", told_by)
    level = max(float(maps.reflectance.max()), 1e-6)
    card = Card(source.session.name, *_size(source.session.camera(source.camera), maps), level)
    files = _write_textures(folder, maps, card, options)
    advance(2, PARTS)
    texts = {
        "card.usda": usd_text(card),
        "card.mtlx": materialx_text(card),
        "card.gltf": gltf_text(card),
        SCRIPT: blender_text(card),
    }
    for name, text in texts.items():
        files.append(folder / name)
        publish_text(files[-1], text)
    advance(PARTS, PARTS)
    return files


def _size(camera: Camera, maps: CardMaps) -> tuple[float, float]:
    """Return width and height of what the picture shows at the origin [m]."""
    tall, wide = maps.alpha.shape
    if camera.field_of_view_deg is None or camera.distance_m is None:
        logger.warning(
            "the card is made %g m tall: the session tells no field of view or distance.", TALL_M
        )
        return TALL_M * wide / tall, TALL_M
    width = 2.0 * camera.distance_m * math.tan(math.radians(camera.field_of_view_deg) / 2.0)
    return width, width * tall / wide


def _write_textures(folder: Path, maps: CardMaps, card: Card, options: CardOptions) -> list[Path]:
    alpha = np.rint(maps.alpha * 255).astype(np.uint8)[..., None]
    color = display_from_linear(maps.base_color)
    rough = np.rint(maps.roughness * 255).astype(np.uint8)
    nothing = np.zeros_like(rough)
    told = {"Comment": f"brightest code: a reflectance of {card.reflectance:.6g} along the normal"}
    write_png(folder / BASE_COLOR, np.concatenate([color, alpha], axis=2))
    # As glTF has it: red is free, green roughness, blue metal.
    write_png(folder / ROUGHNESS, np.dstack([nothing, rough, nothing]))
    specular = display_from_linear(maps.reflectance / np.float32(card.reflectance))
    write_png(folder / SPECULAR, specular, told=told)
    write_png16(folder / NORMAL, _codes(maps.normal))
    files = [BASE_COLOR, ROUGHNESS, SPECULAR, NORMAL]
    if options.directx:
        files.append(NORMAL_DIRECTX)
        turned = maps.normal * np.array([1, -1, 1], np.float32)
        write_png16(folder / NORMAL_DIRECTX, _codes(turned))
    return [folder / name for name in files]


def _codes(normals: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return 16-bit codes of unit vectors."""
    return np.rint((normals * 0.5 + 0.5) * 65535).astype(np.uint16)
