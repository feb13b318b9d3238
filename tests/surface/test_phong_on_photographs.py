"""Phong terms of real faces, tried on photographs that they were not fitted to."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from olat.inspection.picture_names import direction_in_name
from olat.surface.lambert import normals_from_olats
from olat.surface.phong_ladder import phong_from_olats
from olat.surface.phong_refinement import refined_phong
from olat.surface.phong_render import phong_under_light
from olat.surface.view import view_directions

FLAGGED = 250
"""Value of 8-bit pixels that may be clipped."""


def photographs(folder):
    """Read the pictures of a face, less that of the room, where they are clipped, and lights."""
    room = cv2.imread(str(next(folder.glob("*_Ambient.pgm"))), cv2.IMREAD_GRAYSCALE)
    named = {path: direction_in_name(path.stem) for path in sorted(folder.glob("*.pgm"))}
    paths = [path for path, direction in named.items() if direction is not None]
    shots = np.stack([cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths])
    readings = (shots - room.astype(np.float32)) / 255.0
    return readings, (shots >= FLAGGED).astype(np.uint8), np.array([named[path] for path in paths])


def relative_error(predicted, shot):
    return np.sqrt(np.sum((predicted - shot) ** 2) / np.sum(shot**2))


def predictions(readings, flags, lights, others):
    """Fit to some photographs; predict the others as Lambert, from the ladder, and refined."""
    height, width = readings.shape[1:]
    strip = np.repeat(readings[:, np.newaxis], 3, axis=1).astype(np.float16)
    view = view_directions(height, width, None)
    plain = np.linalg.lstsq(lights, readings.reshape(len(lights), -1).astype(float))[0]
    yield np.maximum(others @ plain, 0.0).reshape(-1, height, width)
    normals, albedo, *_ = normals_from_olats(strip, flags, lights)
    shading = np.einsum("lk,hwk->lhw", others, normals)
    yield np.maximum(shading, 0.0) * albedo.mean(axis=-1)
    terms = phong_from_olats(strip, flags, lights, normals, view)
    yield np.stack([phong_under_light(terms, normals, view, light)[..., 0] for light in others])
    refined = refined_phong(strip, flags, lights, terms, normals, view)
    yield np.stack(
        [phong_under_light(refined, refined.normals, view, light)[..., 0] for light in others]
    )


@pytest.mark.parametrize("face", ["yaleB01", "yaleB02"])
def test_faces_are_predicted_better_than_by_lambert(shared_data, face):
    readings, flags, lights = photographs(shared_data / "yale" / face)
    errors = []
    for first in range(4):
        held = np.arange(64) % 4 == first
        errors.append(
            [
                relative_error(predicted, readings[held])
                for predicted in predictions(
                    readings[~held], flags[~held], lights[~held], lights[held]
                )
            ]
        )
        print(
            f"{face}, fitted to 48, predicting {first}::4: Lambert {errors[-1][0]:.3f}, robust "
            f"{errors[-1][1]:.3f}, ladder {errors[-1][2]:.3f}, refined {errors[-1][3]:.3f}"
        )
    lambert, _, ladder, refined = np.mean(errors, axis=0)
    print(f"{face}, mean: Lambert {lambert:.3f}, ladder {ladder:.3f}, refined {refined:.3f}")
    assert 0.28 < lambert < 0.34
    assert ladder < 0.8 * lambert
    assert refined < 0.8 * lambert
    assert all(split[3] < split[0] for split in errors)
