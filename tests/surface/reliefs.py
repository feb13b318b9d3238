"""Surfaces whose depth and normals are known in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olat.model.view import ViewGeometry


@dataclass(frozen=True)
class Relief:
    """Depth and normals in the view of a camera."""

    geometry: ViewGeometry
    depth: np.ndarray
    normals: np.ndarray
    mask: np.ndarray

    @property
    def sure(self) -> np.ndarray:
        """Full confidence in the mask."""
        return self.mask.astype(np.float32)

    def noisy(self, rng: np.random.Generator, spread: float) -> Relief:
        """Return the same depth with normals that are off by so much on each axis."""
        bent = self.normals + spread * rng.normal(size=self.normals.shape)
        bent /= np.linalg.norm(bent, axis=-1, keepdims=True)
        normals = np.where(self.mask[..., None], bent, 0.0).astype(np.float32)
        return Relief(self.geometry, self.depth, normals, self.mask)

    def error(self, depth: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
        """Return what depth is off by in part of the mask, but for a common shift."""
        chosen = self.mask if where is None else where
        off = depth.astype(float)[chosen] - self.depth[chosen]
        return off - np.median(off)


def grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x to the right and y up of every pixel, from the middle [px]."""
    rows, columns = np.mgrid[:size, :size]
    middle = (size - 1) / 2.0
    return columns - middle, middle - rows


def facing(height_x: np.ndarray, height_y: np.ndarray) -> np.ndarray:
    """Return the normals of a height over the picture, of which the slopes are given."""
    normals = np.stack([-height_x, -height_y, np.ones_like(height_x)], axis=-1)
    return (normals / np.linalg.norm(normals, axis=-1, keepdims=True)).astype(np.float32)


def of_height(height: np.ndarray, height_x: np.ndarray, height_y: np.ndarray) -> Relief:
    """Return an orthographic view of a height over the whole picture."""
    geometry = ViewGeometry.of_reference(*height.shape)
    depth = geometry.origin_depth - height
    return Relief(geometry, depth, facing(height_x, height_y), np.ones(height.shape, bool))


def sphere(size: int = 96, radius: float = 40.0) -> Relief:
    """Return an orthographic view of a sphere."""
    x, y = grid(size)
    square = radius**2 - x**2 - y**2
    mask = square > 1.0
    z = np.sqrt(np.where(mask, square, 0.0))
    normals = np.where(mask[..., None], np.stack([x, y, z], axis=-1) / radius, 0.0)
    geometry = ViewGeometry.of_reference(size, size)
    depth = np.where(mask, geometry.origin_depth - z, 0.0)
    return Relief(geometry, depth, normals.astype(np.float32), mask)


def sphere_in_perspective(
    size: int = 96, radius: float = 0.1, distance: float = 1.0, field_of_view_deg: float = 13.0
) -> Relief:
    """Return a sphere around the origin as a camera sees it that is not far away [m]."""
    geometry = ViewGeometry.of_reference(size, size, field_of_view_deg, distance)
    rays, center = geometry.rays(), geometry.center
    a = np.einsum("hwk,hwk->hw", rays, rays)
    b = rays @ center
    inside = b**2 - a * (center @ center - radius**2)
    mask = inside > 0.0
    depth = np.where(mask, (-b - np.sqrt(np.where(mask, inside, 0.0))) / a, 0.0)
    places = center + depth[..., None] * rays
    normals = np.where(mask[..., None], places / radius, 0.0)
    return Relief(geometry, depth, normals.astype(np.float32), mask)


def torn_sheet(size: int = 96) -> Relief:
    """Return a flat sheet with a slit, one lip of which is bent up as a wave."""
    x, y = grid(size)
    lip = (x > 0.0) & (y > 0.0)
    rise, fall = np.sin(y / 15.0), np.exp(-((x / 30.0) ** 2))
    height = np.where(lip, 12.0 * rise**2 * fall, 0.0)
    slope_x = np.where(lip, height * (-2.0 * x / 900.0), 0.0)
    slope_y = np.where(lip, 24.0 / 15.0 * rise * np.cos(y / 15.0) * fall, 0.0)
    return of_height(height, slope_x, slope_y)


def two_planes(size: int = 96) -> Relief:
    """Return a level plane beside one that is tilted along their common edge: a growing step."""
    x, y = grid(size)
    right = x > 0.0
    slope = np.where(right, 0.5, 0.0)
    return of_height(slope * y, np.zeros_like(x), slope)
