"""What NVIDIA's optical flow library and CUDA's driver pass around, as C lays it out.

Optical Flow API 2.0, of which NVIDIA says that newer drivers keep running it; 64-bit machines.
"""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int32, c_size_t, c_uint32, c_void_p
from typing import Any, ClassVar, TypeAlias

API_VERSION = 0x20
"""Major version in the upper four bits, minor in the lower."""

MODE_FLOW = 1
PERFORMANCE_SLOW = 5
"""The best of three levels of quality."""
MEMORY_DEVICE = 2
"""Buffers are plain device memory."""

USAGE_INPUT, USAGE_OUTPUT, USAGE_HINT, USAGE_COST = 1, 2, 3, 4
FORMAT_GRAY8, FORMAT_SHORT2, FORMAT_UINT8 = 1, 5, 7
CAPS_OUTPUT_GRIDS, CAPS_HINT_GRIDS, CAPS_HINTS = 0, 1, 2
CAPS_MIN_WIDTH, CAPS_MIN_HEIGHT, CAPS_MAX_WIDTH, CAPS_MAX_HEIGHT = 4, 5, 6, 7

STATUS_NAMES = (
    "NV_OF_SUCCESS",
    "NV_OF_ERR_OF_NOT_AVAILABLE",
    "NV_OF_ERR_UNSUPPORTED_DEVICE",
    "NV_OF_ERR_DEVICE_DOES_NOT_EXIST",
    "NV_OF_ERR_INVALID_PTR",
    "NV_OF_ERR_INVALID_PARAM",
    "NV_OF_ERR_INVALID_CALL",
    "NV_OF_ERR_INVALID_VERSION",
    "NV_OF_ERR_OUT_OF_MEMORY",
    "NV_OF_ERR_NOT_INITIALIZED",
    "NV_OF_ERR_UNSUPPORTED_FEATURE",
    "NV_OF_ERR_GENERIC",
)

CUDA_HOST, CUDA_DEVICE = 1, 2
"""Where one end of a copy lies."""

Fields: TypeAlias = list[tuple[str, Any]]


class InitParams(Structure):
    """How one engine shall work."""

    _fields_: ClassVar[Fields] = [
        ("width", c_uint32),
        ("height", c_uint32),
        ("out_grid", c_int32),
        ("hint_grid", c_int32),
        ("mode", c_int32),
        ("performance", c_int32),
        ("enable_hints", c_int32),
        ("enable_cost", c_int32),
        ("private", c_void_p),
        ("disparity_range", c_int32),
        ("enable_roi", c_int32),
    ]


class BufferDescriptor(Structure):
    """A buffer to be made; its size counts cells of the grid, not pixels."""

    _fields_: ClassVar[Fields] = [
        ("width", c_uint32),
        ("height", c_uint32),
        ("usage", c_int32),
        ("format", c_int32),
    ]


class ExecuteInput(Structure):
    """What a run reads: flow goes from `input` to `reference`."""

    _fields_: ClassVar[Fields] = [
        ("input", c_void_p),
        ("reference", c_void_p),
        ("hints", c_void_p),
        ("disable_temporal_hints", c_int32),
        ("padding", c_uint32),
        ("private", c_void_p),
        ("padding_2", c_uint32),
        ("roi_count", c_uint32),
        ("rois", c_void_p),
    ]


class ExecuteOutput(Structure):
    """What a run writes."""

    _fields_: ClassVar[Fields] = [("output", c_void_p), ("cost", c_void_p), ("private", c_void_p)]


class PlaneStride(Structure):
    """Steps of one plane; `row` is the pitch of a row, which the API calls strideX [B]."""

    _fields_: ClassVar[Fields] = [("row", c_uint32), ("column", c_uint32)]


class StrideInfo(Structure):
    """Steps of up to three planes."""

    _fields_: ClassVar[Fields] = [
        ("planes", PlaneStride * 3),
        ("plane_count", c_uint32),
    ]


class Copy2D(Structure):
    """A copy of rows between host and device; the layout that `cuMemcpy2D_v2` takes."""

    _fields_: ClassVar[Fields] = [
        ("source_x", c_size_t),
        ("source_y", c_size_t),
        ("source_type", c_uint32),
        ("source_host", c_void_p),
        ("source_device", c_void_p),
        ("source_array", c_void_p),
        ("source_pitch", c_size_t),
        ("target_x", c_size_t),
        ("target_y", c_size_t),
        ("target_type", c_uint32),
        ("target_host", c_void_p),
        ("target_device", c_void_p),
        ("target_array", c_void_p),
        ("target_pitch", c_size_t),
        ("width_bytes", c_size_t),
        ("rows", c_size_t),
    ]


def _function(*arguments: Any, result: Any = c_int32) -> Any:
    return CFUNCTYPE(result, *arguments)


class FunctionList(Structure):
    """The functions of the library, in its own order."""

    _fields_: ClassVar[Fields] = [
        ("nvCreateOpticalFlowCuda", _function(c_void_p, POINTER(c_void_p))),
        ("nvOFInit", _function(c_void_p, POINTER(InitParams))),
        (
            "nvOFCreateGPUBufferCuda",
            _function(c_void_p, POINTER(BufferDescriptor), c_int32, POINTER(c_void_p)),
        ),
        ("nvOFGPUBufferGetCUarray", _function(c_void_p, result=c_void_p)),
        ("nvOFGPUBufferGetCUdeviceptr", _function(c_void_p, result=ctypes.c_uint64)),
        ("nvOFGPUBufferGetStrideInfo", _function(c_void_p, POINTER(StrideInfo))),
        ("nvOFSetIOCudaStreams", _function(c_void_p, c_void_p, c_void_p)),
        ("nvOFExecute", _function(c_void_p, POINTER(ExecuteInput), POINTER(ExecuteOutput))),
        ("nvOFDestroyGPUBufferCuda", _function(c_void_p)),
        ("nvOFDestroy", _function(c_void_p)),
        ("nvOFGetLastError", _function(c_void_p, c_char_p, POINTER(c_uint32))),
        ("nvOFGetCaps", _function(c_void_p, c_int32, POINTER(c_uint32), POINTER(c_uint32))),
    ]
