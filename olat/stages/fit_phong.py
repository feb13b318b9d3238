"""Stage: diffuse and glossy reflection in Phong's terms."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import CalibrationError, SolveError
from olat.model.calibration import ColorCalibration, LensCalibration
from olat.model.condition import ColorGradient, Tracking
from olat.model.drift import LightDrift
from olat.model.field import ReflectanceField
from olat.model.image import Frames, RadianceImage
from olat.model.maps import NormalMap, PhongMaps
from olat.model.motion import ReferenceFrame
from olat.model.rig import LightRig
from olat.model.session import Camera
from olat.model.shapes import Mask, UnitVectors
from olat.stages.gradients import GradientPhotographs, trust_in_gradients
from olat.stages.subject import inside
from olat.stages.sufficiency import note_gloss


class FitPhong(Stage):
    """Phong terms from OLATs, or in closed form from gradients (Phong 1975, Fyffe 2012)."""

    grain = Grain.CAMERA
    makes = "phong"
    revision = 4

    source: Literal["auto", "gradients", "olats"] = "auto"
    """Full-on and color gradient, the OLAT sweep, or the sweep where there is one."""
    exponent: PositiveFloat = 20.0
    """Least exponent where only gradients were shot: two photographs tell sharper lobes alone."""
    shadow_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of a pixel's third brightest reading below which a reading counts as shadow."""
    shadow_floor: NonNegativeFloat = 0.004
    """Reading below which a pixel has no Phong terms [diffuse white = 1]."""
    refine: bool = False
    """Refine terms and normals of the sweep together, in four times the time."""

    def run(
        self,
        normals: NormalMap,
        field: ReflectanceField | None,
        merged: Annotated[Frames[RadianceImage] | None, Under((ColorGradient, Tracking))],
        mask: Mask | None,
        rig: LightRig,
        camera: Camera,
        lens: LensCalibration | None,
        color: ColorCalibration | None,
        drift: LightDrift | None = None,
        reference: ReferenceFrame | None = None,
        flat_lit: RadianceImage | None = None,
    ) -> PhongMaps:
        """Return the Phong terms of a camera."""
        height, width = normals.flags.shape
        view = _view(lens, camera, height, width)
        sweep, given = (
            None if self.source == "gradients" else field,
            (merged, rig, color, drift, reference),
        )
        if sweep is not None:
            maps = self._from_olats(sweep, normals, view)
            if flat_lit is not None:
                maps = _with_flat_light(maps, flat_lit, sweep, normals, view)
        elif self.source != "olats" and (shot := GradientPhotographs.among(*given)):
            maps = self._from_gradients(shot, normals, view, rig)
        else:
            raise SolveError(
                f"fit_phong: source = {self.source!r}, but there is no OLAT sweep and no color "
                "gradient with a complement or a full-on frame. Needed is one of them."
            )
        within = None if mask is None else inside(mask, (height, width))
        if within is not None:
            for plane in _planes(maps):
                plane[~within] = 0
        note_gloss(maps, normals, within, lights=None if sweep is None else len(sweep.planes))
        return maps

    def _from_olats(
        self, field: ReflectanceField, normals: NormalMap, view: UnitVectors
    ) -> PhongMaps:
        from olat.surface.phong_ladder import phong_from_olats
        from olat.surface.phong_refinement import refined_phong

        parts = []
        for top, bottom in field.strips():
            reflectance, doubts = field.read_rows(top, bottom)
            told: dict[str, Any] = {
                "confidence": field.read_confidence(top, bottom),
                "shadow_fraction": self.shadow_fraction,
                "shadow_floor": self.shadow_floor,
            }
            directions = field.header.rig.directions
            geometry = normals.normals[top:bottom], view[top:bottom]
            part = phong_from_olats(reflectance, doubts, directions, *geometry, **told)
            if self.refine:
                part = refined_phong(reflectance, doubts, directions, part, *geometry, **told)
            parts.append(part)
        planes = {
            plane.name: np.concatenate([getattr(part, plane.name) for part in parts])
            for plane in fields(PhongMaps)
            if getattr(parts[0], plane.name) is not None and plane.name != "space"
        }
        maps = PhongMaps(**planes, space=field.header.space)
        if maps.normal_confidence is not None:
            # What the terms could not refine is as sure as it was.
            kept = maps.normal_confidence == 0.0
            maps.normal_confidence[kept] = normals.confidence[kept]
        return maps

    def _from_gradients(
        self,
        photographs: GradientPhotographs,
        normals: NormalMap,
        view: UnitVectors,
        rig: LightRig,
    ) -> PhongMaps:
        from olat.surface.phong_gradient import phong_from_gradients

        maps = phong_from_gradients(
            photographs.all_lights,
            photographs.gradient,
            normals.normals,
            view,
            exponent=self.exponent,
            shadow_floor=self.shadow_floor,
        )
        np.bitwise_or(maps.flags, photographs.flags, out=maps.flags)
        np.multiply(maps.confidence, trust_in_gradients(rig), out=maps.confidence)
        return replace(
            maps,
            confidence=photographs.trusted(maps.confidence),
            diffuse_albedo=photographs.in_color(maps.diffuse_albedo),
            specular_albedo=photographs.in_color(maps.specular_albedo),
            space=photographs.space,
        )


def _with_flat_light(
    maps: PhongMaps,
    flat_lit: RadianceImage,
    field: ReflectanceField,
    normals: NormalMap,
    view: UnitVectors,
) -> PhongMaps:
    """Take the albedo from flat light in the measure that the normals are unsure."""
    from olat.surface.albedo import albedo_with_flat_light

    found, trust = maps.normals, maps.normal_confidence
    if found is None or trust is None:
        found, trust = normals.normals, normals.confidence
    lights = field.header.rig.directions, field.header.solid_angles
    made = albedo_with_flat_light(flat_lit.radiance, maps, found, trust, view, lights)
    made.albedo[~found.any(axis=-1)] = 0
    return replace(maps, diffuse_albedo=made.albedo, openness=made.openness)


def _planes(maps: PhongMaps) -> list[np.ndarray[Any, Any]]:
    """Return all that maps hold but their flags."""
    planes = (getattr(maps, field.name) for field in fields(maps) if field.name != "flags")
    return [plane for plane in planes if isinstance(plane, np.ndarray)]


def _view(lens: LensCalibration | None, camera: Camera, height: int, width: int) -> UnitVectors:
    """Return where the camera is, seen from each pixel: as calibrated, or as the session says."""
    from olat.surface.view import view_directions, view_directions_of_lens

    if lens is None:
        return view_directions(height, width, camera.field_of_view_deg)
    try:
        return view_directions_of_lens(lens, height=height, width=width)
    except ValueError as error:
        raise CalibrationError(f"fit_phong: {error}") from None
