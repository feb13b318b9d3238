"""How much light reaches each site, relative to the middle of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float32
from numpy.polynomial import legendre

from olat.model.shapes import Array
from olat.sensor.flat_group import middle
from olat.sensor.flat_sweep import FlatSweep
from olat.sensor.readings import Color

FlatModel: TypeAlias = Literal["auto", "sites", "smooth"]

_TILES = 48
"""Tiles along the longer side of a color that the smooth shape is fitted to."""
_DEGREE = 6
"""Of the polynomial in x and y; vignetting is even in the radius about a center that it finds."""
_DARKEST = 0.02
"""Response below which a site cannot be corrected [1]."""


@dataclass(frozen=True)
class FlatField:
    """Response of each site."""

    response: Float32[Array, "h w plane"]
    """Relative to the middle, 1 there in each color [1]."""
    model: Literal["sites", "smooth"]
    """Whether each site has its own, or all follow a smooth shape."""
    noise_percent: float | None
    """Error of a site's own response; none where no exposure has two frames [%]."""
    pattern_percent: float | None
    """Spread of the sites' own responses about the smooth shape, less that error [%]."""
    falloff_percent: tuple[float, ...]
    """Light that the darkest corner lacks, by channel: red, green, blue as far as there [%]."""


def flat_field(
    sweep: FlatSweep,
    defects: Bool[Array, "h w plane"],
    colors: Sequence[Color],
    *,
    model: FlatModel = "auto",
) -> FlatField:
    r"""Divide the mean of flat frames by its own middle, color by color.

    .. math:: f = \frac{\overline{\text{flat}} - \text{dark}}
        {\left\langle\overline{\text{flat}} - \text{dark}\right\rangle_{\text{middle, color}}}

    Parameters
    ----------
    sweep
        Mean of the flat frames above the dark, and its noise.
    defects
        Sites that take the smooth shape.
    colors
        Which sites are of one color.
    model
        ``sites`` keeps each site's own response, dust and unequal sites with it; ``smooth`` only
        vignetting and the slow changes of a lens, by a polynomial for each place in the filter
        pattern; ``auto`` keeps the sites' own where they differ by more than their error.

    Returns
    -------
    flat
        1 in the middle, not on average: what stands in the middle reads as before, and a white
        patch that was measured there keeps its meaning.

    Raises
    ------
    ValueError
        If a part of the picture gets no light to speak of.

    Notes
    -----
    Assumes a plane that is even and lit evenly: the flat cannot tell its panel from the lens. A
    panel that is 2 % darker at the edge makes pictures 2 % too bright there.

    The two greens of a filter pattern share one middle: if one of them is more sensitive, that is
    corrected too. White, red, green and blue light vignette differently; each channel has its own
    shape.

    References
    ----------
    .. [1] Goldman, Vignette and exposure calibration and compensation, IEEE Trans. Pattern
       Analysis and Machine Intelligence 32(12), 2010, section 3.
    """
    ratio = _over_the_middle(sweep.signal, defects, colors)
    shape = np.empty_like(ratio)
    for color in colors:
        shape[color.sites] = _smooth(ratio[color.sites])
    _set_middle(ratio, shape, colors)
    _require_response(shape)
    noise, pattern = _noise_and_pattern(sweep, ratio, shape, defects)
    chosen: Literal["sites", "smooth"] = "smooth"
    if model == "sites" or (model == "auto" and noise is not None and (pattern or 0.0) > noise):
        chosen = "sites"
    response = np.where(defects, shape, ratio) if chosen == "sites" else shape
    falloff = tuple(_falloff(shape, colors, channel) for channel in _channels(colors))
    return FlatField(response, chosen, noise, pattern, falloff)


def _channels(colors: Sequence[Color]) -> list[int]:
    return sorted({color.channel for color in colors})


def _over_the_middle(signal: Array, defects: Array, colors: Sequence[Color]) -> Array:
    """Divide each channel by its mean in the middle."""
    spot, bad = signal[middle(signal.shape)], defects[middle(signal.shape)]
    ratio = signal.copy()
    for channel in _channels(colors):
        own = [color.sites for color in colors if color.channel == channel]
        level = np.mean([np.median(spot[index][~bad[index]]) for index in own])
        for index in own:
            ratio[index] /= np.float32(level)
    return ratio


