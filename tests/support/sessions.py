"""Simulated sessions that several tests look at, and measures of what was made of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from olat.model.maps import NormalMap
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from olat.synthetic.truth import SyntheticTruth

CLEAN = {"noise": False, "blur_px": 0.0, "vignetting": 0.0, "sway_px": 0.0, "near_lights": False}
"""A stage that differs from the model of the solves in nothing but what a test changes."""


def simulated(folder: Path, **changes: object) -> SyntheticTruth:
    """Write a session and return its truth."""
    return write_session(folder, SyntheticStage.model_validate(changes))


def studio(**changes: object) -> SyntheticStage:
    """Return the studio, which has every target and every imperfection, with some changes."""
    stage = SyntheticStage.preset("studio").model_dump()
    for table in ("targets", "imperfections"):
        stage[table] |= changes.pop(table, {})
    return SyntheticStage.model_validate(stage | changes)


def normal_error_deg(found: NormalMap, truth: SyntheticTruth, *, margin: int = 0) -> np.ndarray:
    """Return the angle between found and true normals where both exist [degree].

    ``margin`` leaves out the outline, where demosaicing mixes subject and background [px].
    """
    square = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
    inside = cv2.erode(truth.mask.astype(np.uint8), square, borderValue=0) > 0
    both = inside & found.normals.any(axis=2)
    cosine = np.einsum("pc,pc->p", found.normals[both], truth.normals[both])
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def without_tracking(session: Path, folder: Path) -> Path:
    """Return a session on the same photographs that has no tracking frames."""
    text = (session / "session.toml").read_text(encoding="utf-8")
    for old, new in (
        ('tracking = "', 'skip = "'),
        ("tracking = 0", "# tracking = 0"),
        ('"raw/', f'"{session}/raw/'),
        ('"lights.csv"', f'"{session}/lights.csv"'),
    ):
        assert old in text
        text = text.replace(old, new)
    folder.mkdir(parents=True)
    (folder / "session.toml").write_text(text, encoding="utf-8")
    return folder


def psnr_db(found: np.ndarray, truth: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio; the peak is the 99.9th percentile of the truth."""
    peak = np.percentile(truth, 99.9)
    return float(10.0 * np.log10(peak**2 / np.mean((found - truth) ** 2)))
