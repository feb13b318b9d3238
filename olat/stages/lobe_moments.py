"""Moments of the lobes of a camera, from white gradients or a color gradient, on any rig."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32

from olat.model.color import ColorSpace
from olat.model.flags import PixelFlag
from olat.model.rig import LightRig
from olat.model.shapes import Array, Flags, LightColors, Matrix3, Plane, Radiance
from olat.stages.gradient_readings import WhiteMoments
from olat.stages.gradients import GradientPhotographs, solid_angle_of_one

if TYPE_CHECKING:
    from olat.surface.rig_table import Ideal

EVEN_DEG = 2.0
"""Lean of the axes under a rig that counts as a whole, even sphere of lights [degree]."""
HALF_TRUST_DEG = 5.0
"""Lean that halves the confidence, as an error of the sweep's normals does [degree]."""


@dataclass(frozen=True, slots=True)
class LobeMoments:
    """Integral and first moment, of what each primary gave, or of white light by channel."""

    integral: Radiance
    """Over the sphere of light; white is π [sr]."""
    moment: Float32[Array, "h w 3 *axis"]
    """As `olat.surface.cosine_lobe.lobes_from_moments` takes it [sr]."""
    flags: Flags
    trust: Plane
    """In the motion of the photographs, and in what the rig tells, from 0 to 1."""
    space: ColorSpace
    """Of the photographs."""
    mixing: Matrix3 | None
    """What their channels see of each primary; none where that is the same, or light is white."""
    lights: LightColors
    """Weight of each light: white light is the sum over lights of these times a reading [sr]."""

    def in_color(self, pixels: Radiance) -> Radiance:
        """Return the color of the photographs of what primaries gave."""
        from olat.light.led_matrix import from_primaries

        return pixels if self.mixing is None else from_primaries(pixels, matrix=self.mixing)


def white_lobe_moments(white: WhiteMoments) -> LobeMoments:
    """Return the moments of each channel under white gradients."""
    integral, moment = white.moments[..., 0], white.moments[..., 1:]
    one = np.ones(white.flags.shape, np.float32)
    lights = white.lights.intensities
    trust = white.trusted(one)
    return LobeMoments(integral, moment, white.flags, trust, white.space, None, lights)


def color_lobe_moments(shot: GradientPhotographs, rig: LightRig) -> LobeMoments:
    """Return the moments of the primaries under a color gradient, each along its own axis."""
    integral = shot.all_lights
    moment = 2.0 * shot.gradient - integral
    lights = rig.intensities * solid_angle_of_one(rig)
    if shot.mixing is not None:
        # Measured tints may lie a little outside of what the primaries can mix.
        lights = np.maximum(np.linalg.solve(shot.mixing, lights.T).T, 0.0)
    trust = shot.trusted(np.ones(shot.flags.shape, np.float32))
    return LobeMoments(integral, moment, shot.flags, trust, shot.space, shot.mixing, lights)


def typical_lean_deg(rig: LightRig) -> float:
    """Return how far axes lean under a rig that is taken for a whole sphere, rms [degree]."""
    from olat.light.evenness import gradient_lean

    lean = np.degrees(gradient_lean(rig.directions, rig.intensities))
    return float(np.sqrt(np.mean(lean**2)))


def as_on_a_whole_sphere(found: LobeMoments, rig: LightRig, *, shadow_floor: float) -> LobeMoments:
    """Return what a whole, even sphere of lights would have given; as it is, if the rig is even.

    Parameters
    ----------
    found
        Moments as the lights of the rig gave them.
    shadow_floor
        Integral at or below which a pixel is dark, and keeps what it has [sr].
    """
    typical = typical_lean_deg(rig)
    if typical <= EVEN_DEG:
        even = np.float32(1.0 / (1.0 + (typical / HALF_TRUST_DEG) ** 2))
        return _with(found, found.integral, found.moment, found.flags, found.trust * even)
    return _inverted(found, rig, shadow_floor)


def _inverted(found: LobeMoments, rig: LightRig, shadow_floor: float) -> LobeMoments:
    """Invert the moments over the lights of the rig."""
    from olat.surface.lobe_rig import moments_of_whole_sphere, seen_share

    is_lit = (found.integral > shadow_floor) & np.isfinite(found.integral)
    lit = is_lit.all(axis=-1)
    ideals = _ideals(found, rig, lit)
    ratio = ideals[0].ratio
    if found.moment.ndim == 4:
        ratio = np.stack([ideal.ratio for ideal in ideals], axis=2)
    # The rig tells of the sphere what it covers, and the rest is lit as well.
    seen = seen_share(rig.directions, found.lights)
    integral, moment, told = moments_of_whole_sphere(found.integral, ratio, seen)
    flags = found.flags.copy()
    doubt = np.maximum.reduce([ideal.doubt for ideal in ideals])
    _flag(flags, ideals, doubt, lit & ~told)
    pixels = lit.reshape(*lit.shape, *[1] * (moment.ndim - 2))
    return _with(
        found,
        np.where(lit[..., np.newaxis], integral, found.integral),
        np.where(pixels, moment, found.moment),
        flags,
        found.trust * np.where(lit & told, _trust(doubt), np.float32(0.0)),
    )


def _ideals(found: LobeMoments, rig: LightRig, lit: np.ndarray) -> list[Ideal]:
    """Return what ratios a whole sphere would have given: one for all channels, or one for each."""
    from olat.surface.rig_table import rig_table

    whole = np.where(lit[..., np.newaxis], found.integral, np.float32(1.0))
    pixels = lit.reshape(*lit.shape, *[1] * (found.moment.ndim - 2))
    first = np.where(pixels, found.moment, np.float32(0.0))
    if found.moment.ndim == 3:
        table = rig_table(rig.directions, found.lights * rig.directions, found.lights)
        return [table.ideal(first / whole)]
    white = found.lights.mean(axis=1, keepdims=True)
    table = rig_table(rig.directions, white * rig.directions, np.repeat(white, 3, axis=1))
    return [table.ideal(first[:, :, k] / whole[:, :, k, np.newaxis]) for k in range(3)]


def _trust(doubt: Plane) -> Plane:
    """Return what axes are worth whose error is this, for 1 % of noise."""
    from olat.surface.rig_normals import EVEN, HALF_CONFIDENCE

    excess = np.maximum(doubt**2 - EVEN**2, 0.0) / HALF_CONFIDENCE**2
    return np.asarray(1.0 / (1.0 + excess), np.float32)


def _flag(flags: Flags, ideals: list[Ideal], doubt: Plane, unseen: np.ndarray) -> None:
    """Flag what no lobe gives under the rig, and what the rig hardly tells."""
    from olat.surface.rig_normals import UNDERDETERMINED
    from olat.surface.rig_table import UNREACHED

    far = np.maximum.reduce([ideal.distance for ideal in ideals]) > UNREACHED
    flags[far] |= np.uint8(PixelFlag.CLAMPED)
    flags[unseen | (doubt > UNDERDETERMINED)] |= np.uint8(PixelFlag.UNDERDETERMINED)


def _with(
    found: LobeMoments,
    integral: Radiance,
    moment: Float32[Array, "h w 3 *axis"],
    flags: Flags,
    trust: Plane,
) -> LobeMoments:
    """Return the same light with other numbers."""
    return LobeMoments(integral, moment, flags, trust, found.space, found.mixing, found.lights)
