"""How a camera sees a ball: what each pixel shows of it, and where it mirrors its ray to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array, Matrix3

Points: TypeAlias = Float64[Array, "point 2"]
"""Column and row, pixel centers at integers [px]."""
Vectors: TypeAlias = Float64[Array, "point 3"]
"""World frame."""

_Y_UP = np.diag([1.0, -1.0, -1.0])
"""World (y up, z to the camera) to camera (y down, z forward), for the reference camera."""


@dataclass(frozen=True)
class Pinhole:
    """A perspective camera: OpenCV's pinhole with distortion (Brown 1971)."""

    matrix: Matrix3
    """Focal lengths and principal point [px]."""
    distortion: Float64[Array, " coefficient"] = field(default_factory=lambda: np.zeros(5))
    """k1, k2, p1, p2 and perhaps more [1]."""
    to_camera: Matrix3 = field(default_factory=_Y_UP.copy)
    """World axes to those of the camera (x right, y down, z forward)."""

    @classmethod
    def of_field_of_view(cls, height: int, width: int, field_of_view_deg: float) -> Pinhole:
        """Return an ideal camera on +z that looks along -z; the angle is the horizontal one.

        Raises
        ------
        ValueError
            If the angle is not between 0 and 180 degrees.
        """
        if not 0.0 < field_of_view_deg < 180.0:
            raise ValueError(
                f"field of view: {field_of_view_deg} degrees; between 0 and 180 were needed. "
                "Leave it out for an orthographic camera."
            )
        focal = width / 2.0 / math.tan(math.radians(field_of_view_deg) / 2.0)
        middle = ((width - 1) / 2.0, (height - 1) / 2.0)
        return cls(np.array([[focal, 0.0, middle[0]], [0.0, focal, middle[1]], [0.0, 0.0, 1.0]]))

    def rays(self, points: Points) -> Vectors:
        """Return the unit direction that each place in the picture looks into."""
        straight = points
        if self.distortion.any():
            steps = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-12)
            straight = cv2.undistortPoints(
                points[:, np.newaxis],
                self.matrix,
                self.distortion,
                P=self.matrix,
                criteria=steps,
            )[:, 0]
        homogeneous = np.column_stack([straight, np.ones(len(points))])
        rays = homogeneous @ np.linalg.inv(self.matrix).T @ self.to_camera
        return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))

    def pixels(self, directions: Vectors) -> Points:
        """Return where the camera sees what lies in some directions from its pinhole."""
        seen = directions @ self.to_camera.T
        still = np.zeros(3)
        places, _ = cv2.projectPoints(seen, still, still, self.matrix, self.distortion)
        return np.asarray(places[:, 0], dtype=np.float64)


@dataclass(frozen=True)
class OrthographicBall:
    """A ball that is seen from far away, along -z."""

    center_px: Float64[Array, " 2"]
    """Column and row [px]."""
    radius_px: float

    def sight(self, points: Points) -> tuple[Vectors, Vectors]:
        """Return the rays through places in the picture and the normals of what they meet."""
        offset = (points - self.center_px) / self.radius_px
        square = np.einsum("pk,pk->p", offset, offset)
        depth = np.sqrt(np.where(square <= 1.0, 1.0 - square, np.nan))
        normals = np.column_stack([offset[:, 0], -offset[:, 1], depth])
        rays = np.broadcast_to([0.0, 0.0, -1.0], normals.shape)
        return np.array(rays), np.where(np.isnan(depth)[:, np.newaxis], np.nan, normals)

    def outline(self, angles: Float64[Array, " point"]) -> Points:
        """Return places along the outline [px]."""
        turn = np.column_stack([np.cos(angles), np.sin(angles)])
        return np.asarray(self.center_px + self.radius_px * turn)


@dataclass(frozen=True)
class PerspectiveBall:
    """A ball that is seen from nearby: its outline is smaller than its equator."""

    pinhole: Pinhole
    center: Float64[Array, " 3"]
    """From the pinhole to the center of the ball, world axes [radii of the ball]."""

    @property
    def radius_px(self) -> float:
        """Mean radius of the outline [px]."""
        edge = self.outline(np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False))
        return float(np.mean(np.linalg.norm(edge - edge.mean(axis=0), axis=1)))

    @property
    def center_px(self) -> Float64[Array, " 2"]:
        """Where the center of the ball is seen; not the middle of the outline [px]."""
        return np.asarray(self.pinhole.pixels(self.center[np.newaxis])[0])

    def sight(self, points: Points) -> tuple[Vectors, Vectors]:
        r"""Return the rays through places in the picture and the normals of what they meet.

        The ray :math:`t u` meets the unit sphere about :math:`c` where
        :math:`t = u \cdot c - \sqrt{(u \cdot c)^2 - |c|^2 + 1}`.
        """
        rays = self.pinhole.rays(points)
        along = rays @ self.center
        square = along**2 - self.center @ self.center + 1.0
        reach = along - np.sqrt(np.where((square >= 0.0) & (along > 0.0), square, np.nan))
        return rays, reach[:, np.newaxis] * rays - self.center

    def outline(self, angles: Float64[Array, " point"]) -> Points:
        """Return places along the outline [px]."""
        distance = float(np.linalg.norm(self.center))
        axis = self.center / distance
        down = np.cross(axis, self.pinhole.to_camera[0])
        down /= np.linalg.norm(down)
        across = np.cross(down, axis)
        turn = np.cos(angles)[:, np.newaxis] * across + np.sin(angles)[:, np.newaxis] * down
        sine = 1.0 / distance
        return self.pinhole.pixels(math.sqrt(1.0 - sine**2) * axis + sine * turn)


