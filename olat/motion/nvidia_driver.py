"""The libraries that come with NVIDIA's display driver, and CUDA's part of them."""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from ctypes import byref, c_char_p, c_int, c_uint, c_uint32, c_void_p
from typing import Any

from olat.model.shapes import Array
from olat.motion.nvidia_structs import (
    API_VERSION,
    CUDA_DEVICE,
    CUDA_HOST,
    STATUS_NAMES,
    Copy2D,
    FunctionList,
)

FLOW_VARIABLE, FLOW_LIBRARY = "OLAT_NVOF_LIBRARY", "libnvidia-opticalflow.so.1"
CUDA_VARIABLE, CUDA_LIBRARY = "OLAT_CUDA_LIBRARY", "libcuda.so.1"
"""Environment variables with the path of a library, and what is looked for without them."""

TEXT_BYTES = 512

_log = logging.getLogger(__name__)

_CUDA_CALLS: dict[str, tuple[Any, ...]] = {
    "cuInit": (c_uint,),
    "cuDeviceGet": (ctypes.POINTER(c_int), c_int),
    "cuDeviceGetName": (c_char_p, c_int, c_int),
    "cuDevicePrimaryCtxRetain": (ctypes.POINTER(c_void_p), c_int),
    "cuDevicePrimaryCtxRelease_v2": (c_int,),
    "cuCtxSetCurrent": (c_void_p,),
    "cuCtxSynchronize": (),
    # Without the suffix the driver has an older copy, which counts in 32 bits.
    "cuMemcpy2D_v2": (ctypes.POINTER(Copy2D),),
    "cuGetErrorName": (c_int, ctypes.POINTER(c_char_p)),
}


class NvidiaError(ValueError):
    """The driver is not there, or it cannot do what was asked of it."""


class Cuda:
    """CUDA's driver on the first device.

    Parameters
    ----------
    closing
        Lets go of the device when it closes.

    Raises
    ------
    NvidiaError
        If there is no driver or no device.
    """

    def __init__(self, closing: ExitStack) -> None:
        library = _library(CUDA_VARIABLE, CUDA_LIBRARY)
        self._functions = {name: _symbol(library, name) for name in _CUDA_CALLS}
        for name, arguments in _CUDA_CALLS.items():
            self._functions[name].argtypes = arguments
        self.call("cuInit", 0)
        device = c_int()
        self.call("cuDeviceGet", byref(device), 0)
        text = ctypes.create_string_buffer(TEXT_BYTES)
        self.call("cuDeviceGetName", text, TEXT_BYTES, device)
        self.device_name = text.value.decode(errors="replace")
        self.context = c_void_p()
        self.call("cuDevicePrimaryCtxRetain", byref(self.context), device)
        closing.callback(freed, self.call, "cuDevicePrimaryCtxRelease_v2", device)

    def call(self, name: str, *arguments: object) -> None:
        """Call a function of the driver; raise what it answers unless that is success."""
        status = self._functions[name](*arguments)
        if status:
            text = c_char_p()
            self._functions["cuGetErrorName"](status, byref(text))
            found = (text.value or b"an unknown error").decode(errors="replace")
            raise NvidiaError(f"{name} answered {found} ({status})")

    def make_current(self) -> None:
        """Bind the device to the calling thread, which every thread must do."""
        self.call("cuCtxSetCurrent", self.context)

    def upload(self, pixels: Array, pointer: int, pitch: int) -> None:
        """Copy rows to device memory whose rows begin every `pitch` bytes."""
        self._copy(pixels, pointer, pitch, is_upload=True)

    def download(self, pixels: Array, pointer: int, pitch: int) -> None:
        """Fill an array from device memory whose rows begin every `pitch` bytes."""
        self._copy(pixels, pointer, pitch, is_upload=False)

    def _copy(self, pixels: Array, pointer: int, pitch: int, *, is_upload: bool) -> None:
        if not pixels.flags.c_contiguous:
            raise ValueError("nvidia: the rows of an array have gaps; one piece is needed.")
        row_bytes = pixels.strides[0]
        host = {"type": CUDA_HOST, "host": pixels.ctypes.data, "pitch": row_bytes}
        device = {"type": CUDA_DEVICE, "device": pointer, "pitch": pitch}
        ends = (
            {"source": host, "target": device} if is_upload else {"source": device, "target": host}
        )
        fields = {f"{end}_{key}": value for end, of in ends.items() for key, value in of.items()}
        copy = Copy2D(**fields, width_bytes=row_bytes, rows=len(pixels))
        self.call("cuMemcpy2D_v2", byref(copy))


class FlowLibrary:
    """NVIDIA's optical flow library.

    Raises
    ------
    NvidiaError
        If it is not there, or is not what it should be.
    """

    def __init__(self) -> None:
        library = _library(FLOW_VARIABLE, FLOW_LIBRARY)
        create = _symbol(library, "NvOFAPICreateInstanceCuda")
        create.argtypes = (c_uint32, ctypes.POINTER(FunctionList))
        self.functions = FunctionList()
        status = create(API_VERSION, byref(self.functions))
        if status:
            raise NvidiaError(f"NvOFAPICreateInstanceCuda answered {status_name(status)}")
        for name, _ in FunctionList._fields_:
            if not getattr(self.functions, name):
                raise NvidiaError(f"the optical flow library has no {name}")

    def call(self, name: str, *arguments: object, session: c_void_p | None = None) -> None:
        """Call a function of the library; raise its status and its own words unless it succeeds.

        Parameters
        ----------
        session
            Whose words.
        """
        status = getattr(self.functions, name)(*arguments)
        if status:
            words = self._last_error(session)
            raise NvidiaError(f"{name} answered {status_name(status)}{words}")

    def _last_error(self, session: c_void_p | None) -> str:
        """Return what the library says of its last failure, in brackets; empty if nothing."""
        if not session:
            return ""
        text = ctypes.create_string_buffer(TEXT_BYTES)
        size = c_uint32(TEXT_BYTES)
        status = self.functions.nvOFGetLastError(session, text, byref(size))
        words = " ".join(text.value.decode(errors="replace").split())
        return f" ({words})" if words and not status else ""


def status_name(status: int) -> str:
    """Return a status as NVIDIA's documentation names it, and its number."""
    known = 0 <= status < len(STATUS_NAMES)
    return f"{STATUS_NAMES[status] if known else 'an unknown status'} ({status})"


def freed(release: Callable[..., None], *arguments: object) -> None:
    """Give something back; a refusal is told, and does not keep the rest."""
    try:
        release(*arguments)
    except NvidiaError as error:
        _log.warning("NVIDIA Optical Flow: %s; what it held stays taken", error)


def _library(variable: str, name: str) -> ctypes.CDLL:
    """Load a library from where the variable says, or from where the system finds it."""
    path = os.environ.get(variable) or name
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        # The loader's words begin with the path and may run over lines.
        words = " ".join(str(error).split()).removeprefix(f"{path}: ")
        raise NvidiaError(f"the library {path} cannot be loaded: {words}") from None


def _symbol(library: ctypes.CDLL, name: str) -> Any:
    try:
        return getattr(library, name)
    except AttributeError:
        raise NvidiaError(f"the library {library._name} has no {name}") from None
