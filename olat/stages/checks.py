"""What is looked at before a run, so that a whole night is not spent on a wrong capture."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from olat.engine.pipeline import Pipeline
from olat.errors import CalibrationError, FileError, SessionError, SolveError
from olat.io.frame_expression import format_frames
from olat.io.manifest_text import skip_advice
from olat.io.photograph import photograph_size
from olat.model.condition import Olat
from olat.model.words import counted
from olat.stages.capture import SessionCapture, mask_of
from olat.stages.subject import inside


def check_rig(capture: SessionCapture, pipeline: Pipeline) -> None:
    """Refuse lights of which nobody knows where they are, unless the pipeline finds that out.

    Raises
    ------
    CalibrationError
        If the session only counts its lights and nothing certified says where they are.
    """
    rig = capture.session.rig
    is_used = any(need.name == "rig" for stage in pipeline.stages for need in stage.needs())
    if rig.is_located or not is_used or pipeline.maker("located") is not None:
        return
    count = counted(len(rig), "light")
    raise CalibrationError(
        f"{capture.session.folder}: rig {rig.name!r} has {count}, but it is not known "
        "where they are: there is no light file and no certified calibration. Say lights = FILE "
        "under [rig], or locate them on a mirror ball: olat process --pipeline calibrate_rig, then "
        "olat certify."
    )


def check_lit(capture: SessionCapture) -> None:
    """Refuse frames that are lit by lights which, as was measured, give no light.

    Raises
    ------
    CalibrationError
        Naming the lights and the frames.
    """
    rig = capture.session.rig
    dark = set(np.flatnonzero((rig.intensities <= 0).any(axis=1)).tolist())
    lit = {
        frame.index: frame.condition.light
        for frame in capture.session.frames
        if isinstance(frame.condition, Olat) and frame.condition.light in dark
    }
    if lit:
        raise CalibrationError(
            f"rig {rig.name!r}: light {format_frames(lit.values())} gave no light when it was "
            f"measured, but frames are lit by it. {skip_advice(format_frames(lit))}"
        )


def check_pictures(capture: SessionCapture) -> None:
    """Check from headers that photographs and masks of each camera fit each other.

    Raises
    ------
    SessionError
        Naming what differs. A photograph that cannot be read is left to its own task.
    """
    for camera in capture.session.cameras:
        size = _one_size(capture, camera.name)
        mask = mask_of(camera)
        if size is None or mask is None:
            continue
        try:
            inside(mask, size)
        except SolveError as error:
            raise SessionError(f"camera {camera.name!r}, {camera.mask}: {error}") from error


def duplicates(capture: SessionCapture) -> list[str]:
    """Tell which lights share one photograph: a frame that was stored twice."""
    told = []
    for camera in capture.cameras():
        by_content: dict[str, list[int]] = {}
        for frame in capture.frames(camera).values():
            if isinstance(frame.condition, Olat):
                with suppress(FileError):
                    by_content.setdefault(capture.hashes.of(frame.path), []).append(frame.index)
        told += [
            f"Frames {format_frames(same)} (camera {camera}) are the same photograph under "
            "different lights; one was stored twice or shot by mistake."
            for same in by_content.values()
            if len(same) > 1
        ]
    return told


def _one_size(capture: SessionCapture, camera: str) -> tuple[int, int] | None:
    """Return height and width of a camera's photographs, if any can be read."""
    by_size: dict[tuple[int, int], list[int]] = {}
    for frame in capture.frames(camera).values():
        with suppress(FileError):
            by_size.setdefault(photograph_size(frame.path), []).append(frame.index)
    if not by_size:
        return None
    usual, *others = sorted(by_size, key=lambda size: -len(by_size[size]))
    if others:
        told = "; ".join(
            f"{size[1]} x {size[0]} px in frame {format_frames(by_size[size])}" for size in others
        )
        odd = format_frames([index for size in others for index in by_size[size]])
        raise SessionError(
            f"camera {camera!r}: most frames have {usual[1]} x {usual[0]} px, but there are "
            f"{told}. One size is needed.\n{skip_advice(odd, camera)}"
        )
    return usual
