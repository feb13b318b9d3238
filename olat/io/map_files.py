"""Products as OpenEXR files with a display picture beside each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from olat.errors import FileError
from olat.io.color_header import DATA, color_attributes, space_told
from olat.io.contact_sheet import DisplayPicture
from olat.io.display import (
    picture_from_lobes,
    picture_from_normals,
    picture_from_phong,
    picture_from_radiance,
    picture_of_tracking,
    write_png,
)
from olat.io.exr import Attribute, read_exr, write_exr
from olat.model.color import ColorSpace
from olat.model.image import RadianceImage
from olat.model.maps import LobeMaps, NormalMap, PhongMaps
from olat.model.motion import TrackingFlow
from olat.model.shapes import Plane, Radiance
from olat.surface.lobe_maps import mean_lobes
from olat.surface.roughness import roughness_of_phong

_FRAME = "world: right-handed, +x image right, +y up, +z to the reference camera"
_SCALE = "a white Lambert patch facing a light of intensity 1 reads 1.0 under that light"


def write_normals(path: Path, normals: NormalMap, attributes: Mapping[str, Attribute]) -> None:
    """Write ``N.X N.Y N.Z``, ``confidence.Y``, ``flags.Y`` and a display picture."""
    channels = {
        **_split("N.", "XYZ", normals.normals),
        "confidence.Y": normals.confidence,
        "flags.Y": normals.flags.astype(np.float32),
    }
    own: dict[str, Attribute] = {
        **DATA,
        "olat/frame": _FRAME,
        "olat/scale": "unit vectors; zero where unknown",
    }
    if normals.mean_depth_m is not None:
        own["olat/meanDepth"] = normals.mean_depth_m
    write_exr(path, channels, attributes={**own, **attributes})
    _write_display(path, picture_from_normals(normals))


def read_normals(path: Path) -> NormalMap:
    """Read what `write_normals` wrote; `FileError` if it is something else."""
    channels, attributes = read_exr(path)
    _require(path, channels, ("N.X", "N.Y", "N.Z", "confidence.Y", "flags.Y"))
    told = attributes.get("olat/meanDepth")
    return NormalMap(
        _joined(channels, "N.", "XYZ"),
        channels["confidence.Y"],
        _flags(channels["flags.Y"]),
        float(str(told)) if told is not None else None,
    )


def write_phong(path: Path, phong: PhongMaps, attributes: Mapping[str, Attribute]) -> None:
    """Write ``albedo``, ``specular``, ``exponent``, ``roughness``, and a display picture.

    Where normals were refined with the terms they are there too, as ``N.X N.Y N.Z`` and
    ``N.confidence``, and where flat light was at hand, ``openness.Y``.

    Notes
    -----
    ``roughness.Y`` is that of `olat.surface.roughness.roughness_of_phong`; it is not read back.
    """
    channels = {
        **_split("albedo.", "RGB", phong.diffuse_albedo),
        **_split("specular.", "RGB", phong.specular_albedo),
        "exponent.Y": phong.exponent,
        "roughness.Y": roughness_of_phong(phong.exponent),
        "confidence.Y": phong.confidence,
        "flags.Y": phong.flags.astype(np.float32),
    }
    own = _color(phong.space)
    if phong.normals is not None:
        channels |= _split("N.", "XYZ", phong.normals)
        own["olat/frame"] = _FRAME
    if phong.normal_confidence is not None:
        channels["N.confidence"] = phong.normal_confidence
    if phong.openness is not None:
        channels["openness.Y"] = phong.openness
    write_exr(path, channels, attributes={**own, **attributes})
    _write_display(path, picture_from_phong(phong))


def read_phong(path: Path) -> PhongMaps:
    """Read what `write_phong` wrote; `FileError` if it is something else."""
    colors = [f"{layer}.{color}" for layer in ("albedo", "specular") for color in "RGB"]
    channels, attributes = read_exr(path)
    _require(path, channels, (*colors, "exponent.Y", "confidence.Y", "flags.Y"))
    return PhongMaps(
        diffuse_albedo=_joined(channels, "albedo.", "RGB"),
        specular_albedo=_joined(channels, "specular.", "RGB"),
        exponent=channels["exponent.Y"],
        confidence=channels["confidence.Y"],
        flags=_flags(channels["flags.Y"]),
        space=space_told(attributes) or "camera",
        normals=_joined(channels, "N.", "XYZ") if "N.X" in channels else None,
        normal_confidence=channels.get("N.confidence"),
        openness=channels.get("openness.Y"),
    )


def write_lobes(path: Path, lobes: LobeMaps, attributes: Mapping[str, Attribute]) -> None:
    r"""Write ``integral`` and ``moment`` of each channel, what they mean, and a display picture.

    Where channels have lobes of their own, there are ``momentX``, ``momentY`` and ``momentZ``.
    ``axis`` and ``exponent`` follow from them, for eyes and other programs: of the mean lobe.
    """
    mean = mean_lobes(lobes)
    layers = (
        {"moment.": lobes.moment}
        if lobes.is_shared
        else {f"moment{axis}.": lobes.moment[..., k] for k, axis in enumerate("XYZ")}
    )
    channels = {
        **_split("integral.", "RGB", lobes.integral),
        **_split("axis.", "XYZ", mean.axis),
        "exponent.Y": mean.exponent("hemispherical"),
        "confidence.Y": lobes.confidence,
        "flags.Y": lobes.flags.astype(np.float32),
    }
    for layer, moment in layers.items():
        channels |= _split(layer, "RGB", moment)
    if lobes.spread is not None:
        channels |= {"spread.major": lobes.spread[..., 0], "spread.minor": lobes.spread[..., 1]}
    own: dict[str, Attribute] = {
        **color_attributes(lobes.space),
        "olat/frame": _FRAME,
        "olat/scale": "integrals over the sphere of light [sr]; white is pi",
        # As text: a number in a header has single precision.
        "olat/shadowFloor": repr(lobes.shadow_floor),
        "olat/blur": repr(lobes.blur_px),
    }
    if lobes.primaries is not None:
        own["olat/primaries"] = " ".join(map(repr, lobes.primaries.ravel().tolist()))
    write_exr(path, channels, attributes={**own, **attributes})
    _write_display(path, picture_from_lobes(lobes, mean))


def read_lobes(path: Path) -> LobeMaps:
    """Read what `write_lobes` wrote; `FileError` if it is something else."""
    channels, attributes = read_exr(path)
    layers = ["moment."] if "moment.R" in channels else [f"moment{axis}." for axis in "XYZ"]
    colors = [f"{layer}{color}" for layer in ("integral.", *layers) for color in "RGB"]
    _require(path, channels, (*colors, "confidence.Y", "flags.Y"))
    _require(path, attributes, ("olat/shadowFloor", "olat/blur"))
    moments = [_joined(channels, layer, "RGB") for layer in layers]
    mixing = str(attributes.get("olat/primaries", "")).split()
    spread = [channels[name] for name in ("spread.major", "spread.minor") if name in channels]
    return LobeMaps(
        integral=_joined(channels, "integral.", "RGB"),
        moment=moments[0] if len(moments) == 1 else np.stack(moments, axis=-1),
        confidence=channels["confidence.Y"],
        flags=_flags(channels["flags.Y"]),
        space=space_told(attributes) or "camera",
        primaries=np.array(mixing, dtype=float).reshape(3, 3) if mixing else None,
        spread=np.stack(spread, axis=-1) if len(spread) == 2 else None,
        shadow_floor=float(str(attributes["olat/shadowFloor"])),
        blur_px=float(str(attributes["olat/blur"])),
    )


def write_radiance(path: Path, image: RadianceImage, attributes: Mapping[str, Attribute]) -> None:
    """Write ``R G B``, ``flags.Y`` and a display picture; noise and negatives are kept.

    Where the variance is known it is there too, as ``variance.R variance.G variance.B``, and where
    the frame was moved, the trust in its motion as ``confidence.Y``.
    """
    channels = {
        **_split("", "RGB", image.radiance),
        "flags.Y": image.flags.astype(np.float32),
    }
    if image.variance is not None:
        channels |= _split("variance.", "RGB", image.variance)
    if image.confidence is not None:
        channels["confidence.Y"] = image.confidence
    own = {**_color(image.space), **attributes}
    write_exr(path, channels, attributes=own, compression="piz")
    _write_display(path, picture_from_radiance(image.radiance, space=image.space))


def write_relit(
    path: Path,
    radiance: Radiance,
    attributes: Mapping[str, Attribute],
    *,
    space: ColorSpace = "camera",
    layers: Mapping[str, Radiance] | None = None,
) -> None:
    """Write ``R G B`` of a relit picture, and layers of its light groups if there are any."""
    scale = (
        "a white Lambert patch reads 1.0 facing the stated distant light, or under a uniform "
        "environment of radiance 1"
    )
    own = {**_color(space), "olat/scale": scale}
    channels = _split("", "RGB", radiance)
    for name, picture in (layers or {}).items():
        channels |= _split(f"{name}.", "RGB", picture)
    write_exr(path, channels, attributes={**own, **attributes}, half=True)


def read_radiance(path: Path) -> RadianceImage:
    """Read what `write_radiance` wrote; `FileError` if it is something else."""
    channels, attributes = read_exr(path)
    _require(path, channels, ("R", "G", "B", "flags.Y"))
    return RadianceImage(
        _joined(channels, "", "RGB"),
        _flags(channels["flags.Y"]),
        _joined(channels, "variance.", "RGB") if "variance.R" in channels else None,
        space_told(attributes) or "camera",
        channels.get("confidence.Y"),
    )


def write_flow(path: Path, flow: TrackingFlow, attributes: Mapping[str, Attribute]) -> None:
    """Write ``flow.X flow.Y``, ``confidence.Y`` and a display picture."""
    channels = {**_split("flow.", "XY", flow.flow), "confidence.Y": flow.confidence}
    own = {
        **DATA,
        "olat/frame": "pixels of the full-size frame, +x right, +y down, from reference to moving",
        "olat/fullHeight": flow.shape[0],
        "olat/fullWidth": flow.shape[1],
    }
    write_exr(path, channels, attributes={**own, **attributes})
    _write_display(path, picture_of_tracking(flow))


def read_flow(path: Path) -> TrackingFlow:
    """Read what `write_flow` wrote; `FileError` if it is something else."""
    names = ("flow.X", "flow.Y", "confidence.Y")
    channels, attributes = read_exr(path)
    _require(path, channels, names)
    _require(path, attributes, ("olat/fullHeight", "olat/fullWidth"))
    height, width = (int(str(attributes[f"olat/full{side}"])) for side in ("Height", "Width"))
    return TrackingFlow(_joined(channels, "flow.", "XY"), channels["confidence.Y"], (height, width))


def _color(space: ColorSpace) -> dict[str, Attribute]:
    """Return the header of radiance and albedo."""
    return {**color_attributes(space), "olat/scale": _SCALE}


def _split(layer: str, letters: str, pixels: Radiance) -> dict[str, Plane]:
    """Return one plane a letter."""
    return {f"{layer}{letter}": pixels[..., k] for k, letter in enumerate(letters)}


def _joined(channels: Mapping[str, Plane], layer: str, letters: str) -> Any:
    """Stack the planes of a layer along the last axis."""
    return np.stack([channels[f"{layer}{letter}"] for letter in letters], axis=-1)


def _flags(plane: Plane) -> Any:
    """Return flag bits from the floats that they are stored as."""
    return plane.astype(np.uint8)


def _require(path: Path, found: Mapping[str, object], names: tuple[str, ...]) -> None:
    """Refuse a file of some other kind."""
    missing = [name for name in names if name not in found]
    if missing:
        raise FileError(
            f"{path}: {', '.join(missing)} missing; the file holds {', '.join(found)}. "
            "Was it written by another program? Run `olat process` again."
        )


def _write_display(path: Path, picture: DisplayPicture) -> None:
    """Write the picture of a map beside it."""
    write_png(path.with_suffix(".png"), picture)