BallView: TypeAlias = OrthographicBall | PerspectiveBall


def mirrored_rays(view: BallView, points: Points) -> tuple[Vectors, Vectors]:
    r"""Return where a mirror ball sends the rays of the camera.

    With the ray's direction :math:`u` and the normal :math:`n`,

    .. math:: \omega = u - 2\,(u \cdot n)\,n ,

    which is :math:`2 (n \cdot v) n - v` for :math:`v = -u`. The mirrored ray starts at
    :math:`n`, measured from the center of the ball in its radii.

    Parameters
    ----------
    view
        How the ball is seen.
    points
        Places in the picture.

    Returns
    -------
    directions
        Towards what is seen mirrored; not a number off the ball.
    normals
        Of the ball there.

    Notes
    -----
    Assumes a perfect sphere.

    References
    ----------
    .. [1] Debevec, Rendering synthetic objects into real scenes, SIGGRAPH 1998, sec. 3.
    """
    rays, normals = view.sight(points)
    into = np.einsum("pk,pk->p", rays, normals)
    return np.asarray(rays - 2.0 * into[:, np.newaxis] * normals), normals


@dataclass(frozen=True)
class BallBox:
    """The part of the picture that holds a ball, and what each of its pixels shows."""

    top: int
    left: int
    directions: Float64[Array, "h w 3"]
    """Where the ball mirrors the pixel's ray to; not a number off the ball."""
    normals: Float64[Array, "h w 3"]
    facing: Float64[Array, "h w"]
    """Cosine between normal and view; not a number off the ball."""
    solid_angles: Float64[Array, "h w"]
    """Solid angle that each pixel sees mirrored; zero off the ball [sr]."""

    @property
    def corner(self) -> Float64[Array, " 2"]:
        """Column and row of the first pixel of the box [px]."""
        return np.array([self.left, self.top], np.float64)

    @property
    def span(self) -> tuple[slice, slice]:
        """Rows and columns of the box."""
        height, width = self.facing.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def ball_span(view: BallView, shape: tuple[int, int], *, margin_px: int) -> tuple[slice, slice]:
    """Return the rows and columns of a picture that hold a ball and a margin around it."""
    edge = view.outline(np.linspace(0.0, 2.0 * np.pi, 256, endpoint=False))
    left, top = np.maximum(np.floor(edge.min(axis=0)).astype(int) - margin_px, 0).tolist()
    reach = np.minimum(np.ceil(edge.max(axis=0)).astype(int) + margin_px + 1, shape[::-1])
    right, bottom = reach.tolist()
    return slice(top, bottom), slice(left, right)


def ball_box(view: BallView, shape: tuple[int, int], *, margin_px: int = 4) -> BallBox:
    """Look at every pixel of a ball and a margin around it.

    Parameters
    ----------
    view
        How the ball is seen.
    shape
        Height and width of the picture [px].
    margin_px
        How far the box reaches beyond the ball [px].
    """
    span = ball_span(view, shape, margin_px=margin_px)
    rows, columns = np.mgrid[span]
    points = np.column_stack([columns.ravel(), rows.ravel()]).astype(np.float64)
    directions, normals = mirrored_rays(view, points)
    rays, _ = view.sight(points)
    facing = -np.einsum("pk,pk->p", rays, normals)
    grid = (*rows.shape, 3)
    mirrored = directions.reshape(grid)
    # Close neighbors, so that pixels next to the outline have a solid angle too.
    beside = [mirrored_rays(view, points + step)[0] for step in 0.02 * np.eye(2)]
    across, down = ((there - directions) / 0.02 for there in beside)
    area = np.linalg.norm(np.cross(across, down), axis=1)
    return BallBox(
        span[0].start,
        span[1].start,
        mirrored,
        normals.reshape(grid),
        facing.reshape(rows.shape),
        np.nan_to_num(area, nan=0.0).reshape(rows.shape),
    )
