"""What one wants to know about a rig at a glance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olat.light.quadrature import coverage, reach
from olat.light.spacing import independent_axes, is_flat, spacings, widest_gap
from olat.model.rig import LightRig

_SIDES = ("to the image's right", "above", "on the camera's side")
_OTHER_SIDES = ("to the image's left", "below", "behind")
_SAME = np.deg2rad(0.1)
"""Distance below which two lights are probably one, told twice [rad]."""
_ONE_SPHERE = 0.02
"""Spread of distances, as a share of their median, below which they are one."""

Range = tuple[float, float, float]


@dataclass(frozen=True)
class RigSummary:
    """How the lights of a rig are spread, and how bright they are."""

    count: int
    spacing: Range
    """Least, median and largest angle to the nearest neighbor [rad]."""
    coverage: float
    """Share of the sphere within `reach` of a light [1]."""
    reach: float
    """How far around itself a light may stand for the sphere [rad]."""
    gap: tuple[float, float, float]
    """The direction that is farthest from any light."""
    gap_radius: float
    """How far that is [rad]."""
    distance: Range | None
    """Least, median and largest distance from the subject; none if not known [m]."""
    intensity: Range
    """Least, median and largest mean of red, green and blue [1]."""
    warnings: tuple[str, ...]
    """What is wrong with the rig, in words."""

    def gap_words(self) -> str:
        """Return how far it is from the middle of the widest gap to a light, and where that is."""
        return f"{np.degrees(self.gap_radius):.0f}\N{DEGREE SIGN} {side_of(self.gap)}"

    def spacing_words(self) -> str:
        """Return how far apart the lights are."""
        low, middle, high = np.degrees(self.spacing)
        return f"{middle:.1f}\N{DEGREE SIGN} apart ({low:.1f} to {high:.1f})"

    def coverage_words(self) -> str:
        """Return how much of the sphere the lights stand for."""
        near = f"{np.degrees(self.reach):.0f}\N{DEGREE SIGN}"
        return f"{self.coverage:.1%} of the sphere within {near} of a light"

    def distance_words(self) -> str:
        """Return how far away the lights are."""
        if self.distance is None:
            return "directions only"
        low, middle, high = self.distance
        if high - low <= _ONE_SPHERE * middle:
            return f"{middle:.3g} m away"
        return f"{low:.3g} to {high:.3g} m away"

    def intensity_words(self) -> str:
        """Return how bright the lights are."""
        low, middle, high = self.intensity
        return (
            f"all {middle:.3g}" if low == high else f"{low:.3g} to {high:.3g}, median {middle:.3g}"
        )


def summary_of(rig: LightRig) -> RigSummary:
    """Return what one wants to know about a rig whose lights are located.

    Raises
    ------
    ValueError
        If its lights are not located.
    """
    if not rig.is_located:
        raise ValueError(f"rig '{rig.name}' has {len(rig)} lights that are not located yet")
    apart = spacings(rig.directions)
    gap, radius = widest_gap(rig.directions)
    distance = None
    if rig.positions is not None:
        distance = _range(np.linalg.norm(rig.positions, axis=1))
    x, y, z = gap.tolist()
    return RigSummary(
        count=len(rig),
        spacing=_range(apart),
        coverage=coverage(rig.directions),
        reach=reach(rig.directions),
        gap=(x, y, z),
        gap_radius=radius,
        distance=distance,
        intensity=_range(rig.intensities.mean(axis=1)),
        warnings=tuple(_warnings(rig, apart)),
    )


def side_of(direction: tuple[float, float, float]) -> str:
    """Return the side on which a direction lies mostly, in words."""
    axis = int(np.argmax(np.abs(direction)))
    return (_SIDES if direction[axis] > 0 else _OTHER_SIDES)[axis]


def _range(numbers: np.ndarray) -> Range:
    """Return the least, the median and the largest of some numbers."""
    return float(numbers.min()), float(np.median(numbers)), float(numbers.max())


def _warnings(rig: LightRig, apart: np.ndarray) -> list[str]:
    """Say what hinders solves, or was probably not meant."""
    warnings = []
    axes = independent_axes(rig.directions)
    if axes < 3:
        where = "on one line" if axes == 1 else "in one plane"
        warnings.append(
            f"all lights lie {where} through the subject: normals are not determined across it"
        )
    elif is_flat(rig.directions) and len(rig) > 3:
        warnings.append(
            "all lights lie in one plane: normals are determined, but an error that all directions "
            "share is not seen"
        )
    same = np.flatnonzero(apart < _SAME).tolist()
    if same:
        shown = ", ".join(map(str, same[:8])) + (", …" if len(same) > 8 else "")
        warnings.append(f"lights {shown} have a neighbor within 0.1 degrees: one light told twice?")
    dark = np.flatnonzero((rig.intensities <= 0).any(axis=1)).tolist()
    if dark:
        shown = ", ".join(map(str, dark[:8])) + (", …" if len(dark) > 8 else "")
        warnings.append(f"light {shown} gives no light in some color")
    return warnings
