"""Stage: the normals of the surface's face, from polarized gradients."""

from __future__ import annotations

from typing import Annotated

from pydantic import NonNegativeFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import ColorCalibration, LensCalibration
from olat.model.condition import Polarized
from olat.model.drift import LightDrift
from olat.model.image import Frames, RadianceImage
from olat.model.maps import NormalMap
from olat.model.rig import LightRig
from olat.model.session import Camera
from olat.model.shapes import Mask, UnitVectors
from olat.stages.gradient_readings import GradientReadings, gradient_readings
from olat.stages.gradient_sets import what_is_missing, white_set
from olat.stages.gradients import LOST
from olat.stages.pixel_views import view_of
from olat.stages.polarized_frames import beneath_frames, face_frames
from olat.stages.subject import inside
from olat.stages.sufficiency import note_open_faces


class SeparatePolarization(Stage):
    """Specular normals from parallel less crossed gradients (Ma et al. 2007)."""

    grain = Grain.CAMERA
    makes = "specular_normals"

    shadow_floor: NonNegativeFloat = 0.004
    """Specular reading below which a pixel has no normal [diffuse white = 1]."""

    def run(
        self,
        merged: Annotated[Frames[RadianceImage], Under((Polarized,))],
        mask: Mask | None,
        rig: LightRig,
        camera: Camera,
        lens: LensCalibration | None,
        color: ColorCalibration | None,
        drift: LightDrift | None = None,
    ) -> NormalMap:
        """Return the specular normals of a camera."""
        face = face_frames(merged, drift)
        read = gradient_readings(face, rig, color, drift, linear=True)
        if read is None:
            shots = [shot.condition for shot in face.shots.values()]
            missing = what_is_missing(shots) or "there is no pair of crossed and parallel gradients"
            if white_set(shots):
                missing = "there are half spheres of light, which do not tell where gloss points"
            raise SolveError(
                f"separate_polarization: behind polarizers {missing}. Needed are linear gradients "
                "along x, y, z, each parallel and crossed."
            )
        below = gradient_readings(beneath_frames(merged), rig, color, drift)
        height, width = read.flags.shape
        view = view_of(lens, camera, height, width, stage=self.verb())
        found = self._solved(read, below, view, rig)
        if not found.normals.any():
            raise SolveError(
                "separate_polarization: no pixel reflects light at its face above shadow_floor = "
                f"{self.shadow_floor:g}; needed is some. Are crossed and parallel mixed up?"
            )
        if mask is not None:
            within = inside(mask, (height, width))
            found.normals[~within] = 0
            found.confidence[~within] = 0
        note_open_faces(found)
        return found

    def _solved(
        self,
        read: GradientReadings,
        below: GradientReadings | None,
        view: UnitVectors,
        rig: LightRig,
    ) -> NormalMap:
        from olat.surface.polarized import specular_normals
        from olat.surface.rig_normals import merged_normals
        from olat.surface.rig_table import rig_table

        solved, weights = [], []
        for index, part in enumerate(read.parts):
            diffuse = None if below is None else below.parts[index].total.mean(axis=-1)
            solved.append(
                specular_normals(
                    part.difference,
                    part.total,
                    view,
                    rig_table(rig.directions, part.lit, part.sums),
                    diffuse=diffuse,
                    shadow_floor=self.shadow_floor,
                )
            )
            weights.append(part.total.mean(axis=-1))
        normals, confidence, flags = (
            solved[0] if len(solved) == 1 else merged_normals(solved, weights)
        )
        normals[(read.flags & LOST) != 0] = 0
        return NormalMap(normals, read.trusted(confidence), flags | read.flags)
