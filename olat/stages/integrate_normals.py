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
from olat.stages.camera_view import view_of_camera
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
    """Mean depth of the subject, where it is known; none takes that of the world's origin [m]."""
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

        shape = normals.flags.shape
        geometry = view_of_camera(lens, camera, *shape, asked_by="integrate_normals")
        if self.mean_depth_m is not None and not geometry.is_metric:
            raise SolveError(
                f"integrate_normals: mean_depth_m = {self.mean_depth_m:g}, but camera "
                f"{camera.name!r} has no scale: needed are a field of view and distance_m in the "
                "manifest, or a lens with a pose. Tell them, or leave mean_depth_m out."
            )
        within = None if mask is None else inside(mask, normals.flags.shape)
        try:
            found = depth_from_normals(
                normals.normals,
                normals.confidence,
                within,
                geometry,
                rounds=self.rounds,
                mean_depth=self.mean_depth_m,
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
