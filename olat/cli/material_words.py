"""What a measured material is, in words."""

from __future__ import annotations

from pathlib import Path

TILTS_DEG = (0.0, 45.0, 75.0)
"""Of the camera [degree]."""


def merl_words(path: Path) -> str:
    """Describe a MERL material: how much was measured, and how much light it reflects."""
    from olat.io.merl_file import read_merl
    from olat.surface.merl_albedo import reflected_share

    table = read_merl(path)
    measured = table.is_measured
    lines = [
        f"{path}: MERL material on a grid of {' x '.join(map(str, measured.shape))} angles",
        f"  measured: {int(measured.sum()):,} of {measured.size:,} cells",
    ]
    for tilt in TILTS_DEG:
        share, missing = reflected_share(table, tilt_deg=tilt)
        told = " ".join(f"{part:.3f}" for part in share)
        left_out = f"; {100 * missing:.2g} % of the light was not measured" if missing else ""
        lines.append(f"  seen at {tilt:g} degrees it reflects of even light {told}{left_out}")
    return "\n".join(lines)
