"""The albedo of each channel around a fit of the normals, weighed as the fit weighed readings."""

from __future__ import annotations

import numpy as np

from olat.surface.beam_kernel import along, toward
from olat.surface.half_kernel import decoded
from olat.surface.normal_equations_kernel import (
    BLUE,
    DIVISOR,
    DOUBT,
    GREEN,
    RED,
    UNTRUSTED,
    X,
    Y,
    Z,
)
from olat.surface.strip_kernel import (
    BLOCK,
    THRESHOLD,
    Numbers,
    Place,
    compiled,
    joined,
    trusted,
)
from olat.surface.weight_kernel import weight_of

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled
def add_albedo(
    values: Numbers,
    channels: Numbers,
    trust: Numbers | None,
    beams: Numbers,
    is_doubted: bool,
    rows: Numbers,
) -> None:
    """Sum up weighted channels, and the divisors that make albedos relative to the fit of them.

    `values` are the joined readings of a block, and `channels` its channels, ``(light, channel,
    BLOCK)``.
    """
    lights, colors, _ = channels.shape
    room, kept = values.size // lights, joined(channels)
    # Of one channel, all three sums are the same.
    step = Place((colors - 1) // 2 * BLOCK)
    for light in range(lights):
        at, red = Place(light * room), Place(light * colors * BLOCK)
        if is_doubted:
            _add_doubted(kept, red, step, values, at, trust, beams, light, rows)
        else:
            _add_plain(kept, red, step, values, at, trust, beams, light, rows)


@compiled
def take_length(rows: Numbers) -> None:
    """Take the length of the fit for the albedo, which it is for the channel that was fitted."""
    for i in range(BLOCK):
        rows[RED + i] = rows[DIVISOR + i] = rows[UNTRUSTED + i] = _ONE


@compiled
def _add_doubted(  # noqa: PLR0913, PLR0917  # arrays in tuples would be counted
    kept: Numbers,
    red: Place,
    step: Place,
    values: Numbers,
    at: Place,
    trust: Numbers | None,
    beams: Numbers,
    light: int,
    rows: Numbers,
) -> None:
    beam = toward(beams, light)
    green, blue = red + step, red + step + step
    for i in range(BLOCK):
        lx, ly, lz = along(beams, beam, 0, i), along(beams, beam, 1, i), along(beams, beam, 2, i)
        fit = rows[X + i] * lx + rows[Y + i] * ly + rows[Z + i] * lz
        bright = fit if fit > _ZERO else _ZERO
        reading = values[at + Place(i)]
        lit = reading > rows[THRESHOLD + i]
        residual = ((reading if lit else _ZERO) - bright) * rows[DOUBT + i]
        untrusted = weight_of(residual) * bright if lit else _ZERO
        weight = untrusted * trusted(trust, values, at + Place(i))
        # Whatever stands for an unusable reading has weight zero, and would still spoil a sum.
        r = decoded(kept[red + Place(i)]) if lit else _ZERO
        g = decoded(kept[green + Place(i)]) if lit else _ZERO
        b = decoded(kept[blue + Place(i)]) if lit else _ZERO
        rows[RED + i] += weight * r
        rows[GREEN + i] += weight * g
        rows[BLUE + i] += weight * b
        rows[DIVISOR + i] += weight * bright
        rows[UNTRUSTED + i] += untrusted * bright


@compiled
def _add_plain(  # noqa: PLR0913, PLR0917  # arrays in tuples would be counted
    kept: Numbers,
    red: Place,
    step: Place,
    values: Numbers,
    at: Place,
    trust: Numbers | None,
    beams: Numbers,
    light: int,
    rows: Numbers,
) -> None:
    beam = toward(beams, light)
    green, blue = red + step, red + step + step
    for i in range(BLOCK):
        lx, ly, lz = along(beams, beam, 0, i), along(beams, beam, 1, i), along(beams, beam, 2, i)
        fit = rows[X + i] * lx + rows[Y + i] * ly + rows[Z + i] * lz
        lit = values[at + Place(i)] > rows[THRESHOLD + i]
        bright = fit if lit else _ZERO
        weight = bright * trusted(trust, values, at + Place(i))
        r = decoded(kept[red + Place(i)]) if lit else _ZERO
        g = decoded(kept[green + Place(i)]) if lit else _ZERO
        b = decoded(kept[blue + Place(i)]) if lit else _ZERO
        rows[RED + i] += weight * r
        rows[GREEN + i] += weight * g
        rows[BLUE + i] += weight * b
        rows[DIVISOR + i] += weight * bright
        rows[UNTRUSTED + i] += bright * bright
