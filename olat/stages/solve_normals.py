"""Stage: one unit normal per pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat

from olat.engine.stage import Grain, Part, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import ColorCalibration, LensCalibration
from olat.model.condition import AxisGradient, ColorGradient, Polarized, Tracking
from olat.model.drift import LightDrift
from olat.model.field import ReflectanceField
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.maps import NormalMap
from olat.model.motion import ReferenceFrame
from olat.model.rig import LightRig
from olat.model.session import Camera
from olat.model.shapes import Mask
from olat.stages.gradient_readings import GradientReadings, gradient_readings
from olat.stages.gradient_sets import what_is_missing
from olat.stages.gradients import LOST
from olat.stages.light_intensities import estimated_intensities, with_intensities
from olat.stages.near_sweep import camera_before_near_lights, solved_from_places
from olat.stages.subject import inside
from olat.stages.sufficiency import note_open_normals, require_normals

if TYPE_CHECKING:
    from olat.surface.near_light import NearLights
    from olat.surface.semi_calibrated import Intensities


class SolveNormals(Stage):
    """Normals by photometric stereo and from gradients (Woodham 1980, Wilson 2010)."""

    grain = Grain.CAMERA
    makes = "normals"
    revision = 5

    source: Literal["auto", "olats", "gradients"] = "auto"
    """The OLAT sweep, the gradients, or the sweep with gradients where it says too little."""
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
    lights: Literal["auto", "distant", "near"] = "auto"
    """Whether the sweep's lights are far away; if not, their places and the camera's are needed."""

    def run(
        self,
        field: ReflectanceField | None,
        merged: Annotated[
            Frames[RadianceImage] | None,
            Under((ColorGradient, AxisGradient, Polarized, Tracking)),
        ],
        mask: Mask | None,
        rig: LightRig,
        camera: Annotated[Camera, Part("distance_m")],
        color: ColorCalibration | None,
        drift: LightDrift | None = None,
        reference: ReferenceFrame | None = None,
        lens: LensCalibration | None = None,
    ) -> NormalMap:
        """Return the normals of a camera."""
        sweep = None if self.source == "gradients" else field
        given = (None if self.source == "olats" else merged, rig, color, drift, reference)
        if sweep is not None:
            solved = self._from_sweep(sweep, mask, camera, lens)
            if _open(solved).any() and (read := gradient_readings(*given)):
                _fill(solved, self._from_gradients(read, rig))
        elif read := gradient_readings(*given):
            solved = self._from_gradients(read, rig)
        else:
            raise SolveError(
                f"solve_normals: source = {self.source!r}, but {_lacking(self.source, merged)}."
            )
        within = None if mask is None else inside(mask, solved.flags.shape)
        if within is not None:
            solved.normals[~within] = 0
            solved.confidence[~within] = 0
        require_normals(solved, sweep, within, floor=self.shadow_floor)
        return solved

    def _from_sweep(
        self,
        field: ReflectanceField,
        mask: Mask | None,
        camera: Camera,
        lens: LensCalibration | None,
    ) -> NormalMap:
        """Solve the sweep under distant lights, or under near ones from where they put it."""
        before = camera_before_near_lights(
            field, camera, lens, lights=self.lights, stage=self.verb()
        )
        if before is None:
            return self._from_olats(field, mask)
        if self.intensities == "estimated":
            raise SolveError(
                'solve_normals: intensities = "estimated" takes lights as distant, but they are '
                "near, and would be taken for brighter the nearer they are; needed are intensities "
                'that are told. Measure them (pipeline calibrate_rig), or set lights = "distant".'
            )
        within = None if mask is None else inside(mask, field.shape[1:])
        return solved_from_places(
            field,
            before,
            within,
            lambda near: self._from_olats(field, mask, near),
            lights=self.lights,
        )

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

    def _from_gradients(self, read: GradientReadings, rig: LightRig) -> NormalMap:
        from olat.surface.rig_normals import merged_normals, normals_on_rig
        from olat.surface.rig_table import rig_table

        solved, weights = [], []
        for part in read.parts:
            table = rig_table(rig.directions, part.lit, part.sums, is_matte=part.is_matte)
            solved.append(
                normals_on_rig(part.difference, part.total, table, shadow_floor=self.shadow_floor)
            )
            weights.append(part.total.mean(axis=-1))
        normals, confidence, flags = (
            solved[0] if len(solved) == 1 else merged_normals(solved, weights)
        )
        normals[(read.flags & LOST) != 0] = 0
        found = NormalMap(normals, read.trusted(confidence), flags | read.flags)
        note_open_normals(found)
        return found


def _lacking(source: str, merged: Frames[RadianceImage] | None) -> str:
    """Say what there is, and what is needed to solve normals."""
    if source == "olats":
        return "there is no OLAT sweep. Needed is one; or let source be 'auto'"
    shots = [] if merged is None else [shot.condition for shot in merged.shots.values()]
    plain = [shot.pattern if isinstance(shot, Polarized) else shot for shot in shots]
    sweep = "" if source == "gradients" else "there is no OLAT sweep, and "
    if missing := what_is_missing(plain):
        return f"{sweep}gradients are not complete: {missing}"
    return (
        f"{sweep}there is no gradient. Needed is {'' if source == 'gradients' else 'a sweep, '}a "
        "color gradient, or white gradients along x, y, z, with complements or a full-on frame"
    )


def _open(solved: NormalMap) -> Mask:
    return np.asarray((solved.flags & PixelFlag.UNDERDETERMINED) != 0)


def _fill(by_olats: NormalMap, by_gradient: NormalMap) -> None:
    """Take the gradient's normal where the sweep had too few usable lights; keep the flag."""
    open_ = _open(by_olats)
    by_olats.normals[open_] = by_gradient.normals[open_]
    by_olats.confidence[open_] = by_gradient.confidence[open_] / 2
    by_olats.flags[open_] |= by_gradient.flags[open_]
