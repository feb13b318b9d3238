from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.inspection.sequence_check import check_sequence
from olat.inspection.verdict import SequenceVerdict
from olat.io.manifest import read_session
from tests.support.lambert_sphere import write_pictures

SIZE = 32
LOWEST = 0.2
"""z of the lowest lights of a dome."""


def dome(count: int, *, seed: int = 0) -> np.ndarray:
    """Return directions of lights over the half towards the camera; seeds from 1 on move them."""
    step = np.arange(count) + 0.5
    z = 1.0 - (1.0 - LOWEST) * step / count
    angle, ring = np.pi * (1.0 + 5**0.5) * step, np.sqrt(1.0 - z * z)
    lights = np.stack([ring * np.cos(angle), ring * np.sin(angle), z], axis=1)
    moved = lights + 0.04 * (seed > 0) * np.random.default_rng(seed).normal(size=lights.shape)
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)


def shape(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return points, the picture from -1 to 1, and unit normals; zero where there is nothing."""
    right, down = (np.mgrid[0:SIZE, 0:SIZE][::-1] - (SIZE - 1) / 2) * (2 / SIZE)
    flat, radius = np.zeros((SIZE, SIZE)), np.hypot(right, down)
    height = np.sqrt(np.clip(1.0 - radius**2, 0.0, None))
    match kind:
        case "plane":
            z, normals = flat, np.dstack([flat, flat, flat + 1.0])
        case "tilted":
            z, normals = 0.3 * right, np.dstack([flat - 0.3, flat, flat + 1.0])
        case "ball":
            z, normals = height, np.dstack([right, -down, height])
        case _:  # a bowl
            z, normals = -height, np.dstack([-right, down, height])
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    if kind in ("ball", "bowl"):
        normals[radius > 0.95] = 0.0
    return np.dstack([right, -down, z]), normals


def check(
    folder: Path, kind: str, lights: np.ndarray, *, distance: float = np.inf, **changes: object
) -> SequenceVerdict:
    """Capture a textured matte subject with 0.3 % of noise, and look at it.

    ``distance`` of the lights is in halves of the picture's width; ``told`` are the lights of the
    file, ``order`` is the light that each picture shows, and ``level`` how bright each light is,
    where they are not as they should be.
    """
    points, normals = shape(kind)
    rng = np.random.default_rng(int(changes.get("seed", 0)))
    if np.isinf(distance):
        shade = np.clip(np.einsum("hwc,lc->lhw", normals, lights), 0.0, None)
    else:
        way = distance * lights[:, None, None] - points
        cosine = np.clip(np.einsum("lhwc,hwc->lhw", way, normals), 0.0, None)
        shade = cosine * distance**2 / np.linalg.norm(way, axis=3) ** 3
    pictures = shade * rng.uniform(0.2, 0.9, (SIZE, SIZE))
    pictures *= (0.8 / np.percentile(pictures, 99.9)) * (
        1.0 + 0.003 * rng.normal(size=pictures.shape)
    )
    pictures *= np.reshape(changes.get("level", 1.0), (-1, 1, 1))
    pictures = pictures[changes.get("order", slice(None)), ..., None] * np.array([1.0, 0.8, 0.6])
    write_pictures([folder / "A" / f"{light}.png" for light in range(len(lights))], pictures)
    table = "\n".join(",".join(f"{v:.6f}" for v in row) for row in changes.get("told", lights))
    (folder / "lights.csv").write_text("x,y,z\n" + table, encoding="utf-8")
    (folder / "session.toml").write_text(
        'schema = 1\n[session]\nname = "subject"\n[rig]\nlights = "lights.csv"\n'
        '[camera.A]\nfiles = "A/{frame}.png"\nencoding = "linear"\n',
        encoding="utf-8",
    )
    return check_sequence(read_session(folder))


@pytest.mark.parametrize("count", [12, 24, 60])
@pytest.mark.parametrize("kind", ["plane", "tilted"])
def test_a_flat_subject_under_far_lights_tells_nothing_and_that_is_said(
    tmp_path: Path, kind: str, count: int
) -> None:
    for seed in range(4):
        verdict = check(tmp_path / str(seed), kind, dome(count, seed=seed), seed=seed)
        assert verdict.findings == ()
        assert "differ in brightness alone, as of a flat subject" in verdict.not_judged[0]


@pytest.mark.parametrize("count", [24, 60])
def test_a_ball_on_the_same_dome_is_judged(tmp_path: Path, count: int) -> None:
    lights = dome(count)
    order = np.arange(count)
    order[[5, 11]] = 11, 5
    assert check(tmp_path / "clean", "ball", lights).findings == ()
    (found,) = check(tmp_path / "swapped", "ball", lights, order=order).findings
    assert (found.kind, found.severity, found.lights) == ("swapped", "refusal", (5, 11))


@pytest.mark.parametrize("distance", [2.5, np.inf])
@pytest.mark.parametrize("count", [24, 60])
def test_a_bowl_is_warned_of_and_not_refused(tmp_path: Path, count: int, distance: float) -> None:
    (found,) = check(tmp_path, "bowl", dome(count), distance=distance).findings
    assert (found.kind, found.severity) == ("axes", "warning")
    assert "unless the subject is hollow" in found.words


def test_a_light_file_with_x_and_y_mirrored_is_warned_of_alike(tmp_path: Path) -> None:
    lights = dome(40)
    told = lights * [-1.0, -1.0, 1.0]
    (found,) = check(tmp_path / "ball", "ball", lights, told=told).findings
    assert (found.kind, found.severity) == ("axes", "warning")
    assert "negate x and y in the light file" in found.words
    # A bowl under such a file looks like a ball under the right one.
    assert check(tmp_path / "bowl", "bowl", lights, told=told).findings == ()


@pytest.mark.parametrize("count", [24, 40, 60])
@pytest.mark.parametrize("kind", ["plane", "ball"])
def test_lights_at_the_rim_of_a_near_dome_are_not_called_dim(
    tmp_path: Path, kind: str, count: int
) -> None:
    for seed in range(4):
        lights = dome(count, seed=seed)
        verdict = check(tmp_path / str(seed), kind, lights, distance=2.5, seed=seed)
        assert verdict.findings == ()
        assert "lights at the rim" in verdict.not_judged[-1]


def test_a_light_amid_the_same_dome_is_called_dim(tmp_path: Path) -> None:
    level = np.ones(40)
    level[20] = 0.6
    verdict = check(tmp_path, "ball", dome(40), distance=2.5, level=level)
    assert [(item.kind, item.lights) for item in verdict.findings] == [("light_level", (20,))]
