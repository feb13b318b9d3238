"""Polynomial texture maps, byte by byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.io.ptm_file import write_ptm

SCALE = np.array([1.0, 0.5, 2.0, 1.0, 1.0, 1.25])
BIAS = np.array([0.0, 1.0, 128.0, 255.0, 3.0, 4.0])
HEADER = b"\n1\n2\n1 0.5 2 1 1 1.25\n0 1 128 255 3 4\n"


def test_three_polynomials_from_the_bottom_row(tmp_path: Path) -> None:
    codes = np.arange(36, dtype=np.uint8).reshape(3, 2, 1, 6)
    write_ptm(tmp_path / "a.ptm", codes, SCALE, BIAS)
    red, green, blue = (bytes([*range(k + 6, k + 12), *range(k, k + 6)]) for k in (0, 12, 24))
    expected = b"PTM_1.2\nPTM_FORMAT_RGB" + HEADER + red + green + blue
    assert (tmp_path / "a.ptm").read_bytes() == expected


def test_colors_follow_their_polynomial(tmp_path: Path) -> None:
    codes = np.arange(12, dtype=np.uint8).reshape(1, 2, 1, 6)
    base = np.array([[[200, 201, 202]], [[210, 211, 212]]], np.uint8)
    write_ptm(tmp_path / "a.ptm", codes, SCALE, BIAS, base=base)
    body = bytes([*range(6, 12), *range(6), 210, 211, 212, 200, 201, 202])
    expected = b"PTM_1.2\nPTM_FORMAT_LRGB" + HEADER + body
    assert (tmp_path / "a.ptm").read_bytes() == expected


def test_three_polynomials_have_no_colors_beside_them(tmp_path: Path) -> None:
    codes = np.zeros((3, 2, 1, 6), np.uint8)
    with pytest.raises(ValueError, match="3 polynomials a pixel make no map"):
        write_ptm(tmp_path / "a.ptm", codes, SCALE, BIAS, base=np.zeros((2, 1, 3), np.uint8))
    assert not (tmp_path / "a.ptm").exists()
