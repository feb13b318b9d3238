"""What is strange about a session that can be processed all the same."""

from __future__ import annotations

import math
from collections.abc import Iterable

from scipy.spatial import cKDTree

from olat.io.frame_expression import format_frames
from olat.model.condition import Dark, Target, role
from olat.model.session import Frame, Session
from olat.model.shapes import Directions

_TWINS = math.radians(0.1)
"""Angle below which two lights are nearer than anybody measures them [radian]."""
_MOST = 5
_JPEG = (".jpg", ".jpeg")


def session_warnings(session: Session) -> list[str]:
    """Return what a person should know before trusting the products of a session.

    Tells JPEG that is called linear, lights in one direction, and frames that no stage reads. No
    picture is opened.
    """
    return [
        *_jpeg_called_linear(session),
        *_twin_lights(session.rig.directions),
        *_frames_without_use(session.frames),
    ]


def _jpeg_called_linear(session: Session) -> list[str]:
    """Warn of cameras that write sRGB codes, as all do into JPEG, but are called linear."""
    cameras = [
        camera.name
        for camera in session.cameras
        if camera.encoding == "linear"
        and any(
            frame.path.suffix.lower() in _JPEG for frame in session.frames_of(camera.name).values()
        )
    ]
    if not cameras:
        return []
    return [
        f"JPEG is called linear (camera {', '.join(cameras)}), but cameras write it sRGB-coded. "
        'Check it with a gray chart, or say encoding = "srgb".'
    ]


def _twin_lights(directions: Directions) -> list[str]:
    """Warn of lights in one direction: one of them was typed twice or measured wrongly."""
    chord = 2.0 * math.sin(_TWINS / 2.0)
    pairs = cKDTree(directions).query_pairs(chord, output_type="ndarray")
    if not len(pairs):
        return []
    words = ", ".join(f"{first} and {second}" for first, second in sorted(pairs.tolist())[:_MOST])
    more = f", and {len(pairs) - _MOST} more pairs" if len(pairs) > _MOST else ""
    return [
        f"Lights {words}{more} (from 0) have the same direction within "
        f"{math.degrees(_TWINS):.1f} degrees. Check the light file."
    ]


def _frames_without_use(frames: Iterable[Frame]) -> list[str]:
    """Tell which frames have a role that no stage reads."""
    by_role: dict[str, set[int]] = {}
    for frame in frames:
        if isinstance(frame.condition, Dark | Target):
            by_role.setdefault(role(frame.condition), set()).add(frame.index)
    if not by_role:
        return []
    *terms, last = (f"{format_frames(found)} ({word})" for word, found in by_role.items())
    words = f"{', '.join(terms)} and {last}" if terms else last
    return [f"Not used yet: frames {words}."]
