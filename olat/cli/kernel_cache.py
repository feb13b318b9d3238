"""Where compiled kernels stay."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def kernel_cache(package: Path = PACKAGE) -> str:
    """Return a folder of the user's for kernels as they are now; the installation may be read-only.

    Left among the installed files they would also outlive an uninstall. A kernel holds what it
    calls, but numba asks only whether its own file has changed: so each state of all kernel files
    has a folder.
    """
    caches = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    files = sorted(package.glob("*/*_kernel.py"))
    stats = [(path.name, path.stat()) for path in files]
    told = [f"{package}"] + [f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats]
    state = zlib.crc32("\n".join(told).encode())
    return str(Path(caches) / "olat" / "numba" / f"{state:08x}")
