"""What is compared: a file or an array, its layer, and what kind of picture that is."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from olat.errors import UsageError

if TYPE_CHECKING:
    from olat.io.picture_layers import Layer, PictureLayers
    from olat.model.color import ColorSpace

Source: TypeAlias = str | Path | np.ndarray
Kind: TypeAlias = Literal["picture", "normals", "albedo", "number", "environment", "mask"]
KINDS: tuple[Kind, ...] = ("picture", "normals", "albedo", "number", "environment", "mask")

_FIRST = ("", "albedo", "N", "normals", "normal", "Z", "depth")
"""Layers that are compared if none is named, the first that is there."""
_BESIDE = frozenset({"confidence", "flags", "variance"})
"""Layers that say something about others."""


@dataclass(frozen=True)
class Compared:
    """One of the two pictures."""

    name: str
    pixels: np.ndarray[Any, Any]
    """``h w`` or ``h w 3``, float64; linear, or codes over white."""
    kind: Kind
    """What it looks like."""
    layer: str = ""
    is_coded: bool = False
    """Whether values are codes over white."""
    space: ColorSpace | None = None
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> str:
        """Width and height in words."""
        height, width = self.pixels.shape[:2]
        return f"{width} x {height}"


def opened(source: Source, layer: str | None, which: str) -> Compared:
    """Read a picture, or take an array: integers as codes, floats as linear."""
    if isinstance(source, np.ndarray):
        return _array(source, which)
    from olat.io.picture_layers import read_layers

    path = Path(source)
    found = read_layers(path)
    name = _chosen(path, found, layer)
    picked = found.layers[name]
    return Compared(
        name=str(path),
        pixels=np.asarray(picked.pixels, np.float64),
        kind=_kind(name, picked, len(found.layers) > 1),
        layer=name,
        is_coded=found.encoding == "codes",
        space=found.space,
        notes=tuple(f"{path}: {note}" for note in found.notes),
    )


def _array(pixels: np.ndarray[Any, Any], which: str) -> Compared:
    if not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)) or not pixels.size:
        raise UsageError(
            f"{which}: an array of shape {pixels.shape}; (height, width) or (height, width, 3) is "
            "needed. Compare pictures one by one."
        )
    if pixels.dtype == bool:
        return Compared(which, pixels.astype(np.float64), "mask", is_coded=True)
    if np.issubdtype(pixels.dtype, np.integer):
        white = float(np.iinfo(pixels.dtype).max)
        return Compared(which, pixels / white, "picture", is_coded=True)
    return Compared(which, pixels.astype(np.float64), "picture")


def _chosen(path: Path, found: PictureLayers, layer: str | None) -> str:
    """Return the name of the layer that is asked for, or that it must be."""
    names = list(found.layers)
    told = ", ".join(repr(name) if name else "one without a name" for name in names)
    if layer is not None:
        if layer in names:
            return layer
        near = difflib.get_close_matches(layer, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"{path}: it has no layer {layer!r}; there are {told}.{hint}")
    for name in _FIRST:
        if name in names:
            return name
    left = [name for name in names if name.partition(".")[0] not in _BESIDE]
    if len(left) == 1:
        return left[0]
    raise UsageError(f"{path}: it has several layers, {told}. Say which with --layer.")


def _kind(name: str, layer: Layer, has_others: bool) -> Kind:
    """Return what a layer shows, by its channels and its name."""
    last = name.rpartition(".")[2].lower()
    if layer.letters == "XYZ":
        lengths = np.linalg.norm(layer.pixels, axis=-1)
        known = np.isfinite(lengths) & (lengths > 0.0)
        is_unit = bool(known.any()) and bool(np.abs(lengths[known] - 1.0).max() < 0.05)
        return "normals" if is_unit else "picture"
    if layer.letters == "RGB":
        return "albedo" if "albedo" in last or last in {"specular", "diffuse"} else "picture"
    return "number" if name or has_others else "picture"
