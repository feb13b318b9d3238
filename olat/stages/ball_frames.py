"""The frames of a calibration ball: which light, which place, which camera, which outline."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from olat.errors import SolveError
from olat.model.calibration import LensCalibration
from olat.model.condition import Target
from olat.model.image import Frames, RadianceImage
from olat.model.session import Camera, Frame
from olat.model.shapes import Mask
from olat.stages.subject import inside

if TYPE_CHECKING:
    from olat.light.ball_outline import BallFit
    from olat.light.ball_view import Pinhole
    from olat.light.mirror_ball_rays import BallSweep

logger = logging.getLogger(__name__)

Projection = Literal["auto", "orthographic", "perspective"]
Outline = Literal["auto", "mask", "picture"]


def sweeps_of(shots: Mapping[int, Frame]) -> dict[int, dict[int, int]]:
    """Return the frame of each light, by place of the ball.

    Where a light was photographed at several exposures, the shortest counts: it clips least.
    """
    sweeps: dict[int, dict[int, int]] = {}
    for index, shot in shots.items():
        if not isinstance(shot.condition, Target) or shot.condition.light is None:
            continue
        frames = sweeps.setdefault(shot.condition.pose, {})
        other = frames.setdefault(shot.condition.light, index)
        if (shot.exposure_s or np.inf) < (shots[other].exposure_s or np.inf):
            frames[shot.condition.light] = index
    return {pose: dict(sorted(frames.items())) for pose, frames in sorted(sweeps.items())}


def full_on_of(shots: Mapping[int, Frame], pose: int) -> int | None:
    """Return the frame of the ball under all lights in a place, if there is one."""
    return next(
        (
            index
            for index, shot in shots.items()
            if isinstance(shot.condition, Target)
            and shot.condition.light is None
            and shot.condition.pose == pose
        ),
        None,
    )


def size_of(frames: Frames[RadianceImage]) -> tuple[int, int]:
    """Return height and width of the photographs."""
    height, width = frames[min(frames)].flags.shape
    return height, width


def pinhole_of(
    camera: Camera, lens: LensCalibration | None, shape: tuple[int, int], projection: Projection
) -> Pinhole | None:
    """Return the camera of photographs of some size; none for an orthographic view.

    Raises
    ------
    SolveError
        If a perspective is asked for, but nothing tells the focal length; or if the lens is meant
        for pictures of another shape.
    """
    from olat.light.ball_view import Pinhole

    if projection == "orthographic":
        return None
    height, width = shape
    if lens is not None:
        scale = width / lens.width
        if abs(lens.height * scale - height) > 1.0:
            raise SolveError(
                f"camera {camera.name!r}: its lens was measured on {lens.width} x {lens.height} "
                f"px, but the photographs have {width} x {height} px; the same aspect ratio is "
                "needed. Measure the lens at this size."
            )
        matrix = lens.matrix.copy()
        matrix[:2] *= scale
        matrix[:2, 2] += 0.5 * (scale - 1.0)
        turn = np.diag([1.0, -1.0, -1.0]) if lens.rotation is None else lens.rotation
        return Pinhole(matrix, lens.distortion, turn)
    if camera.field_of_view_deg is not None:
        return Pinhole.of_field_of_view(height, width, camera.field_of_view_deg)
    if projection == "perspective":
        raise SolveError(
            f"camera {camera.name!r}: projection is 'perspective', but neither a lens calibration "
            "nor a field of view is known; one is needed. Set field_of_view_deg in session.toml."
        )
    return None


def find_ball(
    frames: Frames[RadianceImage],
    sweep: Mapping[int, int],
    full_on: int | None,
    *,
    mask: Mask | None,
    pinhole: Pinhole | None,
    outline: Outline,
) -> BallFit:
    """Find the ball; `ValueError` if it is not there.

    With `auto` a mask that is that of a ball says where to look, as in sessions of a ball alone;
    with `mask` it is taken as it is.
    """
    from olat.light.ball_outline import ball_in_mask
    from olat.light.mirror_ball_sweep import ball_in_photos

    if outline == "mask":
        if mask is None:
            raise ValueError(
                "outline is 'mask', but there is none for this place of the ball; needed is a "
                "picture that is bright inside the ball. Name it as mask in session.toml."
            )
        return ball_in_mask(inside(mask, size_of(frames)), pinhole)
    lit = list(sweep.values())
    if mask is not None and outline == "auto":
        try:
            return ball_in_photos(
                frames, lit, full_on=full_on, mask=inside(mask, size_of(frames)), pinhole=pinhole
            )
        except ValueError:
            logger.info("The mask is not that of a ball; the ball is looked for in the pictures.")
    return ball_in_photos(frames, lit, full_on=full_on, pinhole=pinhole)


def mirror_sweeps(
    radiance: Frames[RadianceImage],
    mask: Mask | None,
    *,
    pinhole: Pinhole | None,
    outline: Outline,
) -> dict[int, BallSweep]:
    """Look at the mirror ball in each of its places; `ValueError` if it is not in view.

    A mask says where one place is: with several, the ball is looked for in the pictures.
    """
    from olat.light.mirror_ball_sweep import look_at_sweep

    shots = radiance.shots
    by_pose = sweeps_of(shots)
    if not by_pose:
        raise ValueError(
            f"the mirror ball was photographed under all lights at once only (frame {min(shots)}); "
            "needed is a sweep. Name it as mirror_ball_sweep in session.toml."
        )
    sweeps = {}
    for pose, frames in by_pose.items():
        ball = find_ball(
            radiance,
            frames,
            full_on_of(shots, pose),
            mask=mask if len(by_pose) == 1 else None,
            pinhole=pinhole,
            outline=outline,
        )
        sweeps[pose] = look_at_sweep(radiance, frames, ball)
    return sweeps
