"""Bring a frame into the pose of the reference."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.shapes import Array, Flags, Flow, Plane
from olat.motion.warp_kernel import mark_hidden, mark_outside, pull_flags, resample

Positions: TypeAlias = Float32[Array, "h w 2"]
"""Where each pixel is pulled from, (x, y) [px]."""

LARGEST_SIDE = 32766
"""OpenCV's remap, which reads motion through a lens, counts pixels in 16 bits."""
REACH = 2
"""How far from a place the cubic takes pixels [px]."""


def warped(
    image: RadianceImage,
    flow: Flow,
    confidence: Plane,
    *,
    confidence_floor: float,
    trust: Plane | None = None,
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
    trust
        What the result's confidence is read from, if it is less than that in the flow, which
        `olat.motion.warp_confidence.untorn` knows.
    undistorted
        D: where each pixel of the result lies in the reference photograph [px]. Without it the
        result is distorted as the photographs are.

    Returns
    -------
    RadianceImage
        Signed: the cubic undershoots beside highlights, and sums over lights need that kept.
        Its confidence is the least within two pixels, as far as the cubic reaches, since what is
        pulled in from there belongs to the value; zero where it is OUT_OF_FRAME. OCCLUDED where
        the confidence of the pixel itself is below the floor. The rest as in `resampled`.

    Raises
    ------
    ValueError
        If the shapes disagree, or with a lens a side is longer than OpenCV can address.

    Notes
    -----
    Assumes that flow and confidence are smooth, since they are read between pixels linearly. The
    radiance is resampled once, whatever moves it: a second time would cost sharpness.
    """
    _check_shapes(image, flow, confidence, undistorted)
    least = _least_within_reach(confidence if trust is None else trust)
    if undistorted is None:
        x, y = source_positions(flow)
    else:
        places = split(undistorted)
        x, y = _through_the_lens(flow, *places)
        confidence, least = (_read(plane, *places) for plane in (confidence, least))
    out = resampled(image, x, y)
    mark_hidden(confidence, np.float32(confidence_floor), out.flags, least)
    return replace(out, confidence=least)


def _least_within_reach(confidence: Plane) -> Plane:
    return np.asarray(cv2.erode(confidence, np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)))


def _through_the_lens(flow: Flow, x: Plane, y: Plane) -> tuple[Plane, Plane]:
    """Return where each pixel of the undistorted result, seen at x and y, is pulled from."""
    height, width = x.shape
    # What the reference does not show has no flow, so that no frame shows it.
    seen = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    moved = _read(flow, x, y)
    x, y = x + moved[..., 0], y + moved[..., 1]
    x[~seen] = np.nan
    return x, y


def _read(
    field: Float32[Array, "h w *channels"], x: Plane, y: Plane
) -> Float32[Array, "h w *channels"]:
    """Return a flow or a confidence between pixels."""
    return np.asarray(cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


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
        OUT_OF_FRAME and zero, its variance too, where a pixel that the cubic takes lies outside the
        image: nothing beyond the border is made up. Elsewhere the flags of all pixels that had a
        part in the value. A confidence is not carried along: it belongs to a motion.

    Notes
    -----
    Assumes for the variance that the noise of neighbors is independent: a sum of readings with
    weights w has the variance :math:`\sum w^2 \sigma^2`. Demosaicing has made neighbors alike,
    so that between pixels the true variance lies somewhat above this one.

    One resampling of float32 at unrounded positions by Keys' cubic with a = -1/2, the only one that
    leaves ramps and parabolas where they are: OpenCV's, with a = -3/4, does not. On whole pixels
    the values are copied, bit for bit.

    References
    ----------
    .. [1] Keys, Cubic convolution interpolation for digital image processing, IEEE Transactions on
       Acoustics, Speech, and Signal Processing 1981, sec. III.
    """
    outside = np.empty(x.shape, bool)
    mark_outside(x, y, outside)
    flags = outside * np.uint8(PixelFlag.OUT_OF_FRAME)
    if image.flags.any():
        pull_flags(image.flags, _spread(image.flags), x, y, flags)
    radiance = resample(image.radiance, x, y, outside, False)
    variance = image.variance
    if variance is not None:
        variance = resample(variance, x, y, outside, True)
    return replace(image, radiance=radiance, flags=flags, variance=variance, confidence=None)


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
        _check_size(confidence)
    if len(shapes) > 1:
        found = ", ".join(f"{width} x {height}" for height, width in sorted(shapes))
        raise ValueError(f"warp: image, flags, flow and confidence are {found} px; needed one size")


def _check_size(plane: Plane) -> None:
    height, width = plane.shape
    if max(height, width) > LARGEST_SIDE:
        raise ValueError(
            f"warp: the image is {width} x {height} px; with a lens a side may have {LARGEST_SIDE} "
            "px. Cut the frames into parts."
        )


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
