"""Motion that another program found: Middlebury ``.flo`` and OpenEXR files."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from olat.errors import FileError
from olat.io.exr import read_exr
from olat.io.publish import publish_bytes
from olat.model.motion import TrackingFlow
from olat.model.shapes import Flow, Plane
from olat.motion.flow import upsampled

MAGIC = 202021.25
"""The first number of a ``.flo`` file; its bytes spell PIEH."""
UNKNOWN = 1e9
"""Beyond this a vector is unknown; 1e10 is what is written."""
HEADER_BYTES = 12
LARGEST_SIDE = 99999
"""More pixels the format does not foresee."""

CHANNELS = (
    ("flow.X", "flow.Y"),
    ("forward.u", "forward.v"),
    ("u", "v"),
    ("X", "Y"),
    ("R", "G"),
)
"""Pairs of channels that may hold motion right and down; the first pair that is there counts."""
CONFIDENCE = "confidence.Y"

_log = logging.getLogger(__name__)


def read_flow_file(path: Path) -> TrackingFlow:
    """Read motion from the reference to another frame.

    Parameters
    ----------
    path
        ``.flo`` or ``.exr``. The channels of an EXR file are the first that are there of ``flow.X
        flow.Y``, ``forward.u forward.v``, ``u v``, ``X Y`` and ``R G``.

    Returns
    -------
    TrackingFlow
        In the size of the file, which counts as that of the frame unless the header of an EXR
        file of our own says otherwise. Without a channel ``confidence.Y`` the confidence is 1;
        it is 0, and the flow too, where the motion is unknown or not a number.

    Raises
    ------
    FileError
        If the file is missing, of another kind, damaged, or holds no motion.

    Notes
    -----
    Assumes pixels, right and down, as Middlebury's are. What another program calls ``forward``
    may count upwards, and no header says so: such files are read with a warning.

    References
    ----------
    .. [1] Baker et al., A database and evaluation methodology for optical flow, IJCV 2011.
    """
    readers = {".flo": _read_flo, ".exr": _read_exr}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FileError(
            f"{path}: a {path.suffix or 'nameless'} file holds no motion that can be read; a .flo "
            "or .exr file is needed. Convert it."
        )
    return reader(path)


def write_flo(path: Path, flow: TrackingFlow) -> None:
    """Write motion as a Middlebury ``.flo`` file, at the size of the frame.

    Parameters
    ----------
    path
        File to make or replace.
    flow
        Where its confidence is 0 the motion is written as unknown; the format keeps nothing else
        of the confidence.

    Raises
    ------
    StorageError
        If the disk is full, read-only or failing.
    """
    vectors = np.array(upsampled(flow.flow, flow.shape), "<f4", order="C")
    vectors[upsampled(flow.confidence, flow.shape) <= 0.0] = 10.0 * UNKNOWN
    height, width = flow.shape
    header = np.float32(MAGIC).astype("<f4").tobytes() + np.array([width, height], "<i4").tobytes()
    publish_bytes(path, header + vectors.tobytes())


def _read_flo(path: Path) -> TrackingFlow:
    """Read a ``.flo`` file: magic, width, height, then (dx, dy) of every pixel, row by row."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileError(f"{path}: there is no such file; a .flo file is needed.") from None
    except OSError as error:
        raise FileError(f"{path}: it cannot be read: {error.strerror}.") from None
    if len(content) < HEADER_BYTES:
        raise FileError(
            f"{path}: the file has {len(content)} bytes; the header of a .flo file has "
            f"{HEADER_BYTES}. Make or copy it again."
        )
    if content[:4] != np.array(MAGIC, "<f4").tobytes():
        raise FileError(
            f"{path}: it begins with {content[:4]!r}; a .flo file begins with b'PIEH'. Convert it."
        )
    width, height = (int(side) for side in np.frombuffer(content, "<i4", 2, 4))
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise FileError(
            f"{path}: its header says {width} x {height} px; 1 to {LARGEST_SIDE} px a side are "
            "needed. Make or copy it again."
        )
    needed = HEADER_BYTES + 8 * width * height
    if len(content) != needed:
        raise FileError(
            f"{path}: the file has {len(content):,} bytes; {width} x {height} px take {needed:,}. "
            "Make or copy it again."
        )
    vectors = np.frombuffer(content, "<f4", offset=HEADER_BYTES).reshape(height, width, 2)
    return _known(vectors.astype(np.float32), None, (height, width))


def _read_exr(path: Path) -> TrackingFlow:
    """Read whichever channels hold motion."""
    channels, attributes = read_exr(path)
    names = next((pair for pair in CHANNELS if channels.keys() >= set(pair)), None)
    if names is None:
        wanted = ", ".join(" and ".join(pair) for pair in CHANNELS)
        raise FileError(
            f"{path}: it has the channels {', '.join(map(repr, channels))}; one of the pairs "
            f"{wanted} is needed. Rename them."
        )
    if names == ("R", "G") and "B" in channels and np.ptp(channels["B"]) > 0:
        raise FileError(
            f"{path}: R, G and B all vary, as in a photograph; motion right and down in R and G, "
            "and B level, are needed. Name the channels flow.X and flow.Y if they are motion."
        )
    if names[0] == "forward.u":
        _log.warning("%s: forward.v is taken to count down the picture; some count it up", path)
    flow = np.stack([channels[name] for name in names], axis=-1)
    shape = (flow.shape[0], flow.shape[1])
    return _known(flow, _confidence(path, channels), _full_shape(path, attributes, shape))


def _confidence(path: Path, channels: Mapping[str, Plane]) -> Plane | None:
    """Return the confidence if there is one; not a number means none."""
    if CONFIDENCE not in channels:
        return None
    confidence = np.where(np.isnan(channels[CONFIDENCE]), np.float32(0), channels[CONFIDENCE])
    low, high = confidence.min(), confidence.max()
    if low < 0.0 or high > 1.0:
        raise FileError(
            f"{path}: {CONFIDENCE} runs from {low:g} to {high:g}; 0 to 1 is needed. Scale it."
        )
    return confidence


def _full_shape(
    path: Path, attributes: Mapping[str, object], shape: tuple[int, int]
) -> tuple[int, int]:
    """Return the size of the frame where our own header tells it, else that of the file."""
    names = ("olat/fullHeight", "olat/fullWidth")
    if not all(name in attributes for name in names):
        return shape
    try:
        height, width = (int(str(attributes[name])) for name in names)
    except ValueError as error:
        raise FileError(
            f"{path}: {' and '.join(names)} in its header: {error}; whole numbers are needed."
        ) from None
    return height, width


def _known(flow: Flow, confidence: Plane | None, shape: tuple[int, int]) -> TrackingFlow:
    """Mark what is unknown."""
    with np.errstate(invalid="ignore"):
        is_known = (np.abs(flow) <= UNKNOWN).all(axis=2)
    trust = is_known.astype(np.float32) if confidence is None else confidence * is_known
    return TrackingFlow(np.where(is_known[..., None], flow, np.float32(0)), trust, shape)
