"""Stage: diffuse and glossy reflection in Phong's terms."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import NonNegativeFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.condition import ColorGradient, Tracking
from olat.model.field import ReflectanceField
from olat.model.image import Frames, RadianceImage
from olat.model.maps import NormalMap, PhongMaps
from olat.model.rig import LightRig
from olat.model.session import Camera
from olat.model.shapes import Mask
from olat.stages.gradients import GradientPhotographs
from olat.stages.subject import inside


class FitPhong(Stage):
    """Phong terms from the closed-form cosine lobe, or from OLATs (Fyffe 2012, Phong 1975)."""

    grain = Grain.CAMERA
    makes = "phong"

    source: Literal["auto", "gradients", "olats"] = "auto"
    """Full-on and color gradient, the OLAT sweep, or gradients where they were shot."""
    shadow_floor: NonNegativeFloat = 0.004
    """Reading below which a pixel has no Phong terms [diffuse white = 1]."""

    def run(
        self,
        normals: NormalMap,
        field: ReflectanceField | None,
        aligned: Annotated[Frames[RadianceImage] | None, Under((ColorGradient, Tracking))],
        mask: Mask | None,
        rig: LightRig,
        camera: Camera,
    ) -> PhongMaps:
        """Return the Phong terms of a camera."""
        from olat.surface.view import view_directions

        height, width = normals.flags.shape
        view = view_directions(height, width, camera.field_of_view_deg)
        photographs = None if self.source == "olats" else GradientPhotographs.among(aligned)
        if photographs is not None:
            maps = self._from_gradients(photographs, normals, view, rig)
        elif field is not None and self.source != "gradients":
            maps = self._from_olats(field, normals, view)
        else:
            raise SolveError(
                f"fit_phong: source = {self.source!r}, but there is no OLAT sweep and no color "
                "gradient with a complement or a full-on frame. Needed is one of them."
            )
        outside = ~inside(mask, (height, width))
        for plane in (maps.diffuse_albedo, maps.specular_albedo, maps.confidence):
            plane[outside] = 0
        return maps
