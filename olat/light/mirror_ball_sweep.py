"""A sweep over a mirror ball, looked at frame by frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float32

from olat.light.ball_outline import BallFit, ball_in_mask
from olat.light.ball_search import ball_in_picture, refined_ball
from olat.light.ball_view import BallBox, Pinhole, ball_box, ball_span
from olat.light.highlight import Highlight, find_highlight
from olat.light.mirror_ball_rays import BallSweep
from olat.model.image import RadianceImage
from olat.model.shapes import Array, Mask, Plane

AMBIENT_FRAMES = 12
"""Frames out of the sweep that tell what is seen under every light."""
FEWEST_FOR_AMBIENT = 4
MARGIN = 0.15
"""What is kept around the ball for people to look at, relative to its radius [1]."""
FAINT = 0.02
"""Irradiance relative to the sweep's median below which a highlight is not that of the lamp."""


def ball_in_photos(
    photos: Mapping[int, RadianceImage],
    sweep: Sequence[int],
    *,
    full_on: int | None = None,
    mask: Mask | None = None,
    pinhole: Pinhole | None = None,
) -> BallFit:
    """Find the ball in the full-on frame, or in the sum of the sweep.

    A mask tells roughly where it is: masks are rarely drawn to a pixel, and a pixel of a hundred
    is a degree. Edges in the picture tell the rest, if they are seen along half of the outline.

    Parameters
    ----------
    photos
        By frame number; loaded one at a time.
    sweep
        Numbers of the frames under one light.
    full_on
        Number of the frame under all lights.
    mask
        True inside the ball.
    pinhole
        Camera; none for an orthographic view.

    Raises
    ------
    ValueError
        If there is no ball, or it is cut or too small.
    """
    start = None if mask is None else ball_in_mask(mask, pinhole)
    if full_on is not None:
        picture = _luminance(photos[full_on])
    elif sweep:
        picture = np.zeros_like(photos[sweep[0]].radiance[..., 0])
        for frame in sweep:
            picture += _luminance(photos[frame])
    else:
        raise ValueError("there is neither a full-on frame of the ball nor a sweep; one is needed")
    if start is None:
        return ball_in_picture(picture, pinhole)
    return refined_ball(picture, start, pinhole)


def _luminance(photo: RadianceImage) -> Plane:
    """Return the mean of the channels."""
    mean: Plane = photo.radiance.mean(axis=2, dtype=np.float32)
    return mean


def look_at_sweep(
    photos: Mapping[int, RadianceImage], frames: Mapping[int, int], ball: BallFit
) -> BallSweep:
    """Find the highlight of every light of a sweep.

    Parameters
    ----------
    photos
        By frame number; loaded one at a time.
    frames
        Number of the frame under each light.
    ball
        Where the ball is.

    Returns
    -------
    sweep
        A highlight that reflects less than 2 % of the median irradiance is counted as missing:
        the lamp is dead or behind the ball, and something else glints.

    Raises
    ------
    ValueError
        If the photographs are of different sizes.

    Notes
    -----
    Assumes an unmoved ball and camera. What shines in all of a dozen frames of the sweep is taken
    for the room, and subtracted.
    """
    highlights: dict[int, Highlight] = {}
    missing: dict[int, str] = {}
    shape = photos[next(iter(frames.values()))].flags.shape
    box = ball_box(ball.view, shape)
    ambient = _ambient(photos, list(frames.values()), box)
    around = ball_span(ball.view, shape, margin_px=round(MARGIN * ball.view.radius_px))
    brightest = np.full([side.stop - side.start for side in around], -np.inf, np.float32)
    for light, frame in frames.items():
        photo = photos[frame]
        np.fmax(brightest, photo.radiance[around].max(axis=2), out=brightest)
        try:
            highlights[light] = find_highlight(photo, box, ambient=ambient)
        except ValueError as error:
            missing[light] = str(error)
    usual = np.median([one.irradiance.mean() for one in highlights.values()] or [0.0])
    faint = {}
    for light, one in list(highlights.items()):
        share = float(one.irradiance.mean() / usual) if usual > 0.0 else 1.0
        if share < FAINT:
            missing[light] = f"what glints on the ball reflects {share:.1%} of the usual light"
            faint[light] = highlights.pop(light)
    corner = around[1].start, around[0].start
    return BallSweep(ball.view, ball.rms_px, highlights, missing, faint, brightest, corner)


def _ambient(
    photos: Mapping[int, RadianceImage], frames: Sequence[int], box: BallBox
) -> Float32[Array, "h w 3"] | None:
    """Return what the ball shows under every light, if there are enough of them."""
    if len(frames) < FEWEST_FOR_AMBIENT:
        return None
    chosen = np.unique(np.linspace(0, len(frames) - 1, AMBIENT_FRAMES).round().astype(int))
    least = photos[frames[chosen[0]]].radiance[box.span].copy()
    for place in chosen[1:]:
        np.minimum(least, photos[frames[place]].radiance[box.span], out=least)
    return np.asarray(least, np.float32)
