"""What is true about a simulated capture, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32

from olat.errors import FileError
from olat.io.publish import publish
from olat.model.shapes import Array, Flow, Mask, Plane, Radiance, UnitVectors
from olat.synthetic.capture import view_of
from olat.synthetic.render import shadows
from olat.synthetic.stage import SyntheticStage

TRUTH_FILE = Path("truth") / "reference.npz"
RECTIFIED_FILE = Path("truth") / "rectified.npz"
"""As an ideal lens would show it, where the camera's own bends."""


@dataclass(frozen=True)
class SyntheticTruth:
    """The subject in the pose of the reference frame, pixel by pixel; zero off the subject."""

    stage: SyntheticStage
    normals: UnitVectors
    """World frame; those that shade, chasing included."""
    diffuse_albedo: Radiance
    specular_albedo: Radiance
    exponent: Plane
    mask: Mask
    shadows: Bool[Array, "light h w"]
    """True where a light does not reach, because of a cast shadow or because it is behind."""
    positions: Float32[Array, "h w 3"]
    """World positions [m]."""

    def flow(self, frame: int) -> Flow:
        """Return where each reference pixel's point lies in a frame [px]; eyelids do not count."""
        reference = self.stage.pose(self.stage.reference)
        points = self.positions[self.mask].T.astype(np.float64)
        moved = self.stage.pose(frame).to_world(reference.to_subject(points))
        camera = self.stage.camera
        flow = np.zeros((*self.mask.shape, 2), np.float32)
        flow[self.mask] = (camera.project(moved) - camera.project(points)).T
        return flow


def truth_of(stage: SyntheticStage) -> SyntheticTruth:
    """Work out the truth about a stage."""
    view = view_of(stage, stage.pose(stage.reference))
    specular = np.repeat(view.paint.specular[None], 3, axis=0)
    return SyntheticTruth(
        stage=stage,
        normals=view.picture(view.normals),
        diffuse_albedo=view.picture(view.paint.albedo),
        specular_albedo=view.picture(specular),
        exponent=view.picture(view.paint.exponent[None])[..., 0],
        mask=view.mask,
        shadows=shadows(view, stage.rig),
        positions=view.picture(view.points),
    )


def write_truth(folder: Path, truth: SyntheticTruth, *, file: Path = TRUTH_FILE) -> None:
    """Store the truth beside a session; shadows as packed bits."""

    def write(part: Path) -> None:
        np.savez(
            part,
            normals=truth.normals,
            diffuse_albedo=truth.diffuse_albedo,
            specular_albedo=truth.specular_albedo,
            exponent=truth.exponent,
            mask=truth.mask,
            shadows=np.packbits(truth.shadows, axis=-1),
            positions=truth.positions,
            stage=np.array(truth.stage.model_dump_json()),
        )

    publish(folder / file, write)


def read_truth(folder: Path, *, file: Path = TRUTH_FILE) -> SyntheticTruth:
    """Read the truth beside a session: as photographed, or as an ideal lens would show it.

    Raises
    ------
    FileError
        If the folder holds no simulated capture.
    """
    path = folder / file
    if not path.is_file():
        raise FileError(
            f"{path}: there is no such file; the truth of a simulated capture was needed. "
            "Write one with 'olat demo'."
        )
    with np.load(path) as stored:
        arrays = dict(stored)
    width = arrays["mask"].shape[1]
    arrays["shadows"] = np.unpackbits(arrays["shadows"], axis=-1, count=width).astype(bool)
    stage = SyntheticStage.model_validate_json(str(arrays.pop("stage")))
    return SyntheticTruth(stage=stage, **arrays)
