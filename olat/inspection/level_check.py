"""Whether each light is as bright as it is declared, and black as dark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from olat.inspection.glances import Glances, Sweep
from olat.inspection.neighbor_model import NOT_SMOOTH, NeighborModel, at_rim, features
from olat.inspection.verdict import SequenceFinding, where
from olat.io.frame_expression import format_frames
from olat.model.condition import Dark, Olat
from olat.model.shapes import Array

FEWEST = 20
"""Lights from which the level of one can be told from its neighbors."""
_DEAD = 0.003
"""Brightness, relative to the median, below which there is no light."""
_LIT = 0.1
"""Brightness of neighbors, relative to the median, from which a light can be judged."""
_JUDGED = 0.3
"""Expected brightness, relative to the median, from which a picture tells about its light."""
_NEAREST = 4
"""Neighbors that have to have light for a dark one to be dead."""
_ALIKE = 0.9
"""Likeness of a picture with what is expected from which its level can be compared."""
_OFF = 0.2
"""Part by which a light has to be off."""
_SIGMAS, _LEAST_SIGMA = 5.0, 0.03
"""Deviations that a light has to be off by; none is known better than the latter."""
_SPARSE = 1.5
"""Deviation of a single light, by which those of n lights deviate by an n-th."""
_MOST = 0.2
"""Share of the lights from which deviations are the subject's, or of the model."""
_BLACK = 0.001
"""Error of the black level that is told [fraction of full scale]."""
_EVEN = 0.3
"""Part of an offset by which it may differ from place to place and from color to color."""


@dataclass(frozen=True)
class LightLevels:
    """What pictures tell about the brightness of their lights."""

    dead: tuple[int, ...]
    """Places of pictures that are dark though those of the lights around are not."""
    off: Mapping[int, float]
    """Places of pictures whose light is too dim or too bright, and its part of what is expected."""
    sigma: float
    """Standard deviation of the parts of all other lights."""


def light_levels(sweep: Sweep, model: NeighborModel, *, dark: float = 0.0) -> LightLevels:
    r"""Find lights that are not as bright as their neighbors make expect, one after the other.

    .. math:: a_i = \frac{\sum_p I_p \hat I_p}{\sum_p \hat I_p^2}

    Parameters
    ----------
    sweep
        The pictures, over the declared brightness of their lights.
    model
        Of the lights.
    dark
        Brightness of a picture without light.

    Notes
    -----
    Assumes that each picture shows its own light. What is found is put right before the next is
    looked for, as a dim light pulls down what is expected of its neighbors. A light from behind,
    whose neighbors are dark as well, is not judged, nor is the level of one at the rim of a dome.
    """
    rim = at_rim(sweep.directions)
    dead, doubtful = _dead_places(sweep, model, dark, rim)
    for place in dead:
        model = model.without(place)
    left_out = np.array([*dead, *doubtful, *np.flatnonzero(rim)], dtype=np.int64)
    # Motion shows at rims, which count little in one, and caught highlights little in the other.
    views = [sweep.pictures.copy(), sweep.relative[sweep.rows]]
    off: dict[int, float] = {}
    # Of few lights none is well known from its neighbors.
    sigma = least = max(_LEAST_SIGMA, _SPARSE / len(sweep.frames))
    while len(off) <= _MOST * len(sweep.frames):
        logs = np.array([_log_parts(view, model, left_out=left_out) for view in views])
        known = np.isfinite(logs).all(axis=0)
        if known.sum() < FEWEST / 2:
            break
        both = logs - np.median(logs[:, known], axis=1)[:, None]
        away = np.where(
            known & (both[0] * both[1] > 0), np.sign(both[0]) * np.abs(both).min(0), 0.0
        )
        sigma = max(1.4826 * float(np.median(np.abs(both[:, known]), axis=1).max()), least)
        worst = int(np.argmax(np.abs(away)))
        if abs(away[worst]) < max(_SIGMAS * sigma, -np.log1p(-_OFF)):
            return LightLevels(dead, off, sigma)
        part = float(np.exp(away[worst]))
        off[worst] = off.get(worst, 1.0) * part
        for view in views:
            view[worst] /= part
    # So many lights are not off: the subject is not what the model takes it for.
    return LightLevels(dead, {}, sigma)


