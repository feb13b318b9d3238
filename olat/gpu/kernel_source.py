"""Kernels in CUDA C++, compiled when they are first called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from olat.gpu.cuda import cupy
from olat.model.flags import PixelFlag

SOURCES = Path(__file__).parent
SHARED = "strip.cuh"
"""What the sources of the solves begin with."""
THREADS = 128
"""Of a block; the solves need many registers each."""

# Products are not fused with sums unless the source says so: then the GPU rounds where the
# processor does, and both give the same number.
OPTIONS = ("-std=c++17", "--fmad=false")


@dataclass(frozen=True)
class Kernel:
    """A function that runs once for each of many pixels."""

    function: Any

    def __call__(self, count: int, *arguments: Any, across: int = 1) -> None:
        """Run it on CuPy's current stream: so many threads, and these so many times across."""
        if count:
            self.function((-(-count // THREADS), across), (THREADS,), arguments)


@cache
def kernel(file: str, name: str, **defines: str | int) -> Kernel:
    """Return a function of one of the files beside this one.

    Parameters
    ----------
    file
        ``.cu`` file; what `SHARED` holds stands before it.
    name
        Of the function.
    defines
        Macros of the preprocessor: what is known before it is compiled.
    """
    flags = {str(flag.name): int(flag) for flag in PixelFlag}
    macros = "".join(f"#define {macro} {value}\n" for macro, value in (flags | defines).items())
    code = macros + (SOURCES / SHARED).read_text("utf-8") + (SOURCES / file).read_text("utf-8")
    return Kernel(cupy().RawModule(code=code, options=OPTIONS).get_function(name))
