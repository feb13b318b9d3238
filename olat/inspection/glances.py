"""A quick look at every frame of a camera: small linear pictures, and where the subject is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from olat.inspection.light_lean import balloon_normals
from olat.inspection.thumbnails import glance
from olat.io.display import read_mask
from olat.model.condition import Condition, Olat, Target
from olat.model.rig import LightRig
from olat.model.session import Camera, Frame, Session
from olat.model.shapes import Array, Directions

SIZE = 32
"""Side of the small pictures [px]."""
_SUBJECT = 0.1
"""Part of the bright pixels' brightness from which a pixel is taken for the subject."""
_FLOOR = 0.1
"""Part of the mean brightness below which a pixel's own is noise."""


@dataclass(frozen=True)
class Glances:
    """All readable frames of a camera, small and linear."""

    camera: str
    frames: tuple[Frame, ...]
    """In capture order."""
    small: Float32[Array, "frame size size 3"]
    """Black level subtracted, gain not applied [fraction of full scale]."""
    range_dn: float | None
    """From black to white of camera RAW; none for pictures, whose black nobody declares [DN]."""
    mask: Bool[Array, "size size"] | None

    def rows(self, kind: type) -> Int64[Array, " row"]:
        """Return the places of the frames under a kind of condition."""
        found = [row for row, frame in enumerate(self.frames) if isinstance(frame.condition, kind)]
        return np.array(found, dtype=np.int64)

    @cached_property
    def scaled(self) -> Float64[Array, "frame size size 3"]:
        """Small pictures at the exposure and drive of the OLAT frames."""
        gains = np.array([frame.gain for frame in self.frames])
        return np.asarray(self.small.astype(np.float64) * gains[:, None, None, None])

    @cached_property
    def matte(self) -> Bool[Array, "size size"]:
        """Where the subject is: the mask, or what any light brightens."""
        total = self.scaled[self.rows(Olat)].mean(axis=(0, 3))
        bright = total > _SUBJECT * np.percentile(total, 99)
        return bright if self.mask is None or not self.mask.any() else self.mask


@dataclass(frozen=True)
class Sweep:
    """The frames lit by one light each, in capture order."""

    camera: str
    frames: tuple[int, ...]
    """Their numbers."""
    rows: Int64[Array, " light"]
    """Their places among all frames."""
    lights: Int64[Array, " light"]
    directions: Directions
    """Of the light of each frame."""
    pictures: Float64[Array, "light pixel"]
    """Gray pixels of the subject over the brightness of the light."""
    relative: Float64[Array, "frame pixel"]
    """Those of all frames of the camera, over their mean in the sweep."""
    normals: Float64[Array, "pixel 3"]
    """Of a balloon in place of the subject."""

    @property
    def level(self) -> Float64[Array, " light"]:
        """Mean brightness of each picture."""
        return np.asarray(self.pictures.mean(axis=1))


def glances_of(session: Session, camera: Camera) -> Glances | None:
    """Look at all frames of a camera; none if none can be read.

    Of an exposure bracket only the first frame is looked at, and no ball under a single light.
    """
    frames = [
        frame
        for frame in session.frames_of(camera.name).values()
        if frame.leads and not _is_ball_sweep(frame.condition)
    ]
    small, range_dn = glance([frame.path for frame in frames], encoding=camera.encoding, size=SIZE)
    readable = np.isfinite(small).all(axis=(1, 2, 3))
    if not readable.any():
        return None
    kept = tuple(frame for frame, whole in zip(frames, readable, strict=True) if whole)
    return Glances(camera.name, kept, small[readable], range_dn, _mask_of(camera))


def sweep_of(glances: Glances, rig: LightRig) -> Sweep | None:
    """Return the OLAT frames with what is needed to judge them; none if there are none.

    Lights that are declared to be dark are left out.
    """
    lit = [
        (row, frame.index, frame.condition.light)
        for row, frame in enumerate(glances.frames)
        if isinstance(frame.condition, Olat) and (rig.intensities[frame.condition.light] > 0).all()
    ]
    if not lit or not glances.matte.any():
        return None
    rows, frames, lights = (np.array(column, dtype=np.int64) for column in zip(*lit, strict=True))
    inside = glances.scaled[:, glances.matte]
    pictures = (inside[rows] / rig.intensities[lights][:, None, :]).mean(axis=2)
    mean = pictures.mean(axis=0)
    mean = np.maximum(mean, 0.0) + _FLOOR * max(float(mean.mean()), 1e-12)
    relative = inside.mean(axis=2) / mean
    relative[rows] = pictures / mean
    return Sweep(
        camera=glances.camera,
        frames=tuple(frames.tolist()),
        rows=rows,
        lights=lights,
        directions=rig.directions[lights],
        pictures=pictures,
        relative=relative,
        normals=balloon_normals(glances.matte)[glances.matte],
    )


def _is_ball_sweep(condition: Condition) -> bool:
    """Tell whether a frame shows a target under one light."""
    return isinstance(condition, Target) and condition.light is not None


def _mask_of(camera: Camera) -> Bool[Array, "size size"] | None:
    """Return the mask of a camera at the size of the small pictures."""
    if camera.mask is None:
        return None
    mask = read_mask(camera.mask).astype(np.float32)
    return np.asarray(cv2.resize(mask, (SIZE, SIZE), interpolation=cv2.INTER_AREA) > 0.5)
