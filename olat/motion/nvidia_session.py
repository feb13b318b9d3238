"""A session with NVIDIA's optical flow library: what the engine offers, and its buffers."""

from __future__ import annotations

from contextlib import ExitStack
from ctypes import byref, c_uint32, c_void_p
from dataclasses import dataclass

from olat.motion import nvidia_structs as nv
from olat.motion.nvidia_driver import Cuda, FlowLibrary, NvidiaError, freed

GRIDS = (1, 2, 4)
"""Sides of the squares of pixels that may share a vector [px]."""
HINT_GRIDS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Ability:
    """What an engine offers."""

    device: str
    """Name of the GPU."""
    grids: tuple[int, ...]
    """Sides of the squares that may share a vector, smallest first [px]."""
    hint_grids: tuple[int, ...]
    """The same for start flows; empty if it takes none [px]."""
    smallest: tuple[int, int]
    """Least height and width of a picture [px]."""
    largest: tuple[int, int]
    """Greatest height and width [px]."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Device memory that the engine knows by a handle."""

    handle: c_void_p
    pointer: int
    pitch: int
    """From one row to the next [B]."""


class Session:
    """One engine, not yet told what to do.

    Parameters
    ----------
    closing
        Gives everything back when it closes, on whichever thread.

    Raises
    ------
    NvidiaError
        If a library or the device is missing, or answers with an error.
    """

    def __init__(self, closing: ExitStack) -> None:
        self._closing = closing
        self._library = FlowLibrary()
        self.cuda = Cuda(closing)
        self.cuda.make_current()
        self._handle = c_void_p()
        self._library.call("nvCreateOpticalFlowCuda", self.cuda.context, byref(self._handle))
        closing.callback(freed, self._library.call, "nvOFDestroy", self._handle)
        self.ability = self._asked()

    def start(self, params: nv.InitParams) -> None:
        """Tell the engine once what it shall do."""
        self._call("nvOFInit", self._handle, byref(params))

    def buffer(self, cells: tuple[int, int], usage: int, pixel_format: int) -> Buffer:
        """Make a buffer of this many rows and columns."""
        rows, columns = cells
        descriptor = nv.BufferDescriptor(
            width=columns, height=rows, usage=usage, format=pixel_format
        )
        handle = c_void_p()
        self._call(
            "nvOFCreateGPUBufferCuda",
            self._handle,
            byref(descriptor),
            nv.MEMORY_DEVICE,
            byref(handle),
        )
        self._closing.callback(freed, self._library.call, "nvOFDestroyGPUBufferCuda", handle)
        stride = nv.StrideInfo()
        self._call("nvOFGPUBufferGetStrideInfo", handle, byref(stride))
        pointer = self._library.functions.nvOFGPUBufferGetCUdeviceptr(handle)
        if not pointer:
            raise NvidiaError("nvOFGPUBufferGetCUdeviceptr answered no address")
        return Buffer(handle, pointer, stride.planes[0].row)

    def run(self, source: nv.ExecuteInput, result: nv.ExecuteOutput) -> None:
        """Run the engine once, to the end."""
        self._call("nvOFExecute", self._handle, byref(source), byref(result))
        self.cuda.call("cuCtxSynchronize")

    def _call(self, name: str, *arguments: object) -> None:
        self._library.call(name, *arguments, session=self._handle)

    def _asked(self) -> Ability:
        """Ask the engine what it can do."""
        hint_grids = self._caps(nv.CAPS_HINT_GRIDS) if any(self._caps(nv.CAPS_HINTS)) else []
        sides = (nv.CAPS_MIN_HEIGHT, nv.CAPS_MIN_WIDTH, nv.CAPS_MAX_HEIGHT, nv.CAPS_MAX_WIDTH)
        low, left, high, right = (max(self._caps(side), default=0) for side in sides)
        return Ability(
            device=self.cuda.device_name,
            grids=tuple(sorted(set(self._caps(nv.CAPS_OUTPUT_GRIDS)).intersection(GRIDS))),
            hint_grids=tuple(sorted(set(hint_grids).intersection(HINT_GRIDS))),
            smallest=(low, left),
            largest=(high, right),
        )

    def _caps(self, kind: int) -> list[int]:
        """Return the values that the engine has of one kind."""
        count = c_uint32()
        self._call("nvOFGetCaps", self._handle, kind, None, byref(count))
        values = (c_uint32 * max(1, count.value))()
        self._call("nvOFGetCaps", self._handle, kind, values, byref(count))
        return list(values[: count.value])
