"""Stage: diffuse and glossy reflection in Phong's terms."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import ColorCalibration, LensCalibration
from olat.model.condition import AxisGradient, ColorGradient, Tracking
from olat.model.drift import LightDrift
from olat.model.field import ReflectanceField
from olat.model.image import Frames, RadianceImage
from olat.model.maps import DepthMap, NormalMap, PhongMaps
from olat.model.motion import ReferenceFrame
from olat.model.rig import LightRig
from olat.model.session import Camera
from olat.model.shapes import Directions, Mask, SolidAngles, UnitVectors
from olat.stages.gradient_readings import WhiteMoments, in_primaries, white_moments
from olat.stages.gradients import GradientPhotographs
from olat.stages.phong_lights import lights_of_sweep, rows_of
from olat.stages.pixel_views import view_of
from olat.stages.subject import inside
from olat.stages.sufficiency import note_gloss

if TYPE_CHECKING:
    from olat.surface.near_light import NearLights

_Given: TypeAlias = tuple[
    Frames[RadianceImage] | None,
    LightRig,
    ColorCalibration | None,
    LightDrift | None,
    ReferenceFrame | None,
]
"""What gradients are picked from."""


class FitPhong(Stage):
    """Phong terms from OLATs, or in closed form from gradients (Phong 1975, Fyffe 2012)."""

    grain = Grain.CAMERA
    makes = "phong"
    revision = 6

    source: Literal["auto", "gradients", "olats"] = "auto"
    """Gradients, white ones before those of color, the OLAT sweep, or the sweep if there is one."""
    exponent: PositiveFloat = 20.0
    """Least exponent from color gradients; from white ones, that where they leave it open."""
    shadow_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of a pixel's third brightest reading below which a reading counts as shadow."""
    shadow_floor: NonNegativeFloat = 0.004
    """Reading below which a pixel has no Phong terms [diffuse white = 1]."""
    lights: Literal["auto", "distant", "near"] = "auto"
    """Whether lights of the sweep are far away; by itself, as for the normals."""
    refine: bool = False
    """Refine terms and normals of the sweep together, in four times the time."""

    def run(
        self,
        normals: NormalMap,
        field: ReflectanceField | None,
        merged: Annotated[
            Frames[RadianceImage] | None, Under((ColorGradient, AxisGradient, Tracking))
        ],
        mask: Mask | None,
        rig: LightRig,
        camera: Camera,
        lens: LensCalibration | None,
        color: ColorCalibration | None,
        drift: LightDrift | None = None,
        reference: ReferenceFrame | None = None,
        flat_lit: RadianceImage | None = None,
        depth: DepthMap | None = None,
    ) -> PhongMaps:
        """Return the Phong terms of a camera."""
        height, width = normals.flags.shape
        view = view_of(lens, camera, height, width, stage=self.verb())
        sweep, given = (
            None if self.source == "gradients" else field,
            (merged, rig, color, drift, reference),
        )
        if sweep is not None:
            lights = lights_of_sweep(sweep.header.rig, depth, normals, self.lights)
            maps = self._from_olats(sweep, lights, normals, view)
            if flat_lit is not None:
                shining = lights, sweep.header.solid_angles
                maps = _with_flat_light(maps, flat_lit, shining, normals, view)
        else:
            maps = self._from_gradients(given, normals, view)
        within = None if mask is None else inside(mask, (height, width))
        if within is not None:
            for plane in _planes(maps):
                plane[~within] = 0
        note_gloss(maps, normals, within, lights=None if sweep is None else len(sweep.planes))
        return maps

    def _from_olats(
        self,
        field: ReflectanceField,
        lights: Directions | NearLights,
        normals: NormalMap,
        view: UnitVectors,
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
            seen = rows_of(lights, top, bottom)
            geometry = normals.normals[top:bottom], view[top:bottom]
            part = phong_from_olats(reflectance, doubts, seen, *geometry, **told)
            if self.refine:
                part = refined_phong(reflectance, doubts, seen, part, *geometry, **told)
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

    def _from_gradients(self, given: _Given, normals: NormalMap, view: UnitVectors) -> PhongMaps:
        if self.source != "olats":
            merged, rig, color, drift, reference = given
            if white := white_moments(merged, rig, drift, reference):
                return self._from_white(white, normals, view)
            if shot := GradientPhotographs.among(merged, rig, color, drift, reference):
                return self._from_color(shot, normals, view, rig)
        raise SolveError(
            f"fit_phong: source = {self.source!r}, but there is no OLAT sweep, no color gradient "
            "with a complement or a full-on frame, and no such white gradients along x, y, z. "
            "Needed is one of them."
        )

    def _from_white(self, white: WhiteMoments, normals: NormalMap, view: UnitVectors) -> PhongMaps:
        from olat.surface.specular_separation import separate_specular

        terms = separate_specular(
            white.moments,
            normals.normals,
            view,
            white.lights,
            exponent=self.exponent,
            shadow_floor=self.shadow_floor,
        ).terms
        return replace(
            terms,
            confidence=white.trusted(terms.confidence),
            flags=terms.flags | white.flags,
            space=white.space,
        )

    def _from_color(
        self,
        photographs: GradientPhotographs,
        normals: NormalMap,
        view: UnitVectors,
        rig: LightRig,
    ) -> PhongMaps:
        from olat.surface.phong_gradient import phong_from_gradients
        from olat.surface.rig_moments import ColorLights

        maps = phong_from_gradients(
            photographs.all_lights,
            photographs.gradient,
            normals.normals,
            view,
            exponent=self.exponent,
            shadow_floor=self.shadow_floor,
            lights=ColorLights(rig.directions, in_primaries(rig, photographs)),
        )
        np.bitwise_or(maps.flags, photographs.flags, out=maps.flags)
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
    lights: tuple[Directions | NearLights, SolidAngles],
    normals: NormalMap,
    view: UnitVectors,
) -> PhongMaps:
    """Take the albedo from flat light in the measure that the normals are unsure."""
    from olat.surface.albedo import albedo_with_flat_light

    found, trust = maps.normals, maps.normal_confidence
    if found is None or trust is None:
        found, trust = normals.normals, normals.confidence
    made = albedo_with_flat_light(flat_lit.radiance, maps, found, trust, view, lights)
    made.albedo[~found.any(axis=-1)] = 0
    return replace(maps, diffuse_albedo=made.albedo, openness=made.openness)


def _planes(maps: PhongMaps) -> list[np.ndarray[Any, Any]]:
    """Return all that maps hold but their flags."""
    planes = (getattr(maps, field.name) for field in fields(maps) if field.name != "flags")
    return [plane for plane in planes if isinstance(plane, np.ndarray)]
