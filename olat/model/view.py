"""Where the pixels of a camera look: rays that are evenly spaced on its picture plane."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.calibration import LensCalibration
from olat.model.shapes import Array, Matrix3, Plane, UnitVectors


@dataclass(frozen=True)
class ViewGeometry:
    r"""A camera without distortion; depth counts along its axis.

    Pixel (x, y), column and row, sees the places

    .. math:: X = c + d\,(r_0 + x\,r_x + y\,r_y)

    of depth d if it is a perspective camera, and :math:`X = c + r_0 + x\,r_x + y\,r_y + d\,a` with
    the axis a if it is an orthographic one.
    """

    height: int
    """[px]"""
    width: int
    """[px]"""
    center: Float64[Array, " 3"]
    """Where depth is 0: the camera's center, or a place in front of an orthographic one."""
    corner: Float64[Array, " 3"]
    """:math:`r_0`, the ray of pixel (0, 0)."""
    across: Float64[Array, " 3"]
    """:math:`r_x`, from one column to the next."""
    down: Float64[Array, " 3"]
    """:math:`r_y`, from one row to the next."""
    axis: Float64[Array, " 3"]
    """Unit vector away from the camera."""
    origin_depth: float
    """Depth of the world origin."""
    is_perspective: bool
    is_metric: bool
    """Whether lengths are meters; else their unit is the width of a pixel at the origin's depth."""

    @classmethod
    def of_reference(
        cls,
        height: int,
        width: int,
        field_of_view_deg: float | None = None,
        distance: float | None = None,
    ) -> ViewGeometry:
        """Return the camera on +z that looks along -z, with square pixels around its axis.

        Parameters
        ----------
        height, width
            Size of the picture [px].
        field_of_view_deg
            Horizontal [degree]; none for an orthographic camera.
        distance
            From the camera's center to the origin [m]; without it lengths are in pixels.

        Raises
        ------
        ValueError
            If the field of view is not between 0 and 180 degrees, or the distance not positive.
        """
        if field_of_view_deg is None:
            across, down = np.array([1.0, 0.0, 0.0]), np.array([0.0, -1.0, 0.0])
            corner = -(width - 1) / 2.0 * across - (height - 1) / 2.0 * down
            away, before = np.array([0.0, 0.0, -1.0]), float(width)
            center = -before * away
            return cls(height, width, center, corner, across, down, away, before, False, False)
        if not 0.0 < field_of_view_deg < 180.0:
            raise ValueError(
                f"field of view: {field_of_view_deg} degrees; between 0 and 180 were needed. "
                "Leave it out for an orthographic camera."
            )
        focal = width / (2.0 * math.tan(math.radians(field_of_view_deg) / 2.0))
        middle = (width - 1) / 2.0, (height - 1) / 2.0
        matrix = np.array([[focal, 0.0, middle[0]], [0.0, focal, middle[1]], [0.0, 0.0, 1.0]])
        turn = np.diag([1.0, -1.0, -1.0])
        return cls._pinhole((height, width), matrix, turn, _origin(distance))

    @classmethod
    def of_lens(
        cls, lens: LensCalibration, height: int, width: int, distance: float | None = None
    ) -> ViewGeometry:
        """Return the camera of a calibrated lens, for undistorted pictures of some size.

        Parameters
        ----------
        lens
            Its pose tells the distance, where it has one.
        height, width
            Size of the picture [px].
        distance
            From the reference camera's center to the origin [m]; without it, and without a pose,
            lengths are in pixels.

        Raises
        ------
        ValueError
            If the size has another aspect ratio than the lens, the distance is not positive, or
            the world's origin is behind the camera.
        """
        lens = lens.at(height, width)
        origin = _origin(distance) if lens.translation is None else lens.translation
        return cls._pinhole((height, width), lens.matrix, lens.axes, origin)

    @classmethod
    def _pinhole(
        cls,
        size: tuple[int, int],
        matrix: Matrix3,
        turn: Matrix3,
        origin: Float64[Array, " 3"] | None,
    ) -> ViewGeometry:
        """Turn rows of camera axes and a camera matrix into rays."""
        placed = np.array([0.0, 0.0, matrix[0, 0]]) if origin is None else np.asarray(origin)
        if not placed[2] > 0.0:
            raise ValueError(
                f"camera: the world's origin is {-placed[2]:g} behind it; needed is a camera that "
                "looks at the subject. Check its pose."
            )
        across, down, corner = (turn.T @ np.linalg.inv(matrix)).T
        return cls(
            height=size[0],
            width=size[1],
            center=-turn.T @ placed,
            corner=corner,
            across=across,
            down=down,
            axis=np.array(turn[2], float),
            origin_depth=float(placed[2]),
            is_perspective=True,
            is_metric=origin is not None,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Return height and width [px]."""
        return self.height, self.width

    @property
    def spacing(self) -> float:
        """Return the width of a pixel at unit depth, or at any if the camera is orthographic."""
        return float(np.linalg.norm(self.across))

    @property
    def footprint(self) -> float:
        """Return the width of a pixel at the origin's depth [m, or 1 px]."""
        return self.spacing * (self.origin_depth if self.is_perspective else 1.0)

    def at(self, height: int, width: int) -> ViewGeometry:
        """Return the same camera with a picture of another size, pixel edges at the same places."""
        x, y = self.width / width, self.height / height
        corner = self.corner + (x - 1.0) / 2.0 * self.across + (y - 1.0) / 2.0 * self.down
        across, down = self.across * x, self.down * y
        return replace(self, height=height, width=width, corner=corner, across=across, down=down)

    def halved(self) -> ViewGeometry:
        """Return the same camera with 2 x 2 pixels joined; an odd size gets a last one beyond."""
        even = replace(
            self, height=self.height + self.height % 2, width=self.width + self.width % 2
        )
        return even.at(even.height // 2, even.width // 2)

    def rays(self) -> Float64[Array, "h w 3"]:
        """Return what is multiplied by depth; of unit length along the axis."""
        if not self.is_perspective:
            return np.broadcast_to(self.axis, (*self.shape, 3))
        return self._grid()

    def places(self, depth: Plane) -> Float32[Array, "h w 3"]:
        """Return world positions; where depth is 0 they are 0, because nothing is known."""
        if depth.shape != self.shape:
            raise ValueError(
                f"depth: {depth.shape}; {self.shape} was needed. Make the view for its size."
            )
        places = np.empty((*self.shape, 3), np.float32)
        columns = np.arange(self.width)[:, np.newaxis] * self.across
        for row in range(self.height):
            depths = depth[row, :, np.newaxis].astype(np.float64)
            ray = self.corner + columns + row * self.down
            along = depths * ray if self.is_perspective else ray + depths * self.axis
            places[row] = np.where(depths != 0.0, self.center + along, 0.0)
        return places

    def toward(self) -> UnitVectors:
        """Return the direction from what each pixel shows to the camera."""
        rays = self.rays()
        return np.asarray(-rays / np.linalg.norm(rays, axis=-1, keepdims=True), np.float32)

    def in_picture(self, vectors: Float64[Array, "*n 3"]) -> Float64[Array, "*n 3"]:
        """Return world vectors as columns, rows and depth: of perspective times depth.

        A place is seen where its offset from `center` (less `corner` in an orthographic view) is.
        """
        third = self.corner if self.is_perspective else self.axis
        basis = np.column_stack([self.across, self.down, third])
        return np.asarray(vectors @ np.linalg.inv(basis).T)

    def _grid(self) -> Float64[Array, "h w 3"]:
        columns = np.arange(self.width)[:, np.newaxis] * self.across
        rows = np.arange(self.height)[:, np.newaxis] * self.down
        return np.asarray(self.corner + columns[np.newaxis] + rows[:, np.newaxis])


def _origin(distance: float | None) -> Float64[Array, " 3"] | None:
    """Return the world's origin, in the frame of the reference camera."""
    if distance is None:
        return None
    if not (math.isfinite(distance) and distance > 0.0):
        raise ValueError(
            f"distance of the camera: {distance}; more than 0 m was needed. Measure from the "
            "middle of the subject to the lens."
        )
    return np.array([0.0, 0.0, distance])
