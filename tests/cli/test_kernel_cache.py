"""Compiled kernels are not used again once any kernel has changed."""

from __future__ import annotations

import os
from pathlib import Path

from olat.cli.kernel_cache import kernel_cache


def test_each_state_of_the_kernels_has_a_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    folder = tmp_path / "package" / "surface"
    folder.mkdir(parents=True)
    called, other = folder / "called_kernel.py", folder / "other.py"
    called.write_text("1")
    other.write_text("1")
    first = kernel_cache(tmp_path / "package")
    assert Path(first).is_relative_to(tmp_path / "caches" / "olat" / "numba")
    other.write_text("22")
    assert kernel_cache(tmp_path / "package") == first
    os.utime(called, ns=(1, 1))
    assert kernel_cache(tmp_path / "package") != first


def test_it_stands_in_the_home_of_the_user(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Path(kernel_cache()).is_relative_to(tmp_path / ".cache" / "olat")
