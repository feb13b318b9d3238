"""What the camera faces when a calibration target stands in place of the subject."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from olat.model.condition import Target
from olat.model.rig import LightRig
from olat.model.shapes import LightColors, Radiance
from olat.synthetic.card import Card, averaged, gray_card, irradiance
from olat.synthetic.chart import board, chart
from olat.synthetic.render import View, radiance_under, see
from olat.synthetic.scene import Pose, Subject, ball
from olat.synthetic.stage import BALL_RADIUS, SyntheticStage

GRAY = 0.5
"""Reflectance of the gray ball and the gray card."""
HAZE = 0.01
"""Albedo of the mirror ball: fingerprints, by which its outline shows."""
SMALL_BALL_RADIUS = 0.06
"""Of the mirror ball that is moved about [m]."""
PLACES = ((-0.075, -0.05, 0.02), (0.075, -0.045, -0.02), (0.0, 0.075, 0.0))
"""Where its center is put [m]."""


@dataclass(frozen=True)
class BallPlace:
    """Where a ball stands."""

    center: tuple[float, float, float]
    """[m]"""
    radius: float
    """[m]"""


def ball_place(stage: SyntheticStage, target: Target) -> BallPlace:
    """Return where the ball of a frame stands: in the middle, unless it is moved about."""
    if target.kind == "mirror_ball" and stage.targets.ball_places > 1:
        return BallPlace(PLACES[target.pose], SMALL_BALL_RADIUS)
    return BallPlace((0.0, 0.0, 0.0), BALL_RADIUS)


def card_of(target: Target) -> Card:
    """Return the chart, the chessboard or the gray card of a frame."""
    match target.kind:
        case "chart":
            return chart()
        case "board":
            return board(target.pose)
    return gray_card(GRAY)


def target_radiance(
    stage: SyntheticStage, target: Target, rig: LightRig, drive: LightColors
) -> Radiance:
    """Light the target of a frame.

    Parameters
    ----------
    stage
        Where it stands.
    target
        Which it is, and where it is held.
    rig
        The lights, with the intensities of their primaries.
    drive
        Level of every light and primary [1].

    Returns
    -------
    radiance
        For each LED primary [diffuse white = 1].
    """
    if not target.kind.endswith("ball"):
        card, bands = card_of(target), stage.imperfections.bands_from_rec709
        paint = card.reflectance(stage.camera, parts=stage.targets.parts) @ bands.T
        light = irradiance(card, stage.camera, rig, drive)
        return np.asarray(paint * light, np.float32)
    view = _ball_view(stage, target.kind, ball_place(stage, target))
    radiance = radiance_under(view, rig, drive)
    glint = stage.imperfections.second_reflection
    if target.kind == "mirror_ball" and glint:
        radiance += glint * radiance_under(view, _below_the_floor(rig), drive)
    return averaged(radiance, stage.targets.parts)


@lru_cache(maxsize=2)
def _ball_view(stage: SyntheticStage, kind: str, place: BallPlace) -> View:
    """See a ball with as many rays per pixel as targets take."""
    camera = stage.camera.finer(stage.targets.parts)
    return see(_ball(stage, kind, place), camera, Pose(shift=place.center))


def _ball(stage: SyntheticStage, kind: str, place: BallPlace) -> Subject:
    """Make a calibration ball; a light's image on the mirror is as wide as the stage says."""
    if kind == "gray_ball":
        return ball(place.radius, albedo=GRAY)
    radius_px = place.radius / stage.camera.footprint
    exponent = 0.25 * (radius_px / stage.targets.highlight_px) ** 2
    return ball(place.radius, albedo=HAZE, specular=1.0, exponent=exponent)


def _below_the_floor(rig: LightRig) -> LightRig:
    """Return the images of the lights in a floor far below; those below it have none."""
    flipped = np.array([1.0, -1.0, 1.0])
    above = (rig.directions[:, 1:2] > 0.0).astype(float)
    positions = None if rig.positions is None else rig.positions * flipped
    return LightRig(rig.name, rig.directions * flipped, rig.intensities * above, positions)