def _set_middle(ratio: Array, shape: Array, colors: Sequence[Color]) -> None:
    """Scale each channel so that its smooth shape is 1 at the very middle."""
    y, x = (length // 2 // 2 * 2 for length in shape.shape[:2])
    for channel in _channels(colors):
        own = [color.sites for color in colors if color.channel == channel]
        level = np.mean([shape[y : y + 2, x : x + 2][index].mean() for index in own])
        for index in own:
            ratio[index] /= np.float32(level)
            shape[index] /= np.float32(level)


def _smooth(plane: Array) -> Array:
    """Fit a polynomial to the middle values of tiles, and evaluate it at every site."""
    side = max(2, -(-max(plane.shape) // _TILES))
    rows, columns = (max(1, length // side) for length in plane.shape)
    cut = plane[: rows * side, : columns * side]
    tiles = cut.reshape(rows, cut.shape[0] // rows, columns, cut.shape[1] // columns)
    values = np.sort(tiles.swapaxes(1, 2).reshape(rows, columns, -1), axis=2)
    # The mean of the middle half: dust and defects do not count.
    quarter = values.shape[2] // 4
    middles = values[..., quarter : values.shape[2] - quarter].mean(axis=2, dtype=np.float64)
    degree = min(_DEGREE, max(0, int(np.sqrt(middles.size / 2.0)) - 1))
    y, x = (
        2.0 * (np.arange(n) * step + (step - 1) / 2.0) / max(length - 1, 1) - 1.0
        for n, step, length in zip((rows, columns), tiles.shape[1::2], plane.shape, strict=True)
    )
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    # Legendre's polynomials hardly depend on each other where powers do.
    down, along = legendre.legvander(y, degree), legendre.legvander(x, degree)
    basis = np.stack([np.outer(down[:, i], along[:, j]).ravel() for i, j in powers], axis=1)
    grid = np.zeros((degree + 1, degree + 1))
    grid[tuple(np.array(powers).T)] = _robust_fit(basis, middles.ravel())
    down, along = (
        legendre.legvander(np.linspace(-1.0, 1.0, length), degree) for length in plane.shape
    )
    return np.asarray(down @ grid @ along.T, np.float32)


def _robust_fit(basis: Array, values: Array) -> Array:
    """Fit by least squares, and again with what lies far off weighing less (Cauchy)."""
    weights = np.ones(len(values))
    solution: Array = np.zeros(basis.shape[1])
    for _ in range(5):
        weighted = basis * weights[:, None]
        solution = np.linalg.solve(weighted.T @ basis, weighted.T @ values)
        apart = values - basis @ solution
        spread = 1.4826 * np.median(np.abs(apart)) + 1e-9
        weights = 1.0 / (1.0 + (apart / (3.0 * spread)) ** 2)
    return solution


def _noise_and_pattern(
    sweep: FlatSweep, ratio: Array, shape: Array, defects: Array
) -> tuple[float | None, float | None]:
    """Return the error of the sites' responses, and their spread beyond it [%]."""
    if sweep.noise is None:
        return None, None
    # Odd steps visit all places of a filter pattern.
    steps = [(length // 1024) | 1 for length in ratio.shape[:2]]
    sample = np.s_[:: steps[0], :: steps[1]]
    good = ~defects[sample] & (sweep.signal[sample] > 0.0)
    noise = np.sqrt(sweep.noise[sample][good]) / sweep.signal[sample][good]
    apart = ratio[sample][good] / shape[sample][good] - 1.0
    error = float(np.sqrt(np.mean(np.square(noise, dtype=np.float64))))
    spread = 1.4826 * float(np.median(np.abs(apart - np.median(apart))))
    return 100.0 * error, 100.0 * float(np.sqrt(max(spread**2 - error**2, 0.0)))


def _falloff(shape: Array, colors: Sequence[Color], channel: int) -> float:
    """Return how much less the darkest corner gets than the middle [%]."""
    own = [shape[color.sites] for color in colors if color.channel == channel]
    corners = [plane[y, x] for plane in own for y in (0, -1) for x in (0, -1)]
    return 100.0 * (1.0 - float(min(corners)))


def _require_response(shape: Array) -> None:
    """Check that light reaches every part of the picture."""
    least = float(shape.min())
    if least < _DARKEST:
        y, x, _ = np.unravel_index(int(shape.argmin()), shape.shape)
        raise ValueError(
            f"flat frames read {least:.1%} of their middle around pixel ({x}, {y}); "
            f"{_DARKEST:.0%} or more are needed. Fill the whole picture with the flat plane"
        )
