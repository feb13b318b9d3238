"""Stage: one unit normal per pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import ColorCalibration
from olat.model.condition import ColorGradient, Tracking
from olat.model.drift import LightDrift
from olat.model.field import ReflectanceField
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.maps import NormalMap
from olat.model.motion import ReferenceFrame
from olat.model.rig import LightRig
from olat.model.shapes import Mask
from olat.stages.gradients import GradientPhotographs, trust_in_gradients
from olat.stages.light_intensities import estimated_intensities, with_intensities
from olat.stages.subject import inside
from olat.stages.sufficiency import require_normals

if TYPE_CHECKING:
    from olat.surface.near_light import NearLights
    from olat.surface.semi_calibrated import Intensities


class SolveNormals(Stage):
    """Normals by photometric stereo and from gradients (Woodham 1980, Wilson 2010)."""

    grain = Grain.CAMERA
    makes = "normals"
    revision = 4

    source: Literal["auto", "olats", "gradients"] = "auto"
    """The OLAT sweep, the color gradients, or the sweep with gradients where it says too little."""
    shadow_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of a pixel's third brightest reading below which a reading counts as shadow."""
    shadow_floor: NonNegativeFloat = 0.004
    """Reading below which a pixel has no normal [diffuse white = 1]."""
    method: Literal["robust", "least_squares", "sparse_bayesian"] = "robust"
    """How the sweep's highlights and cast shadows are kept out of the normals."""
    reweightings: Annotated[int, Field(ge=0, le=50)] = 8
    """Passes of the robust method that doubt highlights and cast shadows."""
    intensities: Literal["told", "estimated"] = "told"
    """Whether the sweep's lights are as bright as the light file says, or the subject tells."""

    def run(
        self,
        field: ReflectanceField | None,
        merged: Annotated[Frames[RadianceImage] | None, Under((ColorGradient, Tracking))],
        mask: Mask | None,
        rig: LightRig,
        color: ColorCalibration | None,
        drift: LightDrift | None = None,
        reference: ReferenceFrame | None = None,
    ) -> NormalMap:
        """Return the normals of a camera."""
        sweep = None if self.source == "gradients" else field
        given = (None if self.source == "olats" else merged, rig, color, drift, reference)
        if sweep is not None:
            solved = self._from_olats(sweep, mask)
            if _open(solved).any() and (shot := GradientPhotographs.among(*given)):
                _fill(solved, self._from_gradients(shot, rig))
        elif shot := GradientPhotographs.among(*given):
            solved = self._from_gradients(shot, rig)
        else:
            raise SolveError(
                f"solve_normals: source = {self.source!r}, but there is no OLAT sweep and no color "
                "gradient with a complement or a full-on frame. Needed is one of them."
            )
        within = None if mask is None else inside(mask, solved.flags.shape)
        if within is not None:
            solved.normals[~within] = 0
            solved.confidence[~within] = 0
        require_normals(solved, sweep, within, floor=self.shadow_floor)
        return solved

    def _from_olats(
        self, field: ReflectanceField, mask: Mask | None = None, near: NearLights | None = None
    ) -> NormalMap:
        """Solve the sweep; `near` are lights with places, seen from the places of all pixels."""
        from olat.surface.lambert import normals_from_olats

        _, height, width = field.shape
        normals = np.empty((height, width, 3), np.float32)
        confidence = np.empty((height, width), np.float32)
        flags = np.empty((height, width), np.uint8)
        found = None if self.intensities == "told" else self._estimated(field, mask)
        for top, bottom in field.strips():
            strip = *field.read_rows(top, bottom), field.read_confidence(top, bottom)
            seen_by = field.header.rig.directions if near is None else near.rows(top, bottom)
            reflectance, doubts, trust, shining = with_intensities(found, *strip, seen_by)
            normals[top:bottom], _, confidence[top:bottom], flags[top:bottom] = normals_from_olats(
                reflectance,
                doubts,
                shining,
                confidence=trust,
                method=self.method,
                shadow_fraction=self.shadow_fraction,
                shadow_floor=self.shadow_floor,
                reweightings=self.reweightings,
            )
        return NormalMap(normals, confidence, flags)

    def _estimated(self, field: ReflectanceField, mask: Mask | None) -> Intensities:
        return estimated_intensities(
            field,
            None if mask is None else inside(mask, field.shape[1:]),
            shadow_fraction=self.shadow_fraction,
            shadow_floor=self.shadow_floor,
        )

    def _from_gradients(self, photographs: GradientPhotographs, rig: LightRig) -> NormalMap:
        from olat.surface.gradient_normals import normals_from_gradient_and_full_on

        normals, confidence, flags = normals_from_gradient_and_full_on(
            photographs.gradient, photographs.all_lights, shadow_floor=self.shadow_floor
        )
        trust = photographs.trusted(confidence * np.float32(trust_in_gradients(rig)))
        return NormalMap(normals, trust, flags | photographs.flags)


def _open(solved: NormalMap) -> Mask:
    return np.asarray((solved.flags & PixelFlag.UNDERDETERMINED) != 0)


def _fill(by_olats: NormalMap, by_gradient: NormalMap) -> None:
    """Take the gradient's normal where the sweep had too few usable lights; keep the flag."""
    open_ = _open(by_olats)
    by_olats.normals[open_] = by_gradient.normals[open_]
    by_olats.confidence[open_] = by_gradient.confidence[open_] / 2
    by_olats.flags[open_] |= by_gradient.flags[open_]
