"""A field on disk in numbers and words, for those who find one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from olat.io.color_header import WORDS
from olat.io.field_file import open_field
from olat.model.flags import PixelFlag

if TYPE_CHECKING:
    from olat.model.field import ReflectanceField

ROWS = 32
"""Rows of every light that are looked at for flags, spread over the picture."""


@dataclass(frozen=True)
class FieldSummary:
    """What a field holds."""

    path: Path
    told: dict[str, Any]
    """By name: numbers, words, lists and tables of such."""

    @property
    def words(self) -> str:
        """The same as lines for people."""
        told = self.told
        held, of = told["lights_held"], told["lights_of_rig"]
        size = f"{told['width']} x {told['height']} px, {told['bytes'] / 1e6:,.0f} MB"
        lines = [
            f"{self.path}: reflectance field, schema {told['schema']}, written by olat "
            f"{told['olat']}",
            f"  session {told['session']!r}, camera {told['camera']!r}, rig {told['rig']!r}",
            f"  {held} of {of} lights, {size}, half precision (light, channel, y, x)",
        ]
        if told["missing_lights"]:
            numbers = ", ".join(map(str, told["missing_lights"][:12]))
            more = " ..." if len(told["missing_lights"]) > 12 else ""
            lines.append(f"  no frame of light {numbers}{more}: others stand for their parts")
        lines.append(f"  color: {told['color']}")
        lines.append(f"  scale: {told['scale']}")
        lines.append(f"  frame: {told['frame']}")
        lines.append(f"  lights cover {100 * told['covered']:.0f} % of the sphere")
        shares = [f"{name} {100 * share:.2g} %" for name, share in told["flags"].items()]
        lines.append(f"  flags (of a sample of rows): {', '.join(shares) or 'none'}")
        moved = "told for each pixel" if told["has_confidence"] else "nothing was moved"
        lines.append(f"  confidence of motion: {moved}")
        return "\n".join(lines)


def summary_of_field(path: Path) -> FieldSummary:
    """Look at a field: its document, its files, and a sample of its flags.

    Raises
    ------
    FileError
        If it is none, is of another schema, or a plane is missing or torn.
    """
    field = open_field(path)
    header = field.header
    attributes = json.loads((path / "zarr.json").read_bytes())["attributes"]
    missing = sorted(set(range(header.rows)) - set(header.lights))
    files = [place for place in path.rglob("*") if place.is_file()]
    told = {
        "schema": attributes["schema"],
        "olat": attributes["olat"],
        "session": header.session,
        "camera": header.camera,
        "rig": header.rig.name,
        "height": header.height,
        "width": header.width,
        "bytes": sum(place.stat().st_size for place in files),
        "lights_held": len(header.lights),
        "lights_of_rig": header.rows,
        "missing_lights": missing,
        "color": WORDS[header.space],
        "scale": attributes["scale"],
        "frame": attributes["frame"],
        "covered": float(header.solid_angles.sum() / (4.0 * np.pi)),
        "flags": _flag_shares(field),
        "has_confidence": bool(field.confidence_planes),
    }
    return FieldSummary(path, told)


def _flag_shares(field: ReflectanceField) -> dict[str, float]:
    """Return the share of readings that each flag is on, in a sample of rows."""
    _, height, _ = field.shape
    rows = np.unique(np.linspace(0, height - 1, min(ROWS, height)).astype(int))
    counts = np.zeros(256, np.int64)
    for plane in field.flag_planes:
        counts += np.bincount(np.asarray(plane[rows]).ravel(), minlength=256)
    total = max(int(counts.sum()), 1)
    codes = np.arange(256)
    shares = {flag.name or "": counts[codes & flag > 0].sum() / total for flag in PixelFlag}
    return {name: float(share) for name, share in shares.items() if share}
