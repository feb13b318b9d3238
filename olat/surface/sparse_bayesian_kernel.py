"""Loops of the sparse Bayesian method of `olat.surface.lambert` (Ikehata et al. 2012)."""

from __future__ import annotations

import numpy as np

from olat.surface.albedo_kernel import add_albedo
from olat.surface.beam_kernel import along, beams_of_block, room_for_beams, toward
from olat.surface.block_kernel import gather_channels
from olat.surface.lambert_kernel import fit_kept, fit_trusted
from olat.surface.middle_kernel import MIDDLE_END, keep_middle
from olat.surface.normal_equations_kernel import (
    DOUBT,
    END,
    XX,
    XY,
    XZ,
    YY,
    YZ,
    ZZ,
    X,
    Y,
    Z,
    add_reading,
    refit,
    trust_fit,
    write,
)
from olat.surface.strip_kernel import (
    BLOCK,
    BRIGHTEST,
    FREE,
    THRESHOLD,
    Numbers,
    Place,
    compiled,
    joined,
    room_for_readings,
    set_thresholds,
    trusted,
    zeros,
)

NOISE = np.float32(1e-6)
"""Variance of what every reading misses the model by, relative to the pixel's brightest."""
SETTLED = np.float32(1e-4)
"""Change of albedo times normal, relative to the brightest reading, that ends the passes."""

# Posterior covariance of albedo times normal, one over the brightest reading, the last fit, and
# whether it is settled.
CXX, CXY, CXZ, CYY, CYZ, CZZ, UNIT = (END + k * BLOCK for k in range(7))
LAST_X, LAST_Y, LAST_Z, LAST_DOUBT, IS_SETTLED = (END + (7 + k) * BLOCK for k in range(5))
BAYES_END = IS_SETTLED + BLOCK

_ZERO, _ONE, _TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-30)


@compiled
def solve(
    strip: Numbers,
    doubts: tuple[Numbers, Numbers | None],
    lights: Numbers | tuple[Numbers, Numbers],
    limits: tuple[float, float, int, int],
    surface: tuple[Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Solve the pixels of a strip; arguments as `lambert_kernel.solve` takes them."""
    fraction, floor, passes, refused = limits
    count, pixels = doubts[0].shape
    readings, trust = room_for_readings(doubts[1], count), doubts[1]
    channels = np.zeros((count, strip.shape[1], BLOCK), strip.dtype)
    values, room = joined(readings), room_for_beams(lights)
    rows = zeros(max(BAYES_END, MIDDLE_END))
    for start in range(0, pixels, BLOCK):
        gather_channels(strip, doubts, refused, start, (readings, channels), doubt[1])
        rows[FREE:] = _ZERO
        if set_thresholds(readings, fraction, floor, rows):
            beams = beams_of_block(lights, start, room)
            keep_middle(values, count, rows)
            fit_kept(values, trust, beams, count, rows)
            refit(rows, 1.0)
            _set_units(rows)
            for _ in range(passes):
                _update_covariance(rows)
                _fit_expected(values, trust, beams, count, rows)
                refit(rows, 1.0)
                if _are_settled(rows):
                    break
            fit_trusted(values, trust, beams, count, rows)
            trust_fit(rows)
            add_albedo(values, channels, trust, beams, True, rows)
        write(rows, start, floor, surface, doubt)


@compiled
def _set_units(rows: Numbers) -> None:
    for i in range(BLOCK):
        brightest = rows[BRIGHTEST + i] if rows[BRIGHTEST + i] > _TINY else _TINY
        rows[UNIT + i] = _ONE / brightest
        rows[IS_SETTLED + i] = _ZERO


@compiled
def _update_covariance(rows: Numbers) -> None:
    """Invert the sums plus one, the prior, and remember the fit."""
    for i in range(BLOCK):
        xx, xy, xz = 1.0 + rows[XX + i], float(rows[XY + i]), float(rows[XZ + i])
        yy, yz, zz = 1.0 + rows[YY + i], float(rows[YZ + i]), 1.0 + rows[ZZ + i]
        cxx, cxy, cxz = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
        inverse = 1.0 / (xx * cxx + xy * cxy + xz * cxz)
        rows[CXX + i] = cxx * inverse
        rows[CXY + i] = cxy * inverse
        rows[CXZ + i] = cxz * inverse
        rows[CYY + i] = (xx * zz - xz * xz) * inverse
        rows[CYZ + i] = (xy * xz - xx * yz) * inverse
        rows[CZZ + i] = (xx * yy - xy * xy) * inverse
        rows[LAST_X + i], rows[LAST_Y + i] = rows[X + i], rows[Y + i]
        rows[LAST_Z + i], rows[LAST_DOUBT + i] = rows[Z + i], rows[DOUBT + i]


@compiled
def _fit_expected(
    values: Numbers, trust: Numbers | None, beams: Numbers, lights: int, rows: Numbers
) -> None:
    """Sum over the lit readings, each weighing one over its expected squared error."""
    rows[XX:END] = _ZERO
    room = values.size // lights
    for light in range(lights):
        _add_expected(values, Place(light * room), trust, beams, light, rows)


@compiled
def _add_expected(
    values: Numbers, at: Place, trust: Numbers | None, beams: Numbers, light: int, rows: Numbers
) -> None:
    beam = toward(beams, light)
    for i in range(BLOCK):
        lx, ly, lz = along(beams, beam, 0, i), along(beams, beam, 1, i), along(beams, beam, 2, i)
        reading = values[at + Place(i)]
        lit = reading > rows[THRESHOLD + i]
        value = reading if lit else _ZERO
        fit = rows[X + i] * lx + rows[Y + i] * ly + rows[Z + i] * lz
        residual = (value - fit) * rows[UNIT + i]
        cx = rows[CXX + i] * lx + rows[CXY + i] * ly + rows[CXZ + i] * lz
        cy = rows[CXY + i] * lx + rows[CYY + i] * ly + rows[CYZ + i] * lz
        cz = rows[CXZ + i] * lx + rows[CYZ + i] * ly + rows[CZZ + i] * lz
        spread = cx * lx + cy * ly + cz * lz
        weight = _ONE / (residual * residual + (spread if spread > _ZERO else _ZERO) + NOISE)
        weight = weight * trusted(trust, values, at + Place(i)) if lit else _ZERO
        add_reading(rows, i, (lx, ly, lz), weight, value)


@compiled
def _are_settled(rows: Numbers) -> bool:
    """Tell whether all pixels are settled; one that is keeps its fit, whatever others do."""
    unsettled = 0
    for i in range(BLOCK):
        kept = rows[IS_SETTLED + i] > _ZERO
        dx, dy = rows[X + i] - rows[LAST_X + i], rows[Y + i] - rows[LAST_Y + i]
        dz = rows[Z + i] - rows[LAST_Z + i]
        change = np.sqrt(dx * dx + dy * dy + dz * dz) * rows[UNIT + i]
        rows[X + i] = rows[LAST_X + i] if kept else rows[X + i]
        rows[Y + i] = rows[LAST_Y + i] if kept else rows[Y + i]
        rows[Z + i] = rows[LAST_Z + i] if kept else rows[Z + i]
        rows[DOUBT + i] = rows[LAST_DOUBT + i] if kept else rows[DOUBT + i]
        rows[IS_SETTLED + i] = _ONE if kept or change < SETTLED else _ZERO
        unsettled += rows[IS_SETTLED + i] == _ZERO
    return unsettled == 0
