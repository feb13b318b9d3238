"""What was measured about a sensor, its colors, its lens and the lights.

Each calibration is made by a pipeline from photographs of targets, and holds `residuals`: how well
the measurement fits what it was made from, by name with the unit in it (``rms_px``,
``mean_angle_deg``, ``mean_delta_e_2000``). Where it came from and when it holds is said by the
`CalibrationHeader` of its file. What was just measured also carries `evidence`, of which the
picture beside the file is drawn; one that was read has none.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Float64

from olat.model.evidence import (
    BallEvidence,
    BoardEvidence,
    ChartEvidence,
    LevelEvidence,
    SensorEvidence,
)
from olat.model.rig import LightRig
from olat.model.shapes import Array, Matrix3

Kind: TypeAlias = Literal["sensor", "color", "lens", "rig"]
KINDS: tuple[Kind, ...] = ("sensor", "color", "lens", "rig")


LEAST_FOCAL = 0.05
"""Shortest focal length that is believed, as a share of the longer side of the picture."""


@dataclass(frozen=True)
class CalibrationHeader:
    """Where a calibration came from, what it fits, and from when on it holds."""

    kind: Kind
    device: str
    """Name of the camera, or of the rig."""
    made_by: str
    """Pipeline and version."""
    from_session: str
    captured: datetime.date | None = None
    serial: str = ""
    """Serial number of the camera; empty if unknown."""
    lens: str = ""
    """Lens on the camera; empty if unknown."""
    height: int | None = None
    """Of the photographs it was made from [px]."""
    width: int | None = None
    """[px]"""
    note: str = ""
    certified_by: str = ""
    """Who admitted it; empty for a candidate."""
    valid_from: datetime.date | None = None
    """First day on which it holds; none for a candidate."""


@dataclass(frozen=True)
class SensorCalibration:
    """What a sensor adds to light and how it weighs it, site by site.

    A camera RAW file has one plane, the mosaic; a file that is a picture already one a channel.
    """

    dark: Float32[Array, "h w plane"]
    """What is read without light, black level included, never clipped [DN]."""
    flat: Float32[Array, "h w plane"]
    """Response to even light relative to the middle of the picture, 1 there in each color [1]."""
    defects: Bool[Array, "h w plane"]
    """Sites that do not follow light."""
    dn_per_electron: float | None = None
    """Slope of the photon-transfer curve; none where it was not measured [DN/electron]."""
    read_noise_dn: float | None = None
    """Spread of dark frames in time [DN]."""
    full_dn: float | None = None
    """Count up to which the sensor is linear, where that is below its white level [DN]."""
    dark_exposure_s: float | None = field(default=None, kw_only=True)
    """Exposure of the dark frames; none where it is not known [s]."""
    residuals: Mapping[str, float] = field(default_factory=dict)
    evidence: SensorEvidence | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class ColorCalibration:
    """What a camera's colors are."""

    matrix: Matrix3
    """Camera color to linear Rec.709; white under the stage's white stays white."""
    led_matrix: Matrix3 | None = None
    """Camera color (row) of a gray card under each LED primary (column), sum of all 1 in green."""
    residuals: Mapping[str, float] = field(default_factory=dict)
    evidence: ChartEvidence | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class LensCalibration:
    """Where a lens puts what it sees: OpenCV's pinhole model with distortion (Brown 1971)."""

    matrix: Matrix3
    """Focal lengths and principal point, pixel centers at integers [px]."""
    distortion: Float64[Array, " coefficient"]
    """k1, k2, p1, p2 and perhaps k3 and more, in OpenCV's order [1]."""
    height: int
    """Of the pictures that the matrix is meant for [px]."""
    width: int
    """[px]"""
    rotation: Matrix3 | None = None
    """World to camera (x right, y down, z forward); none for the reference camera."""
    translation: Float64[Array, " 3"] | None = None
    """World origin in the camera's frame [m]."""
    residuals: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[BoardEvidence, ...] = field(default=(), repr=False, compare=False)
    """The views of the board that it was just measured from."""

    def __post_init__(self) -> None:
        if (self.rotation is None) != (self.translation is None):
            raise ValueError("a lens has both a rotation and a translation, or neither")
        if not np.allclose(self.matrix[2], (0.0, 0.0, 1.0)):
            raise ValueError(f"the last row of a camera matrix is {self.matrix[2]}, not 0 0 1")
        focal = np.diag(self.matrix)[:2]
        numbers = np.concatenate([self.matrix.ravel(), self.distortion])
        least = LEAST_FOCAL * max(self.height, self.width)
        if not np.isfinite(numbers).all() or not (focal > least).all():
            raise ValueError(
                f"focal lengths {focal[0]:g} and {focal[1]:g} px, distortion "
                f"{self.distortion.tolist()} make no lens for {self.width} x {self.height} px"
            )

    @property
    def axes(self) -> Matrix3:
        """Return the camera's x (right), y (down) and z (forward) as rows, in world axes."""
        return np.diag([1.0, -1.0, -1.0]) if self.rotation is None else self.rotation

    def at(self, height: int, width: int) -> LensCalibration:
        """Return the same lens for pictures of another size, as `demosaic = "half"` makes them.

        A picture of half the size has one pixel for each 2 x 2: its pixel x lies at 2 x + 0.5, and
        the last row or column of an odd size is left out.

        Raises
        ------
        ValueError
            If the size has another aspect ratio.
        """
        if (height, width) == (self.height, self.width):
            return self
        scale = width / self.width
        for whole in (round(1.0 / scale), round(scale)):
            if whole and (self.height // whole, self.width // whole) == (height, width):
                scale = 1.0 / whole
            elif whole and (height // whole, width // whole) == (self.height, self.width):
                scale = float(whole)
        if abs(self.height * scale - height) > max(1.0, scale):
            raise ValueError(
                f"lens: calibrated on {self.width} x {self.height} px, but the picture has {width} "
                f"x {height} px; needed is the same aspect ratio. Calibrate with this crop."
            )
        matrix = self.matrix * scale
        matrix[:2, 2] += (scale - 1.0) / 2.0
        matrix[2] = 0.0, 0.0, 1.0
        return replace(self, matrix=matrix, height=height, width=width)


RigPart: TypeAlias = Literal["directions", "intensities"]
"""What is known of a rig; directions stand for positions too."""


@dataclass(frozen=True)
class RigCalibration:
    """Where the lights are and how bright."""

    rig: LightRig
    falloff: float | None = None
    """Exponent of the cosine by which a light dims off its axis; none where not measured."""
    residuals: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[BallEvidence, ...] | LevelEvidence = field(
        default=(), repr=False, compare=False
    )
    """The mirror ball in each of its places, where the lights were just located with it; or what
    their intensities were just read off."""
    unmeasured: tuple[RigPart, ...] = field(default=(), kw_only=True)
    """What no ball told, and what is that of the light file."""


Calibration: TypeAlias = SensorCalibration | ColorCalibration | LensCalibration | RigCalibration
