"""Light rigs made by rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olat.api.lights import at_distance
from olat.errors import UsageError
from olat.light.arrangements import above, arcs, fibonacci_sphere, spiral_order
from olat.light.geodesic import geodesic_sphere
from olat.light.latlong import turned
from olat.model.rig import LightRig
from olat.model.shapes import Directions


@dataclass(frozen=True)
class RigRule:
    """A rule by which lights hang: one of ``arcs``, ``fibonacci`` and ``geodesic``."""

    arcs: int | None = None
    """Number of upright arcs."""
    per_arc: int | None = None
    """Lights on each arc."""
    elevation_deg: tuple[float, float] | None = None
    """Lowest and highest light of an arc; none for the whole arc [degree]."""
    fibonacci: int | None = None
    """Number of lights on a spiral, evenly spread."""
    geodesic: int | None = None
    """Parts of an edge of the icosahedron: 10 f² + 2 lights."""
    turn_deg: float = 0.0
    """Turn about +y, right-handed: 90 brings what is in front to the image's right [degree]."""
    exclude_below_deg: float | None = None
    """Elevation below which there are no lights [degree]."""
    in_spiral: bool = False
    """Whether lights count along a spiral from the camera's side to the back."""

    def rig(self, *, name: str, radius: float | None = None) -> LightRig:
        """Return the lights, all equally bright; at a distance [m], or as directions.

        Raises
        ------
        UsageError
            If the rule is not one, or leaves no light.
        """
        try:
            directions = turned(self._directions(), self.turn_deg)
            if self.exclude_below_deg is not None:
                directions = above(directions, float(np.radians(self.exclude_below_deg)))
        except ValueError as error:
            raise UsageError(f"lights generate: {error}.") from None
        if self.in_spiral:
            directions = directions[spiral_order(directions)]
        rig = LightRig(name, directions, np.ones((len(directions), 3)))
        return rig if radius is None else at_distance(rig, radius)

    def _directions(self) -> Directions:
        """Return the lights of the rule before anything is turned or left out."""
        rules = {"--arcs": self.arcs, "--fibonacci": self.fibonacci, "--geodesic": self.geodesic}
        given = [word for word, value in rules.items() if value is not None]
        if len(given) != 1:
            found = " and ".join(given) or "no rule"
            raise UsageError(f"lights generate: {found}; one of {', '.join(rules)} is needed.")
        if (self.arcs is None) != (self.per_arc is None):
            raise UsageError("lights generate: --arcs N and --per-arc M belong together.")
        if self.arcs is None and self.elevation_deg is not None:
            raise UsageError("lights generate: --elevation is about --arcs; see --exclude-below.")
        if self.fibonacci is not None:
            return fibonacci_sphere(self.fibonacci)
        if self.geodesic is not None:
            return geodesic_sphere(self.geodesic)
        low_high = self.elevation_deg
        ends = None if low_high is None else (np.radians(low_high[0]), np.radians(low_high[1]))
        return arcs(self.arcs or 0, self.per_arc or 0, elevations=ends)
