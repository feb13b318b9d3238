"""How a reflectance field lies on disk: its documents and the bytes around its pixels.

A zarr v3 group with the arrays ``reflectance`` (light, channel, y, x) and ``flags`` (light, y, x),
and ``confidence`` (light, y, x) where frames were moved. Plane i is light i of the session's rig,
whichever others were shot. One shard holds one light: full rows in order, planar, uncompressed,
padded to a whole chunk; then a mark that says whose they are, which zarr skips; then the index that
zarr asks for. A light without a frame has no shard.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import google_crc32c
import numpy as np

from olat.io.color_header import WORDS
from olat.model.color import ColorSpace
from olat.model.field import CERTAIN, FieldHeader
from olat.model.flags import PixelFlag
from olat.model.rig import LightRig

SCHEMA = 1
CHUNK_ROWS = 32
KIND = "olat reflectance field"
MARK_BYTES = 16


@dataclass(frozen=True)
class ArrayLayout:
    """One array of the group."""

    name: str
    data_type: str
    fill: str | int
    outer: tuple[int, ...]
    """Lengths of the axes between light and y."""
    axes: tuple[str, ...]
    height: int
    """[px]"""
    width: int
    """[px]"""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, little endian."""
        return np.dtype(self.data_type).newbyteorder("<")

    @property
    def padded(self) -> int:
        """Rows of a plane on disk [px]."""
        return -(-self.height // CHUNK_ROWS) * CHUNK_ROWS

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the pixels of a shard."""
        return (*self.outer, self.padded, self.width)

    @property
    def pixel_bytes(self) -> int:
        """Size of the pixels of a shard [B]."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    @property
    def chunk_bytes(self) -> int:
        """Size of a chunk of rows [B]."""
        return CHUNK_ROWS * self.width * self.dtype.itemsize

    def key(self, light: int) -> str:
        """Return the path of a light's shard in the group."""
        return "/".join([self.name, "c", str(light), *("0" for _ in self.shape)])

    def document(self, rows: int) -> dict[str, Any]:
        """Return the array's ``zarr.json``, with room for the lights of the whole rig."""
        plain_bytes: dict[str, Any] = {"name": "bytes"}
        if self.dtype.itemsize > 1:
            plain_bytes["configuration"] = {"endian": "little"}
        sharding = {
            "chunk_shape": [1, *(1 for _ in self.outer), CHUNK_ROWS, self.width],
            "codecs": [plain_bytes],
            "index_codecs": [
                {"name": "bytes", "configuration": {"endian": "little"}},
                {"name": "crc32c"},
            ],
            "index_location": "end",
        }
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [rows, *self.outer, self.height, self.width],
            "data_type": self.data_type,
            "chunk_grid": {
                "name": "regular",
                "configuration": {"chunk_shape": [1, *self.shape]},
            },
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": self.fill,
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
            "attributes": {},
            "dimension_names": list(self.axes),
        }

    def index(self) -> bytes:
        """Return the end of every shard: offset and length of its chunks, and their checksum."""
        count = self.pixel_bytes // self.chunk_bytes
        table = np.empty((count, 2), dtype="<u8")
        table[:, 0] = np.arange(count) * self.chunk_bytes
        table[:, 1] = self.chunk_bytes
        return with_checksum(table.tobytes())


def with_checksum(content: bytes) -> bytes:
    """Append the crc32c of some bytes."""
    return content + int(google_crc32c.value(content)).to_bytes(4, "little")


def layouts(height: int, width: int) -> tuple[ArrayLayout, ArrayLayout]:
    """Return the layouts of reflectance and flags."""
    return (
        ArrayLayout(
            "reflectance", "float16", "NaN", (3,), ("light", "channel", "y", "x"), height, width
        ),
        ArrayLayout("flags", "uint8", 255, (), ("light", "y", "x"), height, width),
    )


def confidence_layout(height: int, width: int) -> ArrayLayout:
    """Return the layout of the confidence, which a light has if its frame was moved.

    What is missing reads as certain: a frame that was not moved is where it belongs.
    """
    return ArrayLayout("confidence", "uint8", CERTAIN, (), ("light", "y", "x"), height, width)


def mark(header: FieldHeader, light: int, *, is_moved: bool = False) -> bytes:
    """Return the bytes that tell a plane from one of another camera, light, scale or color.

    Reflectance that was moved says so, which tells that its confidence belongs to it.
    """
    intensity = header.rig.intensities[header.lights.index(light)]
    # Fields from before there were other spaces stay what they are.
    space = "" if header.space == "camera" else f" {header.space}"
    moved = " moved" if is_moved else ""
    owner = f"{header.camera} {light} {intensity.tolist()}{space}{moved}"
    return hashlib.sha256(owner.encode()).digest()[:MARK_BYTES]


def document_from_header(header: FieldHeader) -> dict[str, Any]:
    """Return the group's ``zarr.json``."""
    rig = header.rig
    return {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {
            "kind": KIND,
            "schema": SCHEMA,
            "olat": version("olat"),
            "session": header.session,
            "camera": header.camera,
            "height": header.height,
            "width": header.width,
            "rows": header.rows,
            "rig": rig.name,
            "lights": list(header.lights),
            "names": list(rig.names),
            "directions": rig.directions.tolist(),
            "intensities": rig.intensities.tolist(),
            "positions": None if rig.positions is None else rig.positions.tolist(),
            "solid_angles": header.solid_angles.tolist(),
            "frame": "world: right-handed, y up, +z to the camera; directions from the subject "
            "to the light",
            "scale": "divided by the light's intensity: a white Lambert patch facing light i reads "
            "1 under light i; signed",
            "color": header.space,
            "colorspace": WORDS[header.space],
            "flag_bits": {flag.name: flag.value for flag in PixelFlag},
            "missing": "a light without a frame has no shard, and reads NaN in reflectance and "
            "255 in flags; confidence that is missing is 1",
            "provenance": "receipts beside the group and of every plane: <product>.receipt.json "
            "and <product>/<frame>.receipt.json",
        },
    }


def header_from_attributes(attributes: dict[str, Any]) -> FieldHeader:
    """Return the header in the group's attributes; `KeyError` or `ValueError` if there is none."""
    positions = attributes["positions"]
    return FieldHeader(
        session=str(attributes["session"]),
        camera=str(attributes["camera"]),
        height=int(attributes["height"]),
        width=int(attributes["width"]),
        rows=int(attributes["rows"]),
        rig=LightRig(
            name=str(attributes["rig"]),
            directions=_table(attributes["directions"]),
            intensities=_table(attributes["intensities"]),
            positions=None if positions is None else _table(positions),
            names=tuple(attributes["names"]),
        ),
        lights=tuple(int(light) for light in attributes["lights"]),
        solid_angles=np.array(attributes["solid_angles"], dtype=np.float64),
        space=_space(attributes.get("color", "camera")),
    )


def _space(word: object) -> ColorSpace:
    """Return the space that a word stands for."""
    for space in WORDS:
        if word == space:
            return space
    raise ValueError(f"its color is {word!r}; {', '.join(WORDS)} are known")


def encoded(document: dict[str, Any]) -> bytes:
    """Return the bytes of a document, the same from every writer."""
    return (json.dumps(document, indent=1, allow_nan=False) + "\n").encode()


def _table(rows: list[list[float]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return rows of three numbers."""
    return np.array(rows, dtype=np.float64).reshape(-1, 3)
