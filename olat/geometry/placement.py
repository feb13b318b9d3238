"""Cameras in the world of the stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64

from olat.model.calibration import LensCalibration
from olat.model.shapes import Array

Point: TypeAlias = Float64[Array, "3"]

SMALLEST_ANGLE_DEG = 5.0
"""Between two optical axes: nearly parallel ones meet nowhere in particular."""
SLIGHT = 1e-3
"""What rounding in a file may turn or move a camera by [radian, share of its distance]."""


def place_of(lens: LensCalibration) -> Point:
    """Return where a camera stands, ``-R^T t``.

    Raises
    ------
    ValueError
        If that is not known.
    """
    if lens.rotation is None or lens.translation is None:
        raise ValueError(
            "placement: a camera has no pose; a rotation and a translation were needed. Read it "
            "from a file of cameras, or measure it with `poses_from_boards`."
        )
    return np.asarray(-lens.rotation.T @ lens.translation)


def meeting_point(lenses: Mapping[str, LensCalibration]) -> Point:
    r"""Return the point that is nearest to the optical axes of all cameras.

    With centers c and axes a, the least squares of the distances are solved by

    .. math:: \sum_i (I - a_i a_i^T)\, x = \sum_i (I - a_i a_i^T)\, c_i .

    Raises
    ------
    ValueError
        If there are fewer than two cameras, or all look the same way.

    Notes
    -----
    Assumes that the cameras look at the subject, as those of a stage do.
    """
    axes = np.array([lens.axes[2] for lens in lenses.values()])
    turned = float(np.degrees(np.arccos(np.clip(np.abs(axes @ axes.T).min(), 0.0, 1.0))))
    if len(lenses) < 2 or turned < SMALLEST_ANGLE_DEG:
        raise ValueError(
            f"placement: {len(lenses)} cameras whose axes differ by {turned:.1f} degrees meet in "
            f"no point; at least 2 that differ by {SMALLEST_ANGLE_DEG:.0f} degrees were needed. "
            "State how far the subject is from the reference camera."
        )
    centers = np.array([place_of(lens) for lens in lenses.values()])
    across = np.eye(3) - axes[:, :, np.newaxis] * axes[:, np.newaxis, :]
    return np.linalg.solve(across.sum(axis=0), np.einsum("ijk,ik->j", across, centers))


def in_reference_frame(
    lenses: Mapping[str, LensCalibration],
    reference: str,
    *,
    distance: float | None = None,
    scale: float = 1.0,
) -> dict[str, LensCalibration]:
    """Turn and move the world so that the reference camera stands on +z and looks along -z.

    Parameters
    ----------
    lenses
        With poses, in any right-handed world.
    reference
        Name of the camera that stands on +z, upright.
    distance
        From it to the origin, where the subject is [m]. Without it the origin is as far away as
        the point in which the optical axes of all cameras meet best.
    scale
        Length of the cameras' unit [m]; structure from motion alone does not know it.

    Returns
    -------
    lenses
        In the world of the stage: right-handed, +x to the image's right, +y up [m].

    Raises
    ------
    ValueError
        If there is no such camera, a pose is missing, or there is nothing in front of it to look
        at.

    Notes
    -----
    Assumes that the reference camera is upright and looks at the subject: the origin lies on its
    optical axis.
    """
    if reference not in lenses:
        raise ValueError(
            f"placement: there is no camera {reference!r}; there are {', '.join(lenses)}."
        )
    if not scale > 0.0:
        raise ValueError(f"placement: the scale is {scale}; a positive length is needed.")
    center, forward = place_of(lenses[reference]), lenses[reference].axes[2]
    if distance is None:
        distance = float((meeting_point(lenses) - center) @ forward) * scale
    if not distance > 0.0:
        raise ValueError(
            f"placement: the subject lies {distance:.3g} m before camera {reference!r}; a positive "
            "distance was needed. Check the axes that the file's cameras are meant in."
        )
    # New world to old: x = turn.T (old - origin) * scale.
    turn = lenses[reference].axes.T @ np.diag([1.0, -1.0, -1.0])
    origin = center + forward * (distance / scale)
    placed = {}
    for name, lens in lenses.items():
        rotation = lens.axes @ turn
        shift = rotation @ (turn.T @ (origin - place_of(lens))) * scale
        placed[name] = replace(lens, rotation=rotation, translation=shift)
    return placed


def reference_of(lenses: Mapping[str, LensCalibration]) -> str | None:
    """Return the camera that stands on +z, upright, and looks along -z; none if none does.

    Where there is one, the cameras are in the world of the stage already.
    """
    for name, lens in lenses.items():
        if lens.translation is None:
            continue
        x, y, z = place_of(lens)
        is_turned = np.abs(lens.axes - np.diag([1.0, -1.0, -1.0])).max() > SLIGHT
        if z > 0.0 and not is_turned and np.hypot(x, y) <= SLIGHT * z:
            return name
    return None
