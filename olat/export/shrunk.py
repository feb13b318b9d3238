"""A processed camera as if its sensor were coarser: smaller exports for the web."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeVar, overload

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from olat.export.source import ExportSource
from olat.model.field import ReflectanceField
from olat.model.maps import NormalMap
from olat.model.shapes import Array, Flags, HalfStrip

READ_BYTES: Final = 16 << 20
"""Of half precision that is read at once."""
BRIGHTEST: Final = 65504.0

Item = TypeVar("Item")


def shrunk_source(source: ExportSource, longest: int | None) -> ExportSource:
    """Return a camera whose field and normals have so many pixels along their longer side.

    Parameters
    ----------
    source
        A processed camera.
    longest
        None, and what is no less than the field has, leave it as it is: nothing is enlarged.

    Notes
    -----
    Pixels are averaged by area in linear light. What is not a number counts as black. Other maps
    stay as large as they were.
    """
    field = source.field()
    _, height, width = field.shape
    if longest is None or longest >= max(height, width):
        return source
    shape = tuple(max(1, round(side * longest / max(height, width))) for side in (height, width))
    small = _shrunk_field(field, (shape[0], shape[1]))
    return replace(
        source,
        field=lambda: small,
        normals=lambda: _shrunk_normals(source.normals(), (shape[0], shape[1])),
    )


def _shrunk_field(field: ReflectanceField, shape: tuple[int, int]) -> ReflectanceField:
    """Return a field whose pixels are averaged when they are read."""
    lights, height, width = field.shape
    at_once = max(1, READ_BYTES * shape[0] // (6 * lights * width * height))

    def read_rows(top: int, bottom: int) -> tuple[HalfStrip, UInt8[Array, "light rows w"]]:
        parts = []
        for first in range(top, bottom, at_once):
            last = min(bottom, first + at_once)
            weights, above, below = _rows(height, shape[0], first, last)
            half, flags = field.read_rows(above, below)
            starts = np.arange(first, last) * height // shape[0] - above
            own = flags[:, : last * height // shape[0] - above]
            doubts = np.bitwise_or.reduceat(own, starts, axis=1)
            parts.append((_averaged(half, weights, shape[1]), _any_of(doubts, shape[1])))
        halves, doubted = zip(*parts, strict=True)
        return np.concatenate(halves, axis=2), np.concatenate(doubted, axis=1)

    def plane(row: int) -> HalfStrip:
        weights, _, _ = _rows(height, shape[0], 0, shape[0])
        return _averaged(np.asarray(field.planes[row]), weights, shape[1])

    def flag_plane(row: int) -> Flags:
        starts = np.arange(shape[0]) * height // shape[0]
        doubts = np.bitwise_or.reduceat(np.asarray(field.flag_planes[row]), starts, axis=0)
        return _any_of(doubts, shape[1])

    return ReflectanceField(
        replace(field.header, height=shape[0], width=shape[1]),
        _Made(lights, plane),
        _Made(lights, flag_plane),
        read_rows,
    )


class _Made(Sequence[Item]):
    """Arrays that are made each time they are asked for."""

    def __init__(self, count: int, make: Callable[[int], Item]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, row: int) -> Item: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Item]: ...
    def __getitem__(self, row: int | slice) -> Item | Sequence[Item]:
        if isinstance(row, slice):
            return [self._make(number) for number in range(self._count)[row]]
        return self._make(range(self._count)[row])

    def __iter__(self) -> Iterator[Item]:
        return map(self._make, range(self._count))


def _rows(
    height: int, count: int, first: int, last: int
) -> tuple[Float64[Array, "count row"], int, int]:
    """Return the shares of rows in the averages `first` to `last` of `count`, and which rows."""
    edges = np.arange(first, last + 1) * (height / count)
    above, below = int(np.floor(edges[0] + 1e-9)), int(np.ceil(edges[-1] - 1e-9))
    rows = np.arange(above, below)
    over = np.minimum(edges[1:, None], rows + 1) - np.maximum(edges[:-1, None], rows)
    return np.maximum(over, 0.0) * (count / height), above, below


def _averaged(half: Array, weights: Float64[Array, "count row"], width: int) -> Array:
    """Return averages over rows, and over columns by area; the last two axes are rows, columns."""
    light = np.nan_to_num(half.astype(np.float32), nan=0.0, posinf=BRIGHTEST, neginf=0.0)
    narrow = _narrowed(light.reshape(-1, half.shape[-1]), width)
    narrow = narrow.reshape(*half.shape[:-1], width)
    return np.asarray(weights.astype(np.float32) @ narrow, np.float16)


def _narrowed(values: Float32[Array, "n w"], width: int) -> Float32[Array, "n narrow"]:
    size = width, len(values)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA)).reshape(-1, width)


def _any_of(flags: Array, width: int) -> Array:
    """Return what any of the columns has that become one."""
    starts = np.arange(width) * flags.shape[-1] // width
    return np.asarray(np.bitwise_or.reduceat(flags, starts, axis=-1))


def _shrunk_normals(normals: NormalMap, shape: tuple[int, int]) -> NormalMap:
    """Return mean directions; where some of the pixels are unknown, those of the others."""
    height = len(normals.normals)
    size = shape[1], shape[0]
    mean = np.asarray(cv2.resize(normals.normals, size, interpolation=cv2.INTER_AREA))
    length = np.linalg.norm(mean, axis=2, keepdims=True)
    starts = np.arange(shape[0]) * height // shape[0]
    return replace(
        normals,
        normals=np.where(length > 0, mean / np.maximum(length, 1e-9), 0).astype(np.float32),
        confidence=np.asarray(cv2.resize(normals.confidence, size, interpolation=cv2.INTER_AREA)),
        flags=_any_of(np.bitwise_or.reduceat(normals.flags, starts, axis=0), shape[1]),
    )
