"""Stage: diffuse and glossy reflection in Phong's terms."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import ColorCalibration, LensCalibration
from olat.model.condition import AxisGradient, ColorGradient, Tracking
from olat.model.drift import LightDrift
from olat.model.field import ReflectanceField
from olat.model.image import Frames, RadianceImage
from olat.model.maps import NormalMap, PhongMaps
from olat.model.motion import ReferenceFrame
from olat.model.rig import LightRig
from olat.model.session import Camera
from olat.model.shapes import Mask, UnitVectors
from olat.stages.gradient_readings import WhiteMoments, white_moments
from olat.stages.gradients import GradientPhotographs, trust_in_gradients
from olat.stages.pixel_views import view_of
from olat.stages.subject import inside
from olat.stages.sufficiency import note_gloss

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
    revision = 4

    source: Literal["auto", "gradients", "olats"] = "auto"
    """Gradients, white ones before those of color, the OLAT sweep, or the sweep if there is one."""
    exponent: PositiveFloat = 20.0
    """Least exponent from color gradients; from white ones, that where they leave it open."""
    shadow_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of a pixel's third brightest reading below which a reading counts as shadow."""
    shadow_floor: NonNegativeFloat = 0.004
    """Reading below which a pixel has no Phong terms [diffuse white = 1]."""

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
    ) -> PhongMaps:
        """Return the Phong terms of a camera."""
        height, width = normals.flags.shape
        view = view_of(lens, camera, height, width, stage=self.verb())
        sweep, given = (
            None if self.source == "gradients" else field,
            (merged, rig, color, drift, reference),
        )
        if sweep is not None:
            maps = self._from_olats(sweep, normals, view)
        else:
            maps = self._from_gradients(given, normals, view)
        within = None if mask is None else inside(mask, (height, width))
        if within is not None:
            for plane in (maps.diffuse_albedo, maps.specular_albedo, maps.exponent):
                plane[~within] = 0
            maps.confidence[~within] = 0
        note_gloss(maps, normals, within, lights=None if sweep is None else len(sweep.planes))
        return maps

    def _from_olats(
        self, field: ReflectanceField, normals: NormalMap, view: UnitVectors
    ) -> PhongMaps:
        from olat.surface.phong_ladder import phong_from_olats

        parts = []
        for top, bottom in field.strips():
            reflectance, doubts = field.read_rows(top, bottom)
            parts.append(
                phong_from_olats(
                    reflectance,
                    doubts,
                    field.header.rig.directions,
                    normals.normals[top:bottom],
                    view[top:bottom],
                    confidence=field.read_confidence(top, bottom),
                    shadow_fraction=self.shadow_fraction,
                    shadow_floor=self.shadow_floor,
                )
            )
        planes = {
            plane.name: np.concatenate([getattr(part, plane.name) for part in parts])
            for plane in fields(PhongMaps)
            if plane.name != "space"
        }
        return PhongMaps(**planes, space=field.header.space)

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
