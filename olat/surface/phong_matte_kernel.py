"""The matte part of `olat.surface.phong_ladder_kernel`, and which readings are shadow beside it."""

from __future__ import annotations

import numpy as np

from olat.surface.beam_kernel import along, toward
from olat.surface.strip_kernel import BLOCK, FREE, THRESHOLD, WEIGHT, Numbers, compiled, trusted

# Rows of a block: normal, mirrored view, largest cosine to the mirrored view, sums over the lights
# of the matte fit, squares without the trust in each reading, and the fit.
NX, NY, NZ, RX, RY, RZ, NEAREST = (FREE + k * BLOCK for k in range(7))
SQUARES, PRODUCTS, COUNT, ERROR, MATTE = (FREE + (7 + k) * BLOCK for k in range(5))
UNTRUSTED, DOUBT = FREE + 12 * BLOCK, FREE + 13 * BLOCK
END = DOUBT + BLOCK

MISFIT = np.float32(0.2)
"""Residual, relative to the matte part, from which a reading is doubted."""
FITS, MAJORITY = 3, np.float32(0.5)

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled
def set_geometry(geometry: tuple[Numbers, Numbers], start: int, rows: Numbers) -> None:
    """Write normals and mirrored views as rows."""
    normals, mirror = geometry
    for i in range(min(BLOCK, len(normals) - start)):
        for axis in range(3):
            rows[NX + axis * BLOCK + i] = normals[start + i, axis]
            rows[RX + axis * BLOCK + i] = mirror[start + i, axis]


@compiled
def fit_matte(readings: Numbers, trust: Numbers | None, beams: Numbers, rows: Numbers) -> None:
    """Fit matte reflection alone, twice more without what lies far from it on either side.

    Where that leaves no majority, the surface is hardly matte, and nothing is doubted.
    """
    for fit in range(FITS):
        rows[SQUARES:COUNT] = _ZERO
        for light in range(len(readings)):
            _add_matte(readings[light], trust, beams, light, rows)
        divide(rows)
        for i in range(BLOCK):
            matte, squares = rows[MATTE + i], rows[SQUARES + i]
            rows[UNTRUSTED + i] = squares if fit == 0 else rows[UNTRUSTED + i]
            is_doubted = (fit < FITS - 1) | (squares > MAJORITY * rows[UNTRUSTED + i])
            rows[DOUBT + i] = _ONE / (MISFIT * matte) if is_doubted & (matte > _ZERO) else _ZERO
    rows[SQUARES:COUNT], rows[UNTRUSTED:DOUBT] = _ZERO, _ZERO


@compiled
def divide(rows: Numbers) -> None:
    """Write the matte fit."""
    for i in range(BLOCK):
        squares = rows[SQUARES + i]
        rows[MATTE + i] = rows[PRODUCTS + i] / squares if squares > _ZERO else _ZERO


@compiled
def _add_matte(
    reading: Numbers, trust: Numbers | None, beams: Numbers, light: int, rows: Numbers
) -> None:
    """Add one light to the matte fit."""
    beam = toward(beams, light)
    for i in range(BLOCK):
        lx, ly, lz = along(beams, beam, 0, i), along(beams, beam, 1, i), along(beams, beam, 2, i)
        facing = rows[NX + i] * lx + rows[NY + i] * ly + rows[NZ + i] * lz
        used = (reading[i] > rows[THRESHOLD + i]) & (facing > _ZERO)
        shading, value = facing if used else _ZERO, reading[i] if used else _ZERO
        doubt = (value - rows[MATTE + i] * shading) * rows[DOUBT + i]
        root = _ONE / (_ONE + doubt * doubt)
        weight = root * root * shading * trusted(trust, reading, i)
        rows[SQUARES + i] += weight * shading
        rows[PRODUCTS + i] += weight * value


@compiled
def believe(
    reading: Numbers,
    trust: Numbers | None,
    beams: Numbers,
    light: int,
    rows: Numbers,
    believed: Numbers,
) -> None:
    """Write how much one light counts, and add it to the matte fit beside the lobes.

    Far below the matte fit is shadow; above it is gloss. Shading so weighed, zero where unused,
    weighs the channels.
    """
    beam = toward(beams, light)
    for i in range(BLOCK):
        lx, ly, lz = along(beams, beam, 0, i), along(beams, beam, 1, i), along(beams, beam, 2, i)
        facing = rows[NX + i] * lx + rows[NY + i] * ly + rows[NZ + i] * lz
        used = (reading[i] > rows[THRESHOLD + i]) & (facing > _ZERO)
        shading, value = facing if used else _ZERO, reading[i] if used else _ZERO
        doubt = (rows[MATTE + i] * shading - value) * rows[DOUBT + i]
        doubt = doubt if doubt > _ZERO else _ZERO
        root = _ONE / (_ONE + doubt * doubt)
        square = root * root if used else _ZERO
        weight = square * trusted(trust, reading, i)
        believed[i] = weight
        rows[WEIGHT + i] = weight * shading
        rows[SQUARES + i] += weight * shading * shading
        rows[PRODUCTS + i] += weight * shading * value
        rows[COUNT + i] += weight
        rows[UNTRUSTED + i] += square * shading * shading
