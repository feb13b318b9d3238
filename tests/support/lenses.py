"""Lenses with every kind of distortion."""

from __future__ import annotations

import numpy as np

from olat.model.calibration import LensCalibration

MATRIX = np.array([[520.0, 0.0, 318.0], [0.0, 524.0, 243.0], [0.0, 0.0, 1.0]])
LENSES = {
    "none": (),
    "barrel": (-0.28, 0.06, 0.001, -0.0005),
    "pincushion": (0.12, 0.05, -0.002, 0.001, 0.03),
    "rational": (0.4, -0.1, 0.001, 0.0005, 0.01, 0.7, -0.02, 0.02),
    "prism": (-0.2, 0.1, 0.001, 0.0, 0.0, 0.1, 0.0, 0.0, 0.002, -0.001, 0.001, 0.003),
}


def lens_of(name, matrix=MATRIX, height=480, width=640, **pose):
    return LensCalibration(matrix, np.array(LENSES[name]), height, width, **pose)
