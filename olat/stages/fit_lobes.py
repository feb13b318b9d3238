"""Stage: cosine lobes, a reflectance field from a few photographs under gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import NonNegativeFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import ColorCalibration
from olat.model.condition import ColorGradient, SecondOrder, Tracking
from olat.model.drift import LightDrift
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.maps import LobeMaps
from olat.model.motion import ReferenceFrame
from olat.model.rig import LightRig
from olat.model.session import Frame
from olat.model.shapes import Mask
from olat.stages.gradients import GradientPhotographs, trust_in_gradients
from olat.stages.second_order import SecondOrderPhotographs
from olat.stages.subject import inside


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
        merged: Annotated[Frames[RadianceImage], Under((ColorGradient, SecondOrder, Tracking))],
        frame: Annotated[Frames[Frame], Under((ColorGradient,))],
        mask: Mask | None,
        rig: LightRig,
        color: ColorCalibration | None,
        drift: LightDrift | None = None,
        reference: ReferenceFrame | None = None,
    ) -> LobeMaps:
        """Return the moments of a camera's lobes.

        `frame` is asked for so that the stage is left out where no gradient was shot.
        """
        shot = GradientPhotographs.among(merged, rig, color, drift, reference)
        if shot is None:
            numbers = ", ".join(map(str, frame))
            raise SolveError(
                f"fit_lobes: frames {numbers} are under a color gradient, but its complement and a "
                "full-on frame are missing. Needed is one of them; or leave the frames out "
                "(skip in an [[override]])."
            )
        maps = self._from_color(shot, rig)
        if patterns := SecondOrderPhotographs.among(merged, rig, drift):
            maps = self._with_spread(maps, patterns)
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

    def _from_color(self, shot: GradientPhotographs, rig: LightRig) -> LobeMaps:
        """Return the moments under a color gradient, and what the lobes are worth."""
        from olat.surface.lobe_maps import exponent_confidence, lobes_of

        integral = shot.all_lights
        nothing = np.zeros(shot.flags.shape, np.float32)
        maps = LobeMaps(
            integral=shot.in_color(integral),
            moment=shot.in_color(2.0 * shot.gradient - integral),
            confidence=nothing,
            flags=shot.flags,
            space=shot.space,
            primaries=shot.mixing,
            shadow_floor=self.shadow_floor,
            blur_px=self.blur_px,
        )
        lobes = lobes_of(maps)
        is_lit = (lobes.flags & PixelFlag.SHADOWED) == 0
        sure = np.where(is_lit, exponent_confidence(lobes.ratio), 0.0) * trust_in_gradients(rig)
        return replace(
            maps,
            confidence=shot.trusted(sure.astype(np.float32)),
            flags=maps.flags | lobes.flags,
        )

    def _with_spread(self, maps: LobeMaps, patterns: SecondOrderPhotographs) -> LobeMaps:
        """Add the width of the lobes across their axes."""
        from olat.surface.lobe_maps import mean_lobes
        from olat.surface.second_order import lobe_width

        # Second moments are of the pixel alone, and so must be the axis that they are split by.
        axis = mean_lobes(replace(maps, blur_px=0.0)).axis
        width = lobe_width(patterns.integral, axis, patterns.moments, self.shadow_floor)
        return replace(maps, spread=width.variance, flags=maps.flags | patterns.flags)
