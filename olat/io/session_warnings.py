"""What is strange about a session that can be processed all the same."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

from scipy.spatial import cKDTree

from olat.io.frame_expression import format_frames
from olat.model.calibration import Kind
from olat.model.roles import role
from olat.model.session import Frame, Session
from olat.model.shapes import Directions

_TWINS = math.radians(0.1)
"""Angle below which two lights are nearer than anybody measures them [radian]."""
_MOST = 5
MEASURED_FROM: Mapping[str, Kind] = {
    "dark": "sensor",
    "flat": "sensor",
    "chart": "color",
    "led_red": "color",
    "led_green": "color",
    "led_blue": "color",
    "board": "lens",
    "mirror_ball": "rig",
    "gray_ball": "rig",
}
"""The calibration that frames of a role are for."""
_JPEG = (".jpg", ".jpeg")


def session_warnings(session: Session, calibrated: Collection[tuple[Kind, str]] = ()) -> list[str]:
    """Return what a person should know before trusting the products of a session.

    Tells JPEG that is read as linear, lights in one direction, and frames of targets that could
    calibrate the session. No picture is opened.

    Parameters
    ----------
    session
        The session.
    calibrated
        What is calibrated: kind, and name of the camera or nothing for the rig.
    """
    located = session.rig.is_located
    return [
        *_jpeg_called_linear(session),
        *(_twin_lights(session.rig.directions) if located else ()),
        *_frames_without_use(session.frames, calibrated),
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
        f"JPEG is read as linear (camera {', '.join(cameras)}), but cameras write it sRGB-coded. "
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


def _frames_without_use(
    frames: Iterable[Frame], calibrated: Collection[tuple[Kind, str]]
) -> list[str]:
    """Tell which frames could calibrate the session, where nothing certified does."""
    by_kind: dict[Kind, dict[str, set[int]]] = {}
    for frame in frames:
        word = role(frame.condition)
        kind = MEASURED_FROM.get(word)
        if kind and kind not in {k for k, camera in calibrated if camera in ("", frame.camera)}:
            by_kind.setdefault(kind, {}).setdefault(word, set()).add(frame.index)
    told = []
    for kind, by_role in by_kind.items():
        words = ", ".join(f"{format_frames(found)} ({word})" for word, found in by_role.items())
        pipeline = "calibrate_rig" if kind == "rig" else "calibrate_camera"
        told.append(
            f"Not used: frames {words}, as no {kind} calibration is certified. Measure it: olat "
            f"process SESSION --pipeline {pipeline}, then olat certify SESSION."
        )
    return told
