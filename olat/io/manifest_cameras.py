"""The cameras of a manifest: their files, and what else is known about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from olat.errors import FileError
from olat.io.frame_expression import format_frames
from olat.io.frame_pattern import files_of_pattern
from olat.io.manifest_schema import CameraTable, Manifest
from olat.io.manifest_text import Complaints, skip_advice
from olat.io.response_file import read_response
from olat.model.condition import Tracking
from olat.model.encoding import Encoding
from olat.model.session import Camera, Frame


def camera_of_table(name: str, table: CameraTable, folder: Path, complaints: Complaints) -> Camera:
    """Return a camera; complain if its mask is not there."""
    mask = None if table.mask is None else folder / table.mask
    if mask is not None and not mask.is_file():
        complaints.add(("camera", name, "mask"), f"camera '{name}': there is no mask {mask}.")
    return Camera(
        name,
        _encoding(name, table, folder, complaints),
        table.white_patch,
        table.field_of_view_deg,
        mask,
        distance_m=table.distance_m,
        serial=table.serial,
        lens=table.lens,
        reference=table.reference,
    )


def with_known_motion(
    camera: Camera,
    table: CameraTable,
    folder: Path,
    frames: Sequence[Frame],
    *,
    complaints: Complaints,
) -> Camera:
    """Return a camera with the files of motion that was found before.

    Parameters
    ----------
    camera, table
        The camera, and what the manifest tells of it.
    folder
        What relative paths start from.
    frames
        All frames of the capture.
    complaints
        A reference that is no tracking frame goes here, and tracking frames without a file.
    """
    tracking = [
        frame.index
        for frame in frames
        if frame.camera == camera.name and isinstance(frame.condition, Tracking) and frame.leads
    ]
    _check_reference(camera.name, table, tracking, complaints)
    return replace(
        camera, flows=_flows(camera.name, table, folder, tracking, complaints=complaints)
    )


def camera_files(
    name: str, manifest: Manifest, folder: Path, complaints: Complaints
) -> dict[int, Path]:
    """Return the files of a camera by frame number; complain if there is none."""
    files, key = manifest.camera[name].files, ("camera", name, "files")
    if files is None:
        if manifest.sequence.table is None:
            complaints.add(("camera", name), f"[camera.{name}] needs 'files'.")
        return {}
    if not isinstance(files, str):
        return {index: folder / file for index, file in enumerate(files)}
    try:
        found = files_of_pattern(folder, files)
    except ValueError as error:
        complaints.add(key, f"camera '{name}': files = '{files}': {error}.")
        return {}
    if not found:
        complaints.add(key, f"camera '{name}': no file matches '{files}'. {_nearby(folder, files)}")
    return found


def _nearby(folder: Path, pattern: str) -> str:
    """Say what lies where a pattern looked."""
    parent = (folder / pattern).parent
    if not parent.is_dir():
        return f"There is no folder {parent}."
    names = sorted(entry.name for entry in parent.iterdir() if entry.is_file())
    return f"{parent} holds {len(names)} files" + (f", such as '{names[0]}'." if names else ".")


def _check_reference(
    name: str, table: CameraTable, tracking: Sequence[int], complaints: Complaints
) -> None:
    """Complain about a reference that is no tracking frame."""
    if table.reference is None or table.reference in tracking:
        return
    found = f"are {format_frames(tracking)}" if tracking else "do not exist"
    complaints.add(
        ("camera", name, "reference"),
        f"camera '{name}': reference = {table.reference}, but its tracking frames {found}; needed "
        "is one of them. Leave it out to take the middle one.",
    )


def _flows(
    name: str,
    table: CameraTable,
    folder: Path,
    tracking: Sequence[int],
    *,
    complaints: Complaints,
) -> Mapping[int, Path]:
    """Return the flow files by frame; complain about frames that have none."""
    if table.flow is None:
        return {}
    key = ("camera", name, "flow")
    if table.reference is None:
        complaints.add(
            key,
            f"camera '{name}' has flow files, but no 'reference'; needed is the number of the "
            "tracking frame that they start from.",
        )
    try:
        found = files_of_pattern(folder, table.flow)
    except ValueError as error:
        complaints.add(key, f"camera '{name}': flow = '{table.flow}': {error}.")
        return {}
    missing = [frame for frame in tracking if frame not in found and frame != table.reference]
    if missing:
        words = format_frames(missing)
        complaints.add(
            key,
            f"camera '{name}': tracking frames {words} have no flow file that matches "
            f"'{table.flow}'. Bring them, or leave 'flow' out to have it solved. "
            + skip_advice(words, name),
        )
    return {frame: found[frame] for frame in tracking if frame in found}


def _encoding(name: str, table: CameraTable, folder: Path, complaints: Complaints) -> Encoding:
    """Return what a camera's codes mean; complain if the table of a response cannot be read."""
    if not isinstance(table.encoding, str) or not table.encoding.endswith(".csv"):
        return table.encoding
    try:
        return read_response(folder / table.encoding)
    except FileError as error:
        complaints.add(("camera", name, "encoding"), str(error))
        return "linear"