def _dead_places(
    sweep: Sweep, model: NeighborModel, dark: float, rim: Bool[Array, " light"]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the pictures of dead lights, and those beside a black one that may be behind."""
    level = (sweep.level - dark) / max(float(np.median(sweep.level - dark)), 1e-12)
    pictures = sweep.relative[sweep.rows]
    expected = (pictures - model.residuals(pictures)).mean(axis=1)
    expected /= max(float(np.median(expected)), 1e-12)
    nearest = np.argsort(-sweep.directions @ sweep.directions.T, axis=1)[:, 1 : 1 + _NEAREST]
    is_black = level < _DEAD
    has_lit, is_lit = level[nearest].min(axis=1) > _LIT, expected > _JUDGED
    # What is expected of the rim is extrapolated, and its neighbors lie on one side.
    is_dead = is_black & np.where(rim, has_lit & is_lit, has_lit | is_lit)
    beside = (is_black & ~is_dead)[nearest].any(axis=1)
    return tuple(np.flatnonzero(is_dead).tolist()), tuple(np.flatnonzero(beside).tolist())


def _log_parts(
    pictures: Float64[Array, "light pixel"],
    model: NeighborModel,
    *,
    left_out: Int64[Array, " place"],
) -> Float64[Array, " light"]:
    """Return the logarithm of each light's part of what is expected; NaN where nothing tells."""
    expected = np.clip(pictures - model.residuals(pictures), 0.0, None)
    inner = (pictures * expected).sum(axis=1)
    own, other = (np.maximum(np.linalg.norm(of, axis=1), 1e-12) for of in (pictures, expected))
    mean = expected.mean(axis=1)
    tells = (inner > _ALIKE * own * other) & (mean > _JUDGED * np.median(mean))
    tells[left_out] = False
    return np.where(tells, np.log(np.where(tells, inner, 1.0) / other**2), np.nan)


def level_findings(
    sweep: Sweep, model: NeighborModel, *, dark: float = 0.0
) -> list[SequenceFinding]:
    """Return what is wrong with the level of single lights; see `light_levels`."""
    pictures = features(sweep.relative, sweep.rows)[sweep.rows]
    if len(sweep.frames) < FEWEST or model.unexplained(pictures) > NOT_SMOOTH:
        return []
    levels = light_levels(sweep, model, dark=dark)
    return [
        *(_dead(sweep, place) for place in levels.dead),
        *(_off(sweep, place, part, levels.sigma) for place, part in sorted(levels.off.items())),
    ]


def black_findings(glances: Glances) -> list[SequenceFinding]:
    """Return what is wrong with the black level that camera RAW files declare.

    Dark frames tell it best. Without them, the darkest part of the OLAT frames tells it if it is
    the same in all of them and in all colors: light from the stage would not be.
    """
    if glances.range_dn is None:
        return []
    dark, lit = glances.rows(Dark), glances.rows(Olat)
    limit = _BLACK * glances.range_dn
    found = []
    for name, rows in (("dark", dark), ("OLAT", lit)):
        offsets = _offsets(glances, rows, of_all=name == "dark")
        if offsets is None or abs(float(np.median(offsets))) < limit:
            continue
        found.append(_black(glances, rows, name, float(np.median(offsets)), limit))
        break
    return found


def _offsets(
    glances: Glances, rows: Int64[Array, " row"], *, of_all: bool
) -> Float64[Array, "row 3"] | None:
    """Return how far black is from the declared level, or none if light is in it [DN]."""
    if not len(rows):
        return None
    values = glances.small[rows].astype(np.float64) * (glances.range_dn or 0.0)
    cells = values.reshape(len(rows), -1, 3)
    if of_all:
        offsets = np.median(cells, axis=1)
        spread = float(np.ptp(np.percentile(cells, (10, 90), axis=1), axis=0).max())
    else:
        offsets = np.percentile(cells, 5, axis=1)
        spread = 0.0
    usual = abs(float(np.median(offsets)))
    spread = max(spread, float(np.ptp(np.percentile(offsets, (5, 95)))))
    is_even = spread <= _EVEN * usual + 4.0 * _noise(cells)
    return np.asarray(offsets) if is_even else None


def _noise(cells: Float64[Array, "row cell 3"]) -> float:
    """Return the scatter of the darkest quarter of the cells [DN]."""
    low, high = np.percentile(cells, (2, 20), axis=1)
    return float(np.median(high - low)) / 1.2


def _dead(sweep: Sweep, place: int) -> SequenceFinding:
    """Say that a light gave no light."""
    frame, light = sweep.frames[place], int(sweep.lights[place])
    words = (
        f"{where(sweep.camera, [frame])}: light {light} is dead: the frame is dark, though those "
        "of the lights around it are not. Capture it again, or leave it out with "
        f"`skip_lights = [{light}]` under [sequence]."
    )
    return SequenceFinding("dead_light", "warning", sweep.camera, (frame,), (light,), words)


def _off(sweep: Sweep, place: int, part: float, sigma: float) -> SequenceFinding:
    """Say that a light is brighter or darker than declared."""
    frame, light = sweep.frames[place], int(sweep.lights[place])
    words = (
        f"{where(sweep.camera, [frame])}: light {light} gives {part:.0%} of what the light file "
        f"and the lights around it make expect, which is known to {sigma:.0%}. Measure the lights "
        "(olat process SESSION --pipeline calibrate_rig), or correct its intensity in the light "
        "file."
    )
    return SequenceFinding("light_level", "warning", sweep.camera, (frame,), (light,), words)


def _black(
    glances: Glances, rows: Int64[Array, " row"], name: str, offset: float, limit: float
) -> SequenceFinding:
    """Say by how much black is off."""
    frames = [glances.frames[row].index for row in rows]
    words = (
        f"{where(glances.camera)}: black level off by {offset:+.0f} DN: the black of {name} frames "
        f"{format_frames(frames)} lies so far from the level that the files declare; less than "
        f"{limit:.0f} DN is needed. Correct BlackLevel in the files, or calibrate the sensor from "
        "dark frames (olat process SESSION --pipeline calibrate_camera)."
    )
    return SequenceFinding("black_level", "refusal", glances.camera, tuple(frames), (), words)
