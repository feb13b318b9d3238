"""What a real stage adds to a simulated one: targets to calibrate with, and imperfections."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat

from olat.model.shapes import Matrix3

CAMERA_FROM_REC709: Matrix3 = np.array([[0.68, 0.27, 0.05], [0.09, 0.76, 0.15], [0.03, 0.24, 0.73]])
"""What a camera sees of linear Rec.709; its rows sum to 1, so that white stays white."""
LED_MATRIX: Matrix3 = np.array([[0.87, 0.10, 0.03], [0.11, 0.78, 0.11], [0.02, 0.13, 0.85]])
"""Camera color (row) of a gray card under each LED primary (column); white stays white."""

_Factor = Annotated[float, Field(gt=0)]


class _Options(BaseModel):
    """Values that never change; equal ones are one."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Targets(_Options):
    """Which frames of calibration targets follow the capture of the subject."""

    darks: Annotated[int, Field(ge=2)] = 2
    """Frames without light; two of them open the capture."""
    flat_exposures: Annotated[tuple[_Factor, ...], Field(min_length=1)] = (1.0,)
    """Exposure of each flat frame, relative to the sweep's [1]."""
    chart: bool = False
    """Whether a ColorChecker is photographed."""
    boards: Annotated[int, Field(ge=0, le=15)] = 0
    """Views of a chessboard."""
    leds: bool = False
    """Whether a gray card is photographed under each LED primary."""
    ball_places: Annotated[int, Field(ge=0, le=3)] = 0
    """Places where the mirror ball is photographed under each light; 0 leaves the sweep out."""
    gray_ball: bool = False
    """Whether the gray ball is photographed under each light."""
    parts: Annotated[int, Field(ge=1, le=5)] = 1
    """Parts of a pixel along each side that a target is sampled at: the outlines are softer."""
    highlight_px: NonNegativeFloat = 1.0
    """Standard deviation of a light's image in the middle of the mirror ball [px]."""


class Imperfections(_Options):
    """How the stage and its camera differ from perfect ones."""

    site_flaws: bool = False
    """Whether sites have offsets, dark current and a response of their own, and some are lost."""
    black_error_dn: int = 0
    """What files declare above the true black level [DN]."""
    vignetting_by_color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """What red, green and blue lose of the stage's vignetting [1]."""
    distortion: tuple[float, ...] = ()
    """k1, k2, p1, p2 of the lens in OpenCV's order [1]."""
    camera_colors: bool = False
    """Whether the camera has primaries of its own (`CAMERA_FROM_REC709`)."""
    led_colors: bool = False
    """Whether each LED primary reaches all channels of the camera (`LED_MATRIX`)."""
    warm_up: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """What the lights lose as they get warm during the sweep [fraction]."""
    flicker: NonNegativeFloat = 0.0
    """Standard deviation of the lights' level from frame to frame [fraction]."""
    second_reflection: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Brightness of the floor's glint on the mirror ball, relative to the light's [1]."""
    mounting_deg: NonNegativeFloat = 1.0
    """How far lights hang from where the plan has them, if the light file is the plan [degree]."""

    @property
    def camera_from_rec709(self) -> Matrix3:
        """What the camera sees of linear Rec.709."""
        return CAMERA_FROM_REC709 if self.camera_colors else np.eye(3)

    @property
    def led_matrix(self) -> Matrix3:
        """Camera color (row) of a gray card under each LED primary (column)."""
        return LED_MATRIX if self.led_colors else self.camera_from_rec709

    @property
    def has_own_colors(self) -> bool:
        """Whether any of these colors are not those of Rec.709."""
        return self.camera_colors or self.led_colors

    @property
    def bands_from_rec709(self) -> Matrix3:
        """What a surface reflects of each LED primary, from its linear Rec.709."""
        # Under all primaries, a surface must look to the camera as its Rec.709 says.
        bands: Matrix3 = np.linalg.solve(self.led_matrix, self.camera_from_rec709)
        return bands


STUDIO_TARGETS = Targets(
    darks=16,
    flat_exposures=(
        *(exposure for exposure in (1 / 32, 1 / 8, 1 / 4, 0.45, 0.7, 1.0, 1.2, 1.4) for _ in "ab"),
        *(1.0,) * 6,
    ),
    chart=True,
    boards=12,
    leds=True,
    ball_places=1,
    gray_ball=True,
    parts=3,
    highlight_px=2.0,
)
STUDIO_IMPERFECTIONS = Imperfections(
    site_flaws=True,
    black_error_dn=8,
    vignetting_by_color=(1.2, 1.0, 1.4),
    distortion=(-0.8,),
    camera_colors=True,
    led_colors=True,
    warm_up=0.02,
    second_reflection=0.05,
)
