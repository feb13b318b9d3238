"""A subject over a background: the environment that lights it, or a picture."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float, Float32, Float64

from olat.light.latlong import resized
from olat.light.latlong_resampling import averaged_along
from olat.model.shapes import Array, Mask, Matrix3, Plane, Radiance

Matte: TypeAlias = Float32[Array, "h1 w1"]
Resized: TypeAlias = Float32[Array, "h2 w2 3"]

_FEATHER = 0.0015
"""Standard deviation of a matte's edge, of the picture's width [1]."""
_FINEST = 6
_COARSEST = 2
"""Samples a pixel, each way."""


def over(foreground: Radiance, alpha: Matte, background: Resized) -> Radiance:
    r"""Lay a foreground over a background.

    .. math:: C = F + (1 - \alpha) B

    Parameters
    ----------
    foreground
        Linear, already multiplied by alpha, as `cut_out` makes it [diffuse white = 1].
    alpha
        1 where the foreground hides the background, 0 where it is not there.
    background
        Linear, in the same color.

    Raises
    ------
    ValueError
        If the pictures differ in size.

    References
    ----------
    .. [1] Porter, Duff, Compositing digital images, SIGGRAPH 1984.
    """
    if not foreground.shape[:2] == alpha.shape == background.shape[:2]:
        raise ValueError(
            f"foreground, alpha and background are {foreground.shape[:2]}, {alpha.shape} and "
            f"{background.shape[:2]}; one size is needed"
        )
    composite: Radiance = foreground + (1.0 - alpha[..., np.newaxis]) * background
    return composite.astype(np.float32, copy=False)


def cut_out(radiance: Radiance, alpha: Plane) -> Radiance:
    """Multiply a picture by its alpha: what is not the subject goes, lit walls and floors too."""
    cut: Radiance = radiance * alpha[..., np.newaxis]
    return cut


def alpha_of_mask(mask: Mask, *, feather: float = _FEATHER) -> Plane:
    """Return an alpha with soft edges from a hard mask.

    Parameters
    ----------
    mask
        True inside the subject.
    feather
        Standard deviation of the edge, of the picture's width; 0 keeps it hard [1].

    Notes
    -----
    A mask knows no hair: where the subject covers a part of a pixel it says all or nothing, and
    the softness of the edge is made up. The edge is moved inward by its softness, so that no
    backdrop shines through.
    """
    alpha = mask.astype(np.float32)
    sigma = feather * mask.shape[1]
    if sigma <= 0.0 or mask.all():
        return alpha
    soft = cv2.GaussianBlur(alpha, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    # From the edge, where a blurred mask is a half, inward.
    return np.asarray(np.clip(2.0 * soft - 1.0, 0.0, 1.0) * alpha, np.float32)


def background_of_map(
    environment: Float[Array, "h w 3"],
    *,
    height: int,
    width: int,
    field_of_view_deg: float,
    rotation: Matrix3 | None = None,
) -> Resized:
    """Return what the reference camera sees of an environment behind the subject.

    Parameters
    ----------
    environment
        Latitude-longitude map in OpenEXR orientation.
    height, width
        Of the picture [px].
    field_of_view_deg
        Of its width, below 180 [degree].
    rotation
        Turns the environment: light from d comes from ``rotation @ d``.

    Raises
    ------
    ValueError
        If no lens has that field of view.

    Notes
    -----
    The camera stands at +z and looks along -z, so the middle of the picture is -z, the seam of
    the map, and image right is +x. It looks into the sphere as somebody inside does: writing in
    the map reads unmirrored. Surroundings are taken as far away, the camera as a pinhole.
    """
    focal = _focal(width, field_of_view_deg)
    turn = np.eye(3) if rotation is None else rotation

    def rays(x: Float64[Array, "h w"], y: Float64[Array, "h w"]) -> Float64[Array, "h w 3"]:
        right, up = x - (width - 1) / 2.0, (height - 1) / 2.0 - y
        way = np.stack([right, up, np.full_like(right, -focal)], axis=-1)
        unit: Float64[Array, "h w 3"] = way / np.linalg.norm(way, axis=-1, keepdims=True)
        return np.asarray(unit @ turn)

    finer = map_pixels_per_pixel(environment.shape[1], width, field_of_view_deg)
    if finer > _FINEST:
        # Samples would miss lamps: a map as fine as the samples, of the same energy.
        across = 2 * round(environment.shape[1] * _COARSEST / finer / 2.0)
        environment = resized(np.asarray(environment, np.float32), across // 2, across)
        finer = float(_COARSEST)
    each = int(np.clip(np.ceil(2.0 * finer), _COARSEST, _FINEST))
    return averaged_along(environment, rays, height, width, each=each).astype(np.float32)


def map_pixels_per_pixel(map_width: int, width: int, field_of_view_deg: float) -> float:
    """Return how many pixels of a map a pixel in the middle of a background sees, each way.

    Below 1 the background is softer than the picture can be.
    """
    return map_width / (2.0 * np.pi * _focal(width, field_of_view_deg))


def fitted_plate(plate: Radiance, height: int, width: int) -> tuple[Resized, str | None]:
    """Scale a picture so that it fills another size, and cut what hangs over evenly.

    Returns
    -------
    plate
        Of the size asked for.
    note
        What was done, in words; nothing if the sizes agree.
    """
    tall, wide = plate.shape[:2]
    if (tall, wide) == (height, width):
        return plate, None
    scale = max(height / tall, width / wide)
    size = max(width, round(wide * scale)), max(height, round(tall * scale))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    scaled = cv2.resize(plate, size, interpolation=method)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    note = (
        f"the plate is {wide} x {tall} px, the picture {width} x {height} px: scaled by {scale:.3g}"
    )
    if (cut := (size[0] - width, size[1] - height)) != (0, 0):
        note += f", {cut[0]} columns and {cut[1]} rows cut off evenly"
    return np.ascontiguousarray(scaled[top : top + height, left : left + width]), note


def _focal(width: int, field_of_view_deg: float) -> float:
    """Return the distance from the pinhole to the picture plane [px]."""
    if not 0.0 < field_of_view_deg < 180.0:
        raise ValueError(
            f"a field of view of {field_of_view_deg:g} degrees; more than 0 and less than 180 is "
            "needed"
        )
    return float(width / 2.0 / np.tan(np.deg2rad(field_of_view_deg) / 2.0))
