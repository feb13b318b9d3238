"""Bring a frame into the pose of the reference."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.shapes import Flags, Flow, Mask, Plane

LARGEST_SIDE = 32766
"""OpenCV's remap counts pixels in 16 bits."""


def warped(
    image: RadianceImage, flow: Flow, confidence: Plane, *, confidence_floor: float
) -> RadianceImage:
    """Pull an image onto the reference grid: ``out(x) = image(x + flow(x))``.

    Parameters
    ----------
    image
        The moving frame.
    flow
        From a reference pixel to where it lies in the image [px].
    confidence
        Trust in the flow, from 0 to 1.
    confidence_floor
        Below this a pixel counts as hidden in the moving frame.

    Returns
    -------
    RadianceImage
        Signed: the cubic undershoots beside highlights, and sums over lights need that kept.
        OUT_OF_FRAME and zero where the source lies outside the image, OCCLUDED below the floor;
        a flag of any source pixel that had a part in the value is kept.

    Raises
    ------
    ValueError
        If the shapes disagree, or a side is longer than OpenCV can address.

    Notes
    -----
    One cubic resampling of float32 at unrounded positions, which OpenCV does since version 5.
    Where the flow is a whole number of pixels the values are copied, bit for bit.
    """
    _check_shapes(image, flow, confidence)
    x, y = source_positions(flow)
    outside = _is_outside(x, y)
    radiance = np.asarray(
        cv2.remap(image.radiance, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    )
    radiance[outside] = 0.0
    flags = _warped_flags(image.flags, x, y)
    flags[outside] = PixelFlag.OUT_OF_FRAME
    flags[confidence < confidence_floor] |= np.uint8(PixelFlag.OCCLUDED)
    return RadianceImage(radiance, flags)


def source_positions(flow: Flow) -> tuple[Plane, Plane]:
    """Return the x and the y that every pixel of the reference grid is pulled from [px]."""
    height, width = flow.shape[:2]
    columns = np.arange(width, dtype=np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None]
    return flow[..., 0] + columns, flow[..., 1] + rows


def _check_shapes(image: RadianceImage, flow: Flow, confidence: Plane) -> None:
    shapes = {image.radiance.shape[:2], image.flags.shape, flow.shape[:2], confidence.shape}
    if len(shapes) > 1:
        found = ", ".join(f"{width} x {height}" for height, width in sorted(shapes))
        raise ValueError(f"warp: image, flags, flow and confidence are {found} px; needed one size")
    if max(confidence.shape) > LARGEST_SIDE:
        raise ValueError(
            f"warp: the image is {confidence.shape[1]} x {confidence.shape[0]} px; a side may "
            f"have {LARGEST_SIDE} px. Cut the frames into parts."
        )


def _is_outside(x: Plane, y: Plane) -> Mask:
    """Say where a position lies on no pixel, or is not a number."""
    height, width = x.shape
    inside: Mask = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return ~inside


def _warped_flags(flags: Flags, x: Plane, y: Plane) -> Flags:
    """Pull the flags of every pixel under the cubic kernel."""
    if not flags.any():
        return np.zeros_like(flags)
    # Between two pixels the kernel takes two on either side; on a pixel, only that one.
    left, top = np.floor(x), np.floor(y)
    around = cv2.remap(
        _spread(flags), left, top, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    exact = cv2.remap(flags, left, top, cv2.INTER_NEAREST)
    return np.where((x == left) & (y == top), exact, around)


def _spread(flags: Flags) -> Flags:
    """Give every pixel the flags of those from 1 px before to 2 px after it, in x and y."""
    tall = flags.copy()
    tall[1:] |= flags[:-1]
    tall[:-1] |= flags[1:]
    tall[:-2] |= flags[2:]
    wide = tall.copy()
    wide[:, 1:] |= tall[:, :-1]
    wide[:, :-1] |= tall[:, 1:]
    wide[:, :-2] |= tall[:, 2:]
    return wide
