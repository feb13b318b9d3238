"""Stage: where the surface is, from the normals."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Annotated

import numpy as np
from jaxtyping import UInt8
from pydantic import Field, NonNegativeInt, PositiveFloat

from olat.engine.stage import Grain, Part, Stage
from olat.errors import SolveError
from olat.model.calibration import LensCalibration
from olat.model.image import RadianceImage
from olat.model.maps import DepthMap, NormalMap
from olat.model.session import Camera
from olat.model.shapes import Array, Mask
from olat.model.view import ViewGeometry
from olat.stages.pixel_views import geometry_of
from olat.stages.subject import inside

logger = logging.getLogger(__name__)

APART = 0.02
"""Share of the known pixels in other pieces than the largest that is noted."""


class IntegrateNormals(Stage):
    """Depth and a mesh from normals, torn where they contradict each other (Durou 2009)."""

    grain = Grain.CAMERA
    makes = "depth"

    rounds: NonNegativeInt = 20
    """Reweightings, at most; 0 is Poisson's equation, which smears steps."""
    mean_depth_m: PositiveFloat | None = None
    """Mean depth of the subject [m]; none takes what near lights told, or that of the origin."""
    mesh_every: Annotated[int, Field(ge=0)] = 1
    """Rows and columns from one vertex of the mesh to the next; 0 makes no mesh [px]."""

    def run(
        self,
        normals: NormalMap,
        flat_lit: RadianceImage | None,
        mask: Mask | None,
        camera: Annotated[Camera, Part("distance_m")],
        lens: LensCalibration | None,
    ) -> DepthMap:
        """Return the depth of a camera, and its mesh."""
        from olat.surface.normal_integration import depth_from_normals

        geometry = geometry_of(lens, camera, *normals.flags.shape, stage=self.verb())
        if self.mean_depth_m is not None and not geometry.is_metric:
            raise SolveError(
                f"integrate_normals: mean_depth_m = {self.mean_depth_m:g}, but camera "
                f"{camera.name!r} has no scale: needed are a field of view and distance_m in the "
                "manifest, or a lens with a pose. Tell them, or leave mean_depth_m out."
            )
        within = None if mask is None else inside(mask, normals.flags.shape)
        is_metric = geometry.is_metric
        if camera.distance_m is not None and not is_metric:
            logger.warning(
                "distance_m = %g is not used: depth in meters also needs the field of view. Tell "
                "field_of_view_deg under [camera.%s], or calibrate the lens.",
                camera.distance_m,
                camera.name,
            )
        try:
            found = depth_from_normals(
                normals.normals,
                normals.confidence,
                within,
                geometry,
                rounds=self.rounds,
                mean_depth=self.mean_depth_m or (normals.mean_depth_m if is_metric else None),
            )
        except ValueError as error:
            raise SolveError(f"integrate_normals: {error}") from None
        _note_pieces(found)
        found = replace(found, flags=found.flags | normals.flags)
        return self._with_mesh(found, normals, geometry, flat_lit)

    def _with_mesh(
        self,
        depth: DepthMap,
        normals: NormalMap,
        geometry: ViewGeometry,
        flat_lit: RadianceImage | None,
    ) -> DepthMap:
        from olat.surface.mesh import mesh_of_depth

        if not self.mesh_every:
            return depth
        mesh = mesh_of_depth(
            depth, normals.normals, geometry, colors=_shown(flat_lit), every=self.mesh_every
        )
        return replace(depth, mesh=mesh)


def _shown(flat_lit: RadianceImage | None) -> UInt8[Array, "h w 3"] | None:
    """Return the colors of the subject under even light, as displays show them."""
    from olat.io.display import picture_from_radiance

    if flat_lit is None:
        return None
    return picture_from_radiance(flat_lit.radiance, space=flat_lit.space)


def _note_pieces(found: DepthMap) -> None:
    """Note where much of the subject hangs together with nothing."""
    known = found.depth != 0.0
    share = float(np.mean(found.flags[known] != 0))
    if share > APART:
        logger.warning(
            "%.0f %% of the depth is of pieces that no normals connect to the largest; where they "
            "stand is a guess. Gaps in the normals part them.",
            100 * share,
        )
