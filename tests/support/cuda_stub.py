"""Stands in for CuPy where there is no GPU.

Arrays lie in the processor's memory; kernels are compiled for it by a C++ compiler and run thread
by thread. So the kernels' arithmetic, their arguments and what is around them are tested; their
speed, and what many threads do at once, are not. New arrays hold rubbish, as on a GPU.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SHIM = Path(__file__).parent / "cuda_host"
ON_CPU = ("-std=c++17", "-O1", "-ffp-contract=off", "-fPIC", "-shared", "-Wno-unknown-pragmas")


class OutOfMemoryError(MemoryError):
    """As CuPy has it."""


class CUDARuntimeError(RuntimeError):
    """As CuPy has it."""


class Pointer:
    """Where an array lies."""

    def __init__(self, address: int) -> None:
        self.ptr = address


class GpuArray(np.ndarray):
    """An array that is filled and read as CuPy's are."""

    @property
    def data(self) -> Pointer:
        """Return where it lies, as CuPy says it."""
        return Pointer(self.ctypes.data)

    def set(self, array: Any, stream: Any = None) -> None:
        """Fill it from NumPy's."""
        assert type(array) is np.ndarray
        assert array.dtype == self.dtype
        assert array.shape == self.shape
        assert self.flags.c_contiguous
        self[...] = array

    def get(self, stream: Any = None, out: Any = None) -> Any:
        """Fill NumPy's from it."""
        if out is None:
            return np.array(self.view(np.ndarray))
        assert out.shape == self.shape
        assert out.dtype == self.dtype
        out[...] = self
        return out


class Stream:
    """One in which all is done at once."""

    def __init__(self, non_blocking: bool = False) -> None: ...

    def synchronize(self) -> None:
        """Wait for nothing."""

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None: ...


class Device:
    """One with so much memory that is free."""

    memory = 8 << 30

    @property
    def mem_info(self) -> tuple[int, int]:
        """Free memory, and all of it."""
        return Device.memory, 8 << 30

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *_: object) -> None: ...


class Function:
    """A compiled kernel."""

    def __init__(self, library: ctypes.CDLL, name: str) -> None:
        self._function, self._stand_at = getattr(library, name), library.stand_at

    def __call__(
        self, grid: tuple[int, int], block: tuple[int], arguments: tuple[Any, ...]
    ) -> None:
        """Run all threads, one after the other."""
        given = [_argument(each) for each in arguments]
        for row, at, thread in np.ndindex(grid[1], grid[0], block[0]):
            self._stand_at(at, row, grid[1], thread, block[0])
            self._function(*given)


def _argument(value: Any) -> Any:
    if isinstance(value, GpuArray):
        return ctypes.c_void_p(value.ctypes.data)
    kinds = {"int32": ctypes.c_int32, "int64": ctypes.c_int64}
    kinds |= {"float32": ctypes.c_float, "float64": ctypes.c_double}
    # CuPy takes Python's own numbers too, but not for what one means.
    return kinds[value.dtype.name](value.item())


def module_in(folder: Path) -> types.ModuleType:
    """Return what is imported as ``cupy``; kernels are compiled into a folder."""
    compiler = shutil.which("c++")
    if compiler is None and not os.environ.get("CI"):
        pytest.skip("there is no C++ compiler `c++` to build kernels for the processor with")
    assert compiler, "CI has no C++ compiler `c++`; .ci/run installs one"

    class RawModule:
        def __init__(self, code: str, options: tuple[str, ...]) -> None:
            assert "--fmad=false" in options
            stem = folder / hashlib.sha256(code.encode()).hexdigest()[:16]
            library = stem.with_suffix(".so")
            if not library.exists():
                stem.with_suffix(".cc").write_text(code, encoding="utf-8")
                flags = (*ON_CPU, f"-I{SHIM}", "-o", library)
                subprocess.run([compiler, *flags, stem.with_suffix(".cc")], check=True)
            self._library = ctypes.CDLL(str(library))

        def get_function(self, name: str) -> Function:
            return Function(self._library, name)

    found = types.ModuleType("cupy")
    found.ndarray = GpuArray
    found.empty, found.asarray, found.ascontiguousarray = _empty, _asarray, _asarray
    found.RawModule = RawModule
    found.cuda = types.ModuleType("cupy.cuda")
    found.cuda.Stream, found.cuda.Device = Stream, Device
    found.cuda.get_current_stream = Stream
    found.cuda.alloc_pinned_memory = bytearray
    found.cuda.memory = types.SimpleNamespace(OutOfMemoryError=OutOfMemoryError)
    found.cuda.device = types.SimpleNamespace(get_cublas_handle=lambda: 0)
    found.cuda.cublas = types.SimpleNamespace(gemmEx=_product)
    found.cuda.runtime = types.SimpleNamespace(
        CUDARuntimeError=CUDARuntimeError,
        getDeviceCount=lambda: 1,
        getDeviceProperties=lambda _: {"name": b"a processor"},
    )
    found.get_default_memory_pool = lambda: types.SimpleNamespace(free_bytes=lambda: 0)
    found.asnumpy = lambda array: array.get()
    return found


def _empty(shape: Any, dtype: Any) -> GpuArray:
    array = np.empty(shape, dtype)
    if array.nbytes > Device.memory:
        raise OutOfMemoryError(array.nbytes)
    array.reshape(-1).view(np.uint8)[:] = 0xFF
    return array.view(GpuArray)


def _asarray(array: Any, dtype: Any = None) -> GpuArray:
    return np.array(array, dtype, order="C").view(GpuArray)


def _product(  # noqa: PLR0913, PLR0917 - as cuBLAS has it
    _handle: int,
    turn_a: int,
    turn_b: int,
    m: int,
    n: int,
    k: int,
    alpha: int,
    a: int,
    type_a: int,
    lda: int,
    b: int,
    type_b: int,
    ldb: int,
    beta: int,
    c: int,
    type_c: int,
    ldc: int,
    compute: int,
    _algorithm: int,
) -> None:
    """Multiply matrices that lie in columns: halves times halves, summed in single precision."""
    assert (turn_a, turn_b, type_a, type_b, type_c, compute) == (0, 0, 2, 2, 0, 68)
    assert not a % 16
    assert not lda % 8, "cuBLAS wants wide steps for the fast units"
    left, right = _columns(a, np.float16, (k, m), lda), _columns(b, np.float16, (n, k), ldb)
    result = _columns(c, np.float32, (n, m), ldc)
    factor = ctypes.c_float.from_address(alpha).value
    assert ctypes.c_float.from_address(beta).value == 0.0
    result[:] = factor * (right.astype(np.float32) @ left.astype(np.float32))


def _columns(address: int, dtype: Any, shape: tuple[int, int], step: int) -> np.ndarray:
    """Return columns of a matrix at an address as rows."""
    size = np.dtype(dtype).itemsize
    count = ((shape[0] - 1) * step + shape[1]) * size
    memory = (ctypes.c_char * count).from_address(address)
    flat = np.frombuffer(memory, dtype)
    return np.lib.stride_tricks.as_strided(flat, shape, (step * size, size), writeable=True)
