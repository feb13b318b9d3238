"""A driver of our own making, compiled where the tests run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_suffix(".c")
WARNINGS = ("-Wall", "-Wextra", "-Werror")


def compiled_stub(folder: Path) -> Path:
    """Compile the stub into a folder; skip where there is no C compiler, except in CI."""
    compiler = shutil.which("cc")
    if compiler is None and not os.environ.get("CI"):
        pytest.skip("there is no C compiler `cc` to build the stand-in for NVIDIA's driver with")
    assert compiler, "CI has no C compiler `cc`; .ci/run installs one"
    library = folder / "libnvidia_stub.so"
    flags = ("-std=gnu11", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", *WARNINGS)
    subprocess.run([compiler, *flags, "-o", library, SOURCE], check=True)
    return library
