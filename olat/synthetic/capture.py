"""Photograph the frames of a simulated stage, and light it by environments."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from olat.light.latlong import directions_of_pixels, solid_angles_of_pixels
from olat.model.condition import Condition, Dark, Polarized, Target
from olat.model.environment import EnvironmentMap
from olat.model.image import RawMosaic
from olat.model.rig import LightRig
from olat.model.shapes import LightColors, Radiance
from olat.synthetic.render import View, radiance_under, see
from olat.synthetic.scene import Pose
from olat.synthetic.stage import SyntheticStage
from olat.synthetic.targets import target_radiance

FLAT_RADIANCE = 0.75
"""Of the glowing panel that shows the camera's vignetting [diffuse white = 1]."""


@lru_cache(maxsize=1)
def view_of(stage: SyntheticStage, pose: Pose) -> View:
    """See the subject of a stage in a pose."""
    return see(stage.body, stage.camera, pose)


def drive_of(stage: SyntheticStage, frame: int) -> LightColors:
    """Return the level of every light and primary in a frame, as they really were [1]."""
    condition = stage.conditions[frame]
    drive = stage.rig.pattern(condition) * stage.drive(condition)
    level = stage.levels[frame]
    return drive if level == 1.0 else drive * level


def radiance_of(stage: SyntheticStage, frame: int) -> Radiance:
    r"""Return what the camera faces in a frame, in its own colors [diffuse white = 1].

    .. math:: R = M \sum_i d_i \circ e_i \circ f_i

    with the drives d, the intensities e and the reflectance f for each LED primary, and the
    cross-talk M between primaries and channels.
    """
    condition = stage.conditions[frame]
    if isinstance(condition, Dark):
        return np.zeros((stage.size, stage.size, 3), np.float32)
    if isinstance(condition, Target) and condition.kind == "flat":
        return np.full((stage.size, stage.size, 3), FLAT_RADIANCE, np.float32)
    rig, drive = stage.led_rig, drive_of(stage, frame)
    if isinstance(condition, Target):
        radiance = target_radiance(stage, condition, rig, drive)
    else:
        view = behind_polarizer(view_of(stage, stage.pose(frame)), condition)
        radiance = radiance_under(_in_primaries(stage, view), rig, drive)
    if not stage.imperfections.has_own_colors:
        return radiance
    return radiance @ stage.imperfections.led_matrix.T.astype(np.float32)


def photograph(stage: SyntheticStage, frame: int) -> RawMosaic:
    """Expose a frame; its noise depends on the stage's seed and the frame alone."""
    rng = np.random.default_rng([stage.seed, 2, frame])
    exposure = stage.shots[frame].exposure
    return stage.sensor.expose(radiance_of(stage, frame), rng, exposure=exposure)


def behind_polarizer(view: View, condition: Condition) -> View:
    """Paint a view with what passes: half of the diffuse light, and of the gloss all or nothing.

    The light of the surface keeps its polarization, that from below it has lost it.
    """
    if not isinstance(condition, Polarized):
        return view
    passes = np.float32(condition.polarizer == "parallel")
    paint = view.paint
    seen = replace(paint, albedo=paint.albedo / np.float32(2.0), specular=paint.specular * passes)
    return replace(view, paint=seen)


def _in_primaries(stage: SyntheticStage, view: View) -> View:
    """Paint a view with what it reflects of each LED primary."""
    if not stage.imperfections.has_own_colors:
        return view
    bands = stage.imperfections.bands_from_rec709.astype(np.float32)
    return replace(view, paint=replace(view.paint, albedo=bands @ view.paint.albedo))


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
