"""CuPy, by which everything here talks to the GPU, and what to say where it cannot."""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from olat.errors import GpuError

if TYPE_CHECKING:
    from collections.abc import Iterator

GpuArray: TypeAlias = Any
"""``cupy.ndarray``; no type checker sees into CuPy."""

KEPT_FREE = 1 << 30
"""Memory of the GPU that no plan counts on: for what a kernel needs in passing, and others [B]."""
NO_DEVICE = 100
"""What CUDA answers where it sees no GPU."""
NONE = "GPU: CUDA lists none; one was needed. See CUDA_VISIBLE_DEVICES, or use the processor."


@cache
def cupy() -> Any:
    """Return CuPy, on a GPU that works.

    Raises
    ------
    GpuError
        If CuPy, the driver, one of CUDA's libraries or a GPU is missing.

    Notes
    -----
    The first GPU is used; ``CUDA_VISIBLE_DEVICES`` chooses another one.
    """
    try:
        import cupy as found  # noqa: PLC0415 - an extra, and slow to load
        from cupy.cuda import cublas  # noqa: F401, PLC0415 - missing where the toolkit is
    except ImportError as error:
        raise GpuError(_why_not(error)) from error
    try:
        count = found.cuda.runtime.getDeviceCount()
    except found.cuda.runtime.CUDARuntimeError as error:
        if getattr(error, "status", None) == NO_DEVICE:
            raise GpuError(NONE) from error
        raise GpuError(
            f"GPU: CUDA answers {error}; a working driver was needed. See that `nvidia-smi` lists "
            "a GPU here, and that it is made for the CuPy that is installed."
        ) from error
    if not count:
        raise GpuError(NONE)
    return found


def device_name() -> str:
    """Return the name of the GPU."""
    return str(cupy().cuda.runtime.getDeviceProperties(0)["name"].decode())


def free_bytes() -> int:
    """Return how much memory of the GPU may be used [B]."""
    found = cupy()
    unused: int = found.cuda.Device().mem_info[0]
    pooled: int = found.get_default_memory_pool().free_bytes()
    return max(0, unused + pooled - KEPT_FREE)


@contextmanager
def enough_memory(what: str) -> Iterator[None]:
    """Say it in words where the GPU's memory does not suffice."""
    try:
        yield
    except cupy().cuda.memory.OutOfMemoryError as error:
        raise GpuError(
            f"GPU: no memory for {what}; {free_bytes() / 1e9:.1f} GB are free. Take fewer frames "
            "at once, free what others hold (`nvidia-smi` lists them), or use the processor."
        ) from error


def _why_not(error: ImportError) -> str:
    """Say what is missing: the driver, the package, or a library that it loads."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return (
            "GPU: NVIDIA's driver is not installed (libcuda.so.1 is not found); an NVIDIA GPU and "
            "its driver were needed. In a container, let it see the GPU; or use the processor."
        )
    if isinstance(error, ModuleNotFoundError):
        return (
            f"GPU: the package {error.name} is not installed; it was needed. "
            "`pip install 'olat[cuda]'` installs it (for drivers of CUDA 12, 'olat[cuda12]')."
        )
    words = " ".join(str(error).split())
    return (
        f"GPU: a library of CUDA cannot be loaded ({words}); cuBLAS and NVRTC were needed. Install "
        "CUDA's toolkit, or its libraries alone: `pip install 'cupy-cuda13x[ctk]'`."
    )
