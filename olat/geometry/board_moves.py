"""Whether a camera was moved while boards were photographed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from olat.geometry.board_poses import Views
from olat.geometry.pose_gains import PoseGains

LEAST_NOISE_PX = 0.05
"""Corners are not found better than that."""
LEAST_EXCESS = 0.5
"""Squares beyond what single views leave, as a share of these, before a movement is looked for."""
LEAST_SHARE = 0.75
"""Of what is beyond, that a movement must explain."""
MOST_LEFT = 2.0
"""Squares that a movement may leave, in those that single views leave."""
LEAST_FRAMES = 2
"""On either side of a movement; a single view that differs is a bad one."""
ALIKE = 0.9
"""Cameras whose movement explains that share of what the best one does are named as well."""


def require_still(alone: Mapping[tuple[str, int], float], gains: PoseGains, views: Views) -> None:
    """Refuse views that fit one place of each camera badly, and two places of one camera well.

    Parameters
    ----------
    alone
        How far the corners of each view are off if it is fitted alone [px].
    gains
        Of the adjustment of all.
    views
        As for `olat.geometry.board_poses.poses_from_boards`.

    Raises
    ------
    ValueError
        If a camera was moved between two of its frames.

    Notes
    -----
    Assumes that frames are numbered in the order in which they were taken, and that a camera was
    moved once. Two cameras alone cannot tell which of them it was: both are named.
    """
    corners = {(camera, frame): len(views[camera][frame].ids) for camera, frame in alone}
    count = sum(corners.values())
    noise = sum(corners[view] * max(LEAST_NOISE_PX, off) ** 2 for view, off in alone.items())
    unknowns = 6 * (len({camera for camera, _ in alone}) - 1 + len({frame for _, frame in alone}))
    freedom = 2 * count - 6 * len(alone)
    if freedom <= 0:
        return
    # Single views have more unknowns, so that noise leaves less of them.
    expected = noise * (2 * count - unknowns) / freedom
    squares = gains.squares
    excess = squares - expected
    if not excess > LEAST_EXCESS * expected:
        return
    best = {camera: _best(camera, sorted(found), gains) for camera, found in views.items()}
    gain, before, after = max(best.values())
    if gain < LEAST_SHARE * excess or squares - gain > MOST_LEFT * expected:
        return
    named = " or ".join(repr(camera) for camera in best if best[camera][0] >= ALIKE * gain)
    one, two, least = (
        float(np.sqrt(max(total, 0.0) / count)) for total in (squares, squares - gain, expected)
    )
    raise ValueError(
        f"poses: camera {named} was moved between frames {before} and {after}: corners are "
        f"{one:.2f} px off one place and {two:.2f} px off two, where single views leave "
        f"{least:.2f} px; one place for all frames is needed. Leave out the frames on one side of "
        "it (skip in the session), or photograph the board again."
    )


def _best(camera: str, frames: list[int], gains: PoseGains) -> tuple[float, int, int]:
    """Return the gain of the movement that explains most, and the frames before and after it."""
    found = [
        (gains.gain(camera, frames[at:]), frames[at - 1], frames[at])
        for at in range(LEAST_FRAMES, len(frames) - LEAST_FRAMES + 1)
    ]
    return max(found, default=(0.0, 0, 0))
