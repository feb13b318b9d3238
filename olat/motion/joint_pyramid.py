"""Three pictures whose light adds up, on every scale from coarse to fine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Plane, Radiance
from olat.motion.joint_kernel import pull
from olat.motion.warp import source_positions

BothFlows = Float32[Array, "h w 4"]
"""dx, dy to the first picture, then dx, dy to the second [px of this scale]."""

SmallRadiance = Float32[Array, "few_rows few_columns 3"]

WHITE_PERCENTILE = 99.5
DARK = 0.01
"""Radiance of half weight, above which noise is that of photons [white of the full-on = 1]."""
COARSEST = 12
"""The scale whose short side is not below this, nor twice above, is the first [px]."""


@dataclass(frozen=True, slots=True)
class Triple:
    """A full-on frame and two that add up to it, on one scale; white of the full-on is 1."""

    full_on: Radiance
    first: Radiance
    second: Radiance
    trust: Radiance
    """Of the full-on frame: one over its noise, up to a factor; 0 where it tells nothing."""
    first_known: Radiance | None
    """Part of each pixel that is known in the first; none if all is."""
    second_known: Radiance | None

    def warped(self, both: BothFlows) -> tuple[Radiance, Radiance, Radiance]:
        """Return the first and the second pulled by their flows, and the trust in all three."""
        trust = self.trust.copy()
        pulled = []
        for at, picture, known in (
            (0, self.first, self.first_known),
            (2, self.second, self.second_known),
        ):
            out = np.empty_like(picture)
            pull(picture, both, at, out, trust)
            pulled.append(out)
            if known is not None:
                x, y = source_positions(both[..., at : at + 2])
                seen = cv2.remap(known, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                trust *= np.square(seen)
        return pulled[0], pulled[1], trust


def white_of(full_on: Radiance) -> float:
    """Return the radiance that counts as white; 0 for a frame that shows nothing but noise."""
    known = full_on[np.isfinite(full_on)]
    if not known.size:
        return 0.0
    depth, white = np.percentile(known, [100.0 - WHITE_PERCENTILE, WHITE_PERCENTILE])
    return float(white) if white > max(0.0, -2.0 * depth) else 0.0


def scales(shape: tuple[int, int]) -> list[tuple[int, int]]:
    """Return heights and widths from coarse to fine, each half of the next, rounded up."""
    shapes = [shape]
    while min(shapes[-1]) >= 2 * COARSEST:
        height, width = shapes[-1]
        shapes.append((-(-height // 2), -(-width // 2)))
    return shapes[::-1]


def pyramid(
    full_on: Radiance,
    first: Radiance,
    second: Radiance,
    *,
    white: float,
    shapes: Sequence[tuple[int, int]],
) -> Iterator[Triple]:
    """Reduce by area over what is known, to each shape in turn.

    Parameters
    ----------
    full_on, first, second
        Linear radiance of one size; not finite where it is not known.
    white
        Radiance that is brought to 1.
    shapes
        Heights and widths, the largest last [px].
    """
    pictures = [
        _reduced(*_known_part(picture, white), shapes[-1]) for picture in (full_on, first, second)
    ]
    for shape in shapes:
        (full, seen), (a, a_known), (b, b_known) = (
            _reduced(values, known, shape) for values, known in pictures
        )
        yield Triple(full, a, b, _trust(full, seen), a_known, b_known)


def _known_part(picture: Radiance, white: float) -> tuple[Radiance, Radiance | None]:
    scaled = picture * np.float32(1.0 / white)
    known = np.isfinite(scaled)
    if known.all():
        return scaled, None
    return np.where(known, scaled, np.float32(0.0)), known.astype(np.float32)


def _reduced(
    values: Radiance, known: Radiance | None, shape: tuple[int, int]
) -> tuple[SmallRadiance, SmallRadiance | None]:
    """Average over area; what is not known has no part in it."""
    if values.shape[:2] == shape:
        return values, known
    if known is None:
        return cv2.resize(values, shape[::-1], interpolation=cv2.INTER_AREA), None
    values = cv2.resize(values * known, shape[::-1], interpolation=cv2.INTER_AREA)
    known = cv2.resize(known, shape[::-1], interpolation=cv2.INTER_AREA)
    return values / np.maximum(known, np.float32(1e-3)), known


def _trust(full_on: Radiance, known: Radiance | None) -> Radiance:
    """Return one over the noise: of photons where it is light, even and less sure where dark."""
    # The darkest pixel around: an outline against black says little of the motion along it, and
    # what it says is often wrong.
    light: Plane = cv2.erode(cv2.blur(full_on, (3, 3)), np.ones((3, 3), np.uint8))
    light = np.maximum(light, np.float32(0.0))
    depth = -float(np.percentile(full_on, 100.0 - WHITE_PERCENTILE))
    dark = np.float32(max(DARK, 1.5 * depth))
    trust = np.square(light) / (np.square(light) + dark**2) / np.sqrt(light + dark)
    trust[light <= 0.5 * dark] = 0.0
    return np.asarray(trust if known is None else trust * np.square(known))
