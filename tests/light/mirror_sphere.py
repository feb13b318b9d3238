"""A mirror ball, ray-traced exactly: near lamps of finite size, seen by any camera."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np

from olat.light.ball_view import BallView, OrthographicBall, PerspectiveBall, Pinhole, ball_box
from olat.model.image import RadianceImage

BALL = 0.05
"""Radius [m]."""


def camera(size: int = 480, field_of_view_deg: float = 6.0) -> Pinhole:
    """Return a square camera."""
    return Pinhole.of_field_of_view(size, size, field_of_view_deg)


def ball_at(place: tuple[float, float, float], pinhole: Pinhole, radius: float = BALL) -> BallView:
    """Return the view of a ball whose center is at a place from the pinhole [m]."""
    return PerspectiveBall(pinhole, np.array(place) / radius)


@dataclass
class MirrorSphere:
    """A ball in front of a dark room with a faint edge, one lamp at a time."""

    view: BallView
    center: np.ndarray
    """Of the ball, where lamps are measured from [m]."""
    shape: tuple[int, int] = (480, 480)
    radius: float = BALL
    lamp: float = 0.03
    """Radius of a lamp, a disc that looks at the ball [m]."""
    level: float = 20.0
    """Radiance of a lamp [diffuse white = 1]."""
    samples: int = 8
    blur_px: float = 0.6
    noise: float = 0.0
    fresnel: float = 1.0
    """Reflectance at normal incidence; grows to 1 at grazing (Schlick)."""
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(5))

    def __post_init__(self) -> None:
        self.box = ball_box(self.view, self.shape)
        rays, normals = self.view.sight(self._points())
        self._seen = (self._reflected(rays, normals), normals)

    def under(self, lamp: np.ndarray | None, level: float = 1.0) -> np.ndarray:
        """Return the luminance under a lamp at a place [m]; none for darkness."""
        picture = np.zeros(self.shape)
        if lamp is not None:
            picture[self.box.span] = self._image(np.asarray(lamp, float)) * level * self.level
        picture += 0.02 * self.cover
        if self.blur_px:
            picture = cv2.GaussianBlur(picture, (0, 0), self.blur_px)
        return picture + self.noise * self.rng.normal(size=self.shape)

    @cached_property
    def cover(self) -> np.ndarray:
        """Share of each pixel that the ball covers."""
        picture = np.zeros(self.shape)
        height, width = self.box.facing.shape
        share = np.zeros((height, width))
        for shift in self._shifts():
            _, normals = self.view.sight(self._points() + shift)
            share += np.isfinite(normals[:, 0]).reshape(height, width)
        picture[self.box.span] = share / self.samples**2
        return picture

    def photo(self, picture: np.ndarray, white: float = np.inf) -> RadianceImage:
        """Return a picture as a developed photograph that clips at a level."""
        flags = (picture >= 0.98 * white).astype(np.uint8)
        gray = np.minimum(picture, white)[..., None]
        return RadianceImage(np.repeat(gray, 3, axis=2).astype(np.float32), flags)

    def _points(self) -> np.ndarray:
        rows, columns = self.box.span
        y, x = np.mgrid[rows, columns]
        return np.column_stack([x.ravel(), y.ravel()]).astype(float)

    def _shifts(self):
        steps = (np.arange(self.samples) + 0.5) / self.samples - 0.5
        for y in steps:
            for x in steps:
                yield np.array([x, y])

    def _image(self, lamp: np.ndarray) -> np.ndarray:
        """Return how much of each pixel shows the lamp mirrored."""
        height, width = self.box.facing.shape
        image = np.zeros((height, width))
        around = np.nan_to_num(self._cosine(*self._seen, lamp), nan=-1.0)
        row, column = divmod(int(np.argmax(around)), width)
        # Only pixels that may show the lamp are sampled finely.
        reach = 6 + int(1.5 * self.lamp / np.linalg.norm(lamp) * self.view.radius_px)
        if not self.box.facing[row, column] > 0.35:
            # Next to the outline a step of a pixel is several degrees: the best may be far along.
            reach *= 3
        rows = slice(max(row - reach, 0), row + reach + 1)
        columns = slice(max(column - reach, 0), column + reach + 1)
        points = self._points().reshape(height, width, 2)[rows, columns]
        shifts = np.array(list(self._shifts()))
        samples = (points[:, :, None] + shifts).reshape(-1, 2)
        rays, normals = self.view.sight(samples)
        directions = self._reflected(rays, normals)
        distance = np.linalg.norm(lamp - self.radius * normals, axis=1)
        limit = np.cos(np.arctan(self.lamp / distance))
        inside = self._cosine(directions, normals, lamp) > limit
        cosine = -np.einsum("pk,pk->p", rays, normals)
        mirror = self.fresnel + (1.0 - self.fresnel) * (1.0 - cosine) ** 5
        shown = np.where(inside, mirror, 0.0).reshape(*points.shape[:2], -1)
        image[rows, columns] = shown.mean(axis=2)
        return image

    @staticmethod
    def _reflected(rays, normals) -> np.ndarray:
        """Return mirrored rays by the law of reflection."""
        return rays - 2.0 * np.sum(rays * normals, axis=1, keepdims=True) * normals

    def _cosine(self, directions, normals, lamp) -> np.ndarray:
        """Return the cosine between mirrored rays and the way to a lamp from the ball's center."""
        away = lamp - self.radius * normals
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        return np.einsum("pk,pk->p", directions, away)


def orthographic(size: int = 480, radius_px: float = 150.0) -> BallView:
    """Return a ball in the middle of a picture, seen from far away."""
    return OrthographicBall(np.array([size / 2 + 0.3, size / 2 - 0.2]), radius_px)
