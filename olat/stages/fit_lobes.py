"""Stage: cosine lobes, a reflectance field from a few photographs under gradients."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import NonNegativeFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import ColorCalibration
from olat.model.condition import AxisGradient, ColorGradient, Condition, SecondOrder, Tracking
from olat.model.drift import LightDrift
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.maps import LobeMaps
from olat.model.motion import ReferenceFrame
from olat.model.rig import LightRig
from olat.model.session import Frame
from olat.model.shapes import Mask
from olat.stages.gradient_readings import white_moments
from olat.stages.gradient_sets import AXES, what_is_missing
from olat.stages.gradients import GradientPhotographs
from olat.stages.lobe_moments import (
    EVEN_DEG,
    LobeMoments,
    as_on_a_whole_sphere,
    color_lobe_moments,
    typical_lean_deg,
    white_lobe_moments,
)
from olat.stages.second_order import SecondOrderPhotographs
from olat.stages.subject import inside

logger = logging.getLogger(__name__)

GRADIENTS: tuple[type | Condition, ...] = (
    ColorGradient,
    *(AxisGradient(axis, complement) for axis in AXES for complement in (False, True)),
)
"""What lobes are fitted to. Half spheres of light tell no exponents, and are not among them."""


class FitLobes(Stage):
    """Cosine lobes in closed form from full-on light and gradients (Fyffe and Debevec 2012)."""

    grain = Grain.CAMERA
    makes = "lobes"

    shadow_floor: NonNegativeFloat = 0.004
    """Integral over the sphere at or below which a pixel has no lobe [diffuse white = pi]."""
    blur_px: NonNegativeFloat = 1.0
    """Standard deviation of the neighbors that a lobe takes axis and exponent from [px]."""

    def run(
        self,
        merged: Annotated[Frames[RadianceImage], Under((*GRADIENTS, SecondOrder, Tracking))],
        frame: Annotated[Frames[Frame], Under(GRADIENTS)],
        mask: Mask | None,
        rig: LightRig,
        color: ColorCalibration | None,
        drift: LightDrift | None = None,
        reference: ReferenceFrame | None = None,
    ) -> LobeMaps:
        """Return the moments of a camera's lobes.

        `frame` is asked for so that the stage is left out where no gradient was shot.
        """
        found = self._moments(merged, rig, color, drift, reference)
        maps = self._maps(as_on_a_whole_sphere(found, rig, shadow_floor=self.shadow_floor))
        if patterns := SecondOrderPhotographs.among(merged, rig, drift):
            maps = self._with_spread(maps, patterns, rig)
        within = np.ones(maps.flags.shape, bool) if mask is None else inside(mask, maps.flags.shape)
        maps.confidence[~within] = 0
        if not maps.confidence.any():
            where = "the picture" if mask is None else "the mask"
            raise SolveError(
                f"fit_lobes: no pixel of {where} has a lobe: none is brighter than shadow_floor = "
                f"{self.shadow_floor:g} in all channels, with a motion that is known. Needed is "
                "light on the subject: check the gradient frames and white_patch."
            )
        return maps

    def _moments(
        self,
        merged: Frames[RadianceImage],
        rig: LightRig,
        color: ColorCalibration | None,
        drift: LightDrift | None,
        reference: ReferenceFrame | None,
    ) -> LobeMoments:
        """Return the moments under white gradients, which tell more, or under a color gradient."""
        if white := white_moments(merged, rig, drift, reference):
            return white_lobe_moments(white)
        if shot := GradientPhotographs.among(merged, rig, color, drift, reference):
            return color_lobe_moments(shot, rig)
        shots = [shot.condition for shot in merged.shots.values()]
        raise SolveError(
            f"fit_lobes: gradients are not complete: {what_is_missing(shots)}. Or leave the frames "
            "out (skip in an [[override]])."
        )

    def _maps(self, found: LobeMoments) -> LobeMaps:
        """Return the maps of some moments, and what their lobes are worth."""
        from olat.surface.lobe_maps import exponent_confidence, lobes_of, mean_lobes

        is_white = found.moment.ndim == 4
        maps = LobeMaps(
            integral=found.in_color(found.integral),
            moment=found.moment if is_white else found.in_color(found.moment),
            confidence=found.trust,
            flags=found.flags,
            space=found.space,
            primaries=found.mixing,
            shadow_floor=self.shadow_floor,
            blur_px=self.blur_px,
        )
        lobes = lobes_of(maps)
        is_lit = (lobes.flags & PixelFlag.SHADOWED) == 0
        sure = np.where(is_lit, exponent_confidence(mean_lobes(maps).ratio), np.float32(0.0))
        return replace(maps, confidence=found.trust * sure, flags=maps.flags | lobes.flags)

    def _with_spread(
        self, maps: LobeMaps, patterns: SecondOrderPhotographs, rig: LightRig
    ) -> LobeMaps:
        """Add the width of the lobes across their axes, where lights are all around."""
        from olat.surface.lobe_maps import mean_lobes
        from olat.surface.second_order import lobe_width

        if typical_lean_deg(rig) > EVEN_DEG:
            logger.warning(
                "Second-order patterns are not used: the lights surround the subject unevenly, and "
                "widths of lobes would be those of the rig. Needed are lights all around."
            )
            return maps
        # Second moments are of the pixel alone, and so must be the axis that they are split by.
        axis = mean_lobes(replace(maps, blur_px=0.0)).axis
        width = lobe_width(patterns.integral, axis, patterns.moments, self.shadow_floor)
        return replace(maps, spread=width.variance, flags=maps.flags | patterns.flags | width.flags)
