"""Relighting by lamps at finite places: every pixel sees them from a place of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from olat.light.spherical_delaunay import Triangulation
from olat.model.rig import LightRig
from olat.model.shapes import HalfPlanes, Radiance
from olat.relight.emitters import Emitters
from olat.relight.near_planes_kernel import light_pixels
from olat.relight.planes import addresses_of

_PART = 1 << 15
"""Pixels that a thread takes at a time."""


@dataclass(frozen=True)
class NearlyRelit:
    """A picture under lamps at finite places."""

    radiance: Radiance
    """Linear [what white at the origin reads that faces a lamp of color 1 is 1]."""
    extrapolated: float
    """Share of pixels and points that see a lamp where no lights of the rig surround it: there
    the nearest light stands in."""


def relit_near(
    planes: Sequence[HalfPlanes],
    rig: LightRig,
    places: Radiance,
    emitters: Emitters,
    *,
    threads: int | None = None,
) -> NearlyRelit:
    r"""Relight by points that shine from finite places.

    .. math:: L(p) = \sum_e E_e(X_p) \sum_i b_i \frac{R_i(p)}{g_i(X_p)}

    with the irradiance E at the pixel's place X, the barycentric coordinates b of the direction to
    the emitter among the directions to the rig's lights, and their gains
    :math:`g_i = |P_i|^2 / |P_i - X|^2`: all as the place sees them, not the origin.

    Parameters
    ----------
    planes
        Reflectance under each light, finite.
    rig
        The lights of the planes. Where it has no positions, they are taken as distant.
    places
        World position of what each pixel shows [m].
    emitters
        What shines.
    threads
        Threads to use; none means one for each processor that this process may use.

    Raises
    ------
    ValueError
        If planes, lights and places do not match.

    Notes
    -----
    Assumes that the planes were divided by what their light sent to the origin, that lamps of the
    rig shine alike in all directions, and that nothing stands between the subject and a lamp but
    what stood between it and the rig's lights around that direction.

    References
    ----------
    .. [1] Debevec et al., Acquiring the reflectance field of a human face, SIGGRAPH 2000, sec. 3.
    """
    if len(planes) != len(rig):
        raise ValueError(f"there are planes of {len(planes)} lights and a rig of {len(rig)}")
    height, width = planes[0].shape[1:]
    if places.shape != (height, width, 3):
        raise ValueError(f"places are {places.shape}; {(height, width, 3)} was needed")
    addresses, kept = addresses_of(planes)
    corners, neighbors = Triangulation(rig.directions).for_walks()
    is_near = rig.positions is not None
    lamps = np.ascontiguousarray(rig.directions if rig.positions is None else rig.positions)
    out = np.zeros((height * width, 3), np.float32)
    flat = np.ascontiguousarray(places.reshape(-1, 3), np.float64)
    table = emitters.table

    def light(start: int) -> int:
        stop = min(start + _PART, len(out))
        met: int = light_pixels(
            addresses, flat, lamps, is_near, corners, neighbors, table, start, stop, out
        )
        return met

    count = len(os.sched_getaffinity(0)) if threads is None else max(1, threads)
    with ThreadPoolExecutor(count) as pool:
        met = sum(pool.map(light, range(0, len(out), _PART)))
    del kept  # held the planes' memory until here
    share = met / (len(out) * len(table))
    return NearlyRelit(out.reshape(height, width, 3), share)
