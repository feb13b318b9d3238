"""Whether the lights of a file can have lit the photographs: their places, order and axes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Float64

from olat.inspection.encoding_guess import FEWEST_LIGHTS, NO_LAW, lambert_misfit, some_of
from olat.inspection.finding import Finding
from olat.inspection.thumbnails import thumbnails
from olat.model.rig import LightRig
from olat.model.shapes import Array, Directions

_SIZE = 96
_CLIPPED = 0.95
"""Part of full scale from which a pixel may have been brighter than it says."""
_MOST_BEHIND = 0.8
"""Share of lights behind the subject from which the file's axes are doubted."""
_EXPLAINED = 0.6
"""Share of the leaning of brightness that lights have to explain before their axes are judged."""
_CLEAR = 2.0
"""How much more one axis has to explain than the other."""


def axes_finding(rig: LightRig) -> Finding:
    """Say where the lights are if their file means the axes of this program."""
    pairs = (("right", "left"), ("above", "below"), ("in front", "behind"))
    counts = [
        f"{(along > 0).sum()} {positive}, {(along < 0).sum()} {negative}"
        for along, (positive, negative) in zip(rig.directions.T, pairs, strict=True)
    ]
    return Finding(
        "light axes",
        "; ".join(counts[::-1]),
        "guess",
        "seen from the camera, if the file has x right, y up, z to the camera, as frame says",
    )


def placing_warnings(rig: LightRig) -> list[str]:
    """Warn of lights that light the back of the subject: their file has other axes."""
    behind = int((rig.directions[:, 2] < 0).sum())
    if behind < _MOST_BEHIND * len(rig):
        return []
    return [
        f"{behind} of {len(rig)} lights are BEHIND the subject, where the camera sees none of "
        'their light. If z of the light file runs away from the camera, say frame = "opencv" '
        "under [rig]; if its numbers point from the light to the subject, negate them."
    ]


def light_warnings(lit: Mapping[Path, int], rig: LightRig, *, encoding: str | float) -> list[str]:
    """Warn of lights that do not explain the photographs.

    Parameters
    ----------
    lit
        Photographs lit by one light each, and that light.
    rig
        All lights.
    encoding
        What the values of pictures mean.
    """
    if len(lit) < FEWEST_LIGHTS:
        return []
    paths = [[*lit][place] for place in some_of(len(lit))]
    lights = [lit[path] for path in paths]
    small = thumbnails(paths, encoding=encoding, size=_SIZE)
    colors = rig.intensities[lights]
    usable = np.isfinite(small).all(axis=(1, 2, 3)) & (colors > 0).all(axis=1)
    peak = small[usable].max(axis=(0, 3), initial=0.0)
    subject = (peak > 0.25 * np.percentile(peak, 99)) & (peak < _CLIPPED)
    small = small[usable] / colors[usable, None, None].astype(np.float32)
    directions = rig.directions[lights][usable]
    if len(small) < FEWEST_LIGHTS:
        return []
    gray = small.mean(axis=3)
    misfit = lambert_misfit(gray[:, subject], directions)
    if misfit is None:
        return []
    if misfit > NO_LAW:
        return [
            f"Lambert's law leaves {min(misfit, 1.0):.0%} of the variation unexplained with these "
            "lights: unless the subject is a mirror, their order or axes are probably wrong. "
            "Compare 'olat relight SESSION --light 1,0,0' with the photographs."
        ]
    return _axis_words(*leaning_by_axis(gray, subject, directions))


def leaning_by_axis(
    gray: Float32[Array, "light h w"], subject: Bool[Array, "h w"], directions: Directions
) -> tuple[Float64[Array, "axis 2"], Float64[Array, " 2"]]:
    r"""Return how far brightness leans to the right and up as a light moves along x and y.

    The leaning :math:`l_i` of a photograph is the mean place in the subject, weighted with how much
    brighter each pixel is than in other photographs; :math:`l_i = s_x x_i + s_y y_i + c`.

    Parameters
    ----------
    gray
        Photographs under one light each.
    subject
        Where the subject is.
    directions
        The lights.

    Returns
    -------
    slopes
        Of the leaning to the right and up (columns) along x and y (rows).
    explained
        Share of the variation of both leanings that the lights explain.

    Notes
    -----
    Assumes a subject that is convex on the whole: a hollow one leans to the other side.
    """
    relative = gray[:, subject] / np.maximum(gray[:, subject].mean(axis=0), 1e-9)
    rows, columns = np.nonzero(subject)
    places = np.stack([columns, -rows], axis=1).astype(np.float64)
    places = (places - places.mean(axis=0)) / np.maximum(places.std(axis=0), 1e-9)
    leaning = relative @ places / np.maximum(relative.sum(axis=1, keepdims=True), 1e-9)
    system = np.column_stack([directions[:, :2], np.ones(len(directions))])
    solution = np.linalg.lstsq(system, leaning, rcond=None)[0]
    rest = leaning - system @ solution
    explained = 1.0 - rest.var(axis=0) / np.maximum(leaning.var(axis=0), 1e-12)
    return solution[:2], explained


def _axis_words(slopes: Float64[Array, "axis 2"], explained: Float64[Array, " 2"]) -> list[str]:
    """Say which axes are probably not what the light file means."""
    warnings = []
    for axis, (name, side) in enumerate((("x", "right"), ("y", "upper"))):
        own, other = slopes[axis, axis], slopes[1 - axis, axis]
        if explained[axis] < _EXPLAINED:
            continue
        if abs(other) > _CLEAR * abs(own):
            return [
                "the lights seem to have x and y exchanged: as they move along one, brightness "
                "moves along the other. Compare 'olat relight SESSION --light 1,0,0' with the "
                "photographs."
            ]
        if own < -_CLEAR * abs(other):
            warnings.append(
                f"the lights seem mirrored in {name}: the {side} side of the subject is brighter "
                f"where {name} of the light is smaller. Unless it is hollow, correct {name} in the "
                "light file."
            )
    return warnings
