"""What a picture says of itself, in words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

LIGHT_FILES = {".lp", ".txt", ".csv", ".tsv", ".npy", ".npz", ".json", ".dome", ".pc"}
"""What light files are called; `olat lights` reads them."""
ALWAYS = {
    "dataWindow",
    "displayWindow",
    "compression",
    "lineOrder",
    "pixelAspectRatio",
    "screenWindowCenter",
    "screenWindowWidth",
    "type",
}
"""Entries that every EXR file has."""


def exr_words(path: Path) -> str:
    """Describe an EXR file: its size, its channels, and what its header says besides."""
    from olat.io.exr import read_exr

    channels, header = read_exr(path)
    height, width = next(iter(channels.values())).shape
    how = _value(header["compression"]).removesuffix("_COMPRESSION").lower()
    lines = [
        f"{path}: EXR of {width} x {height} px, compression {how}",
        f"  channels: {', '.join(channels)}",
    ]
    squeeze = header.get("pixelAspectRatio", 1.0)
    if squeeze != 1.0:
        lines.append(f"  pixel aspect ratio: {_value(squeeze)}")
    lines += [f"  {name}: {_value(header[name])}" for name in sorted(header.keys() - ALWAYS)]
    return "\n".join(lines)


def png_words(path: Path) -> str:
    """Describe a PNG: its size, and what it says."""
    from olat.io.png_text import read_text

    (height, width), told = read_text(path)
    lines = [f"{path}: PNG of {width} x {height} px"]
    lines += [f"  {name.lower()}: {words}" for name, words in told.items()]
    if not told:
        lines.append("  no receipt lies beside it, and it says nothing about what made it")
    return "\n".join(lines)


def environment_words(path: Path) -> str:
    """Describe an environment map: its size, and the light that it holds."""
    from olat.io.environment_file import read_environment

    map_ = read_environment(path)
    height, width = map_.radiance.shape[:2]
    return (
        f"{path}: environment map of {width} x {height} px, color {map_.space}, radiance up to "
        f"{map_.radiance.max():g}"
    )


def lights_words(path: Path) -> str:
    """Describe a light file as `olat lights show` does."""
    from olat.api.lights import open_lights, summary_of_lights
    from olat.cli.lights_report import facts

    lights = open_lights(path)
    lines = [f"{path}: {len(lights.rig)} lights ({lights.source})"]
    told = facts(summary_of_lights(lights.rig)) if lights.rig.is_located else []
    return "\n".join([*lines, *(f"  {words}" for words in told)])


def _value(value: Any) -> str:
    """Return an entry of a header as people write it."""
    if hasattr(value, "tolist"):  # an array, or a number of NumPy
        return _value(value.tolist())
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return ", ".join(map(_value, value))
    return str(getattr(value, "name", value))  # one of a few, such as ZIP_COMPRESSION
