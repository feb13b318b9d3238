"""Bring a frame into the pose of the reference."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.shapes import Array, Flags, Flow, Mask, Plane
from olat.motion.warp_kernel import resample_variance

Positions: TypeAlias = Float32[Array, "h w 2"]
"""Where each pixel is pulled from, (x, y) [px]."""

LARGEST_SIDE = 32766
"""OpenCV's remap counts pixels in 16 bits."""


def warped(
    image: RadianceImage,
    flow: Flow,
    confidence: Plane,
    *,
    confidence_floor: float,
    undistorted: Positions | None = None,
) -> RadianceImage:
    r"""Pull an image onto the reference grid: ``out(x) = image(x + flow(x))``.

    With a lens whose pixel x of the undistorted picture is seen at D(x) in a photograph,

    .. math:: \mathrm{out}(x) = \mathrm{image}\bigl(D(x) + \mathrm{flow}(D(x))\bigr) .

    Parameters
    ----------
    image
        The moving frame.
    flow
        From a reference pixel to where it lies in the image, both as photographed [px].
    confidence
        Trust in the flow, from 0 to 1.
    confidence_floor
        Below this a pixel counts as hidden in the moving frame.
    undistorted
        D: where each pixel of the result lies in the reference photograph [px]. Without it the
        result is distorted as the photographs are.

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
    Assumes that flow and confidence are smooth, since they are read between pixels linearly. The
    radiance is resampled once, whatever moves it: a second time would cost sharpness.
    """
    _check_shapes(image, flow, confidence, undistorted)
    if undistorted is None:
        x, y = source_positions(flow)
        out = resampled(image, x, y)
    else:
        x, y = split(undistorted)
        unseen = _is_outside(x, y)
        moved = cv2.remap(flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        x, y = x + moved[..., 0], y + moved[..., 1]
        # What the reference does not show has no flow, so that no frame shows it.
        x[unseen] = np.nan
        out = resampled(image, x, y)
        confidence = cv2.remap(
            confidence, *split(undistorted), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    out.flags[confidence < confidence_floor] |= np.uint8(PixelFlag.OCCLUDED)
    return out


def resampled(image: RadianceImage, x: Plane, y: Plane) -> RadianceImage:
    r"""Pull an image from given places: ``out = image(x, y)``.

    Parameters
    ----------
    image
        What is resampled.
    x, y
        Where each pixel of the result is pulled from [px].

    Returns
    -------
    RadianceImage
        OUT_OF_FRAME and zero, its variance too, where a place lies outside the image.

    Raises
    ------
    ValueError
        If a side is longer than OpenCV can address.

    Notes
    -----
    Assumes for the variance that the noise of neighbors is independent: a sum of readings with
    weights w has the variance :math:`\sum w^2 \sigma^2`. Demosaicing has made neighbors alike,
    so that between pixels the true variance lies somewhat above this one.

    One cubic resampling of float32 at unrounded positions, which OpenCV does since version 5.
    On whole pixels the values are copied, bit for bit.
    """
    _check_size(x)
    outside = _is_outside(x, y)
    radiance = np.asarray(
        cv2.remap(image.radiance, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    )
    radiance[outside] = 0.0
    flags = _warped_flags(image.flags, x, y)
    flags[outside] = PixelFlag.OUT_OF_FRAME
    variance = image.variance
    if variance is not None:
        variance = resample_variance(variance, x, y, outside)
    return replace(image, radiance=radiance, flags=flags, variance=variance)


def split(positions: Positions) -> tuple[Plane, Plane]:
    """Return the x and the y of positions, each in one piece."""
    return np.ascontiguousarray(positions[..., 0]), np.ascontiguousarray(positions[..., 1])


def source_positions(flow: Flow) -> tuple[Plane, Plane]:
    """Return the x and the y that every pixel of the reference grid is pulled from [px]."""
    height, width = flow.shape[:2]
    columns = np.arange(width, dtype=np.float32)
    rows = np.arange(height, dtype=np.float32)[:, None]
    return flow[..., 0] + columns, flow[..., 1] + rows


def _check_shapes(
    image: RadianceImage, flow: Flow, confidence: Plane, undistorted: Positions | None
) -> None:
    shapes = {image.radiance.shape[:2], image.flags.shape, flow.shape[:2], confidence.shape}
    if undistorted is not None:
        shapes.add(undistorted.shape[:2])
    if len(shapes) > 1:
        found = ", ".join(f"{width} x {height}" for height, width in sorted(shapes))
        raise ValueError(f"warp: image, flags, flow and confidence are {found} px; needed one size")
    _check_size(confidence)


def _check_size(plane: Plane) -> None:
    height, width = plane.shape
    if max(height, width) > LARGEST_SIDE:
        raise ValueError(
            f"warp: the image is {width} x {height} px; a side may have {LARGEST_SIDE} px. Cut "
            "the frames into parts."
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
