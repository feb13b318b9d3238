"""How well a calibration fits, as a table that people read."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from olat.api.certification import Certified

UNITS = {
    "percent": "%",
    "px": "px",
    "deg": "deg",
    "dn": "DN",
    "s": "s",
    "mm": "mm",
    "milliradii": "1/1000 radius",
}
"""Unit by the last word of a residual's name."""
WORDS = {
    "rms_px": "reprojection",
    "pose_rms_px": "reprojection, of poses",
    "gain_fit_percent": "photon-transfer fit",
    "mean_delta_e_2000": "color error, mean (CIEDE2000)",
    "max_delta_e_2000": "color error, largest (CIEDE2000)",
    "gray_row_r2": "gray row, r2",
    "outline_rms_px": "outline of the mirror ball",
    "gray_outline_rms_px": "outline of the gray ball",
    "mean_sigma_deg": "directions, uncertainty",
    "mean_from_plan_deg": "directions, off the light file",
    "mean_pose_spread_deg": "directions, spread of places",
    "mirror_rms": "mirror against gray ball",
    "dark_over_black_dn": "dark over black level",
    "linear_to_dn": "linear up to",
    "focal_sigma_px": "focal length, uncertainty",
    "center_sigma_px": "principal point, uncertainty",
    "turn_deg": "views, turned by up to",
    "led_condition": "LEDs, condition of their matrix",
    "led_leak_percent": "LEDs, light in other channels",
    "highlight_sigma_px": "highlights, uncertainty",
    "off_mirror_lights": "lights read off the mirror ball",
    "mean_relative_sigma": "intensities, uncertainty",
    "struck_readings": "readings struck out",
}
"""Residuals that their names do not tell well enough."""


def fit_words(item: Certified, *, judged_only: bool = False) -> str:
    """Say what is on the shelf and how well it fits, a line a residual; judged ones come first."""
    since = item.document.parent.name
    judged = [name for name in item.residuals if name in item.limits]
    rest = [name for name in item.residuals if name not in item.limits]
    names = judged if judged_only else [*judged, *rest]
    lines = [f"{item.kind} of {item.device}, from {since} on"]
    lines += [f"  {part} were not measured: those of the light file" for part in item.unmeasured]
    lines += [_line(name, item.residuals[name], item.limits.get(name)) for name in names]
    return "\n".join(lines)


def place_words(document: Path) -> str:
    """Return a path, from here where it lies below."""
    here = Path.cwd()
    path = document.absolute()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)


def _line(name: str, value: float, limit: float | None) -> str:
    whole, point, fraction = _number(value).partition(".")
    told = f"  {_words(name):<32}{whole:>7}{point}{fraction}"
    unit = _unit(name)
    if limit is None:
        return f"{told:<46} {unit}".rstrip()
    within = "" if value <= limit else ", exceeded"
    return f"{told:<46} {unit:<8} (limit {f'{limit:g} {unit}'.rstrip()}{within})"


def _number(value: float) -> str:
    """Return three digits, or all of a whole or large number."""
    if not math.isfinite(value) or value == round(value) or abs(value) >= 1000.0:
        return f"{value:.0f}"
    if abs(value) < 1e-3 or round(value, 2) == 1.0:  # what matters of 0.99999 is the last digit
        return f"{value:.6f}"
    return f"{value:#.3g}".rstrip(".")


def _words(name: str) -> str:
    if name in WORDS:
        return WORDS[name]
    words = name.split("_")
    return " ".join(words[:-1] if words[-1] in UNITS else words)


def _unit(name: str) -> str:
    return UNITS.get(name.rpartition("_")[2], "")
