"""Photograph the frames of a simulated stage, and light it by environments."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from olat.light.latlong import directions_of_pixels, solid_angles_of_pixels
from olat.model.condition import Dark, Target
from olat.model.environment import EnvironmentMap
from olat.model.image import RawMosaic
from olat.model.rig import LightRig
from olat.model.shapes import Radiance
from olat.synthetic.render import View, radiance_under, see
from olat.synthetic.scene import Pose, Subject, ball
from olat.synthetic.stage import BALL_RADIUS, SyntheticStage

FLAT_RADIANCE = 0.75
"""Of the glowing panel that shows the camera's vignetting [diffuse white = 1]."""
GRAY = 0.5
"""Albedo of the gray ball."""
HAZE = 0.01
"""Albedo of the mirror ball: fingerprints, by which its outline shows."""


@lru_cache(maxsize=1)
def view_of(stage: SyntheticStage, pose: Pose) -> View:
    """See the subject of a stage in a pose."""
    return see(stage.body, stage.camera, pose)


def radiance_of(stage: SyntheticStage, frame: int) -> Radiance:
    """Return what the camera faces in a frame [diffuse white = 1]."""
    condition = stage.conditions[frame]
    if isinstance(condition, Dark):
        return np.zeros((stage.size, stage.size, 3), np.float32)
    if condition == Target("flat"):
        return np.full((stage.size, stage.size, 3), FLAT_RADIANCE, np.float32)
    drive = stage.rig.pattern(condition) * stage.drive(condition)
    if isinstance(condition, Target):
        view = see(_target(stage, condition.kind), stage.camera, Pose())
    else:
        view = view_of(stage, stage.pose(frame))
    return radiance_under(view, stage.rig, drive)


def photograph(stage: SyntheticStage, frame: int) -> RawMosaic:
    """Expose a frame; its noise depends on the stage's seed and the frame alone."""
    rng = np.random.default_rng([stage.seed, 2, frame])
    return stage.sensor.expose(radiance_of(stage, frame), rng)


def render_environment(view: View, environment: EnvironmentMap) -> Radiance:
    r"""Light a view with every pixel of an environment: what relighting must come to.

    .. math:: R = \frac{1}{\pi} \sum_p E(p)\, \Delta\omega(p)\, R(\omega_p)

    Parameters
    ----------
    view
        What the camera sees.
    environment
        Small: each of its pixels costs as much as a light.

    Returns
    -------
    radiance
        A white Lambert surface reads 1 under a uniform map of 1 [diffuse white = 1].
    """
    height, width, _ = environment.radiance.shape
    share = solid_angles_of_pixels(height, width)[..., None] / np.pi
    energy = (environment.radiance * share).reshape(-1, 3)
    directions = directions_of_pixels(height, width).reshape(-1, 3)
    return radiance_under(view, LightRig(environment.name, directions, energy), np.ones((1, 3)))


def _target(stage: SyntheticStage, kind: str) -> Subject:
    """Make a calibration ball; the mirror's highlights are just wider than a pixel."""
    if kind == "gray_ball":
        return ball(BALL_RADIUS, albedo=GRAY)
    radius_px = BALL_RADIUS / stage.camera.footprint
    return ball(BALL_RADIUS, albedo=HAZE, specular=1.0, exponent=0.25 * radius_px**2)
