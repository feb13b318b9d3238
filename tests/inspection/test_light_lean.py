from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.inspection.axes_check import axes_finding, axes_tell
from olat.inspection.glances import Sweep, glances_of, sweep_of
from olat.inspection.light_lean import (
    Agreement,
    balloon_normals,
    expected_leanings,
    leanings,
    turned_axes,
)
from olat.io.manifest import read_session
from tests.support.lambert_sphere import sphere_pictures, spread_directions
from tests.support.sessions import simulated

MIRROR_X, Y_DOWN = np.diag([-1.0, 1.0, 1.0]), np.diag([1.0, -1.0, 1.0])
OPENCV, EXCHANGED = np.diag([1.0, -1.0, -1.0]), np.eye(3)[[0, 2, 1]]


def sphere_sweep(lights: np.ndarray, pictures: np.ndarray) -> Sweep:
    """Return a sweep over a sphere that fills the picture."""
    size = pictures.shape[1]
    y, x = (np.mgrid[0:size, 0:size] - (size - 1) / 2) * (2 / size)
    matte = x * x + y * y < 0.98
    gray = pictures.mean(axis=3)[:, matte]
    places = np.arange(len(lights))
    normals = balloon_normals(matte)[matte]
    relative = gray / gray.mean(axis=0)
    return Sweep("A", tuple(places), places, places, lights, gray, relative, normals)


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("head")
    simulated(folder, size=64, lights=60, near_lights=False)
    session = read_session(folder)
    glances = glances_of(session, session.cameras[0])
    assert glances is not None
    sweep = sweep_of(glances, session.rig)
    assert sweep is not None
    return sweep


def turned(sweep: Sweep, directions: np.ndarray) -> Sweep:
    return Sweep(**{**vars(sweep), "directions": directions})


def agreement(sweep: Sweep) -> Agreement:
    expected = expected_leanings(sweep.directions, sweep.normals)
    return leanings(sweep.pictures, sweep.normals).agreement(expected)


def test_the_balloon_of_a_disk_is_a_hemisphere() -> None:
    y, x = (np.mgrid[0:64, 0:64] - 31.5) / 30.0
    matte = x * x + y * y < 1.0
    truth = np.stack([x, -y, np.sqrt(np.clip(1.0 - x * x - y * y, 0.0, None))], axis=2)
    inner = x * x + y * y < 0.8
    cosine = np.einsum("pc,pc->p", balloon_normals(matte)[inner], truth[inner])
    angles = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    print(f"balloon of a disk: {angles.mean():.1f} deg from a hemisphere")
    assert angles.mean() < 5.0
    assert not balloon_normals(matte)[~matte].any()


def test_there_are_47_other_ways_to_lay_axes() -> None:
    ways = turned_axes()
    assert len(ways) == 47
    assert len({way.tobytes() for way in ways.values()}) == 47
    for way in ways.values():
        np.testing.assert_array_equal(way @ way.T, np.eye(3))
    np.testing.assert_array_equal(ways["+x -y -z"], OPENCV)
    np.testing.assert_array_equal(ways["+y -z +x"] @ [1.0, 2.0, 3.0], [2.0, -3.0, 1.0])


def test_brightness_leans_to_the_light(head: Sweep) -> None:
    """What the guide reports of a head: 0.99, 0.99 and 0.88, turned over where axes are."""
    told = {
        "correct": agreement(head),
        "x mirrored": agreement(turned(head, head.directions @ MIRROR_X)),
        "OpenCV axes": agreement(turned(head, head.directions @ OPENCV)),
        "y and z exchanged": agreement(turned(head, head.directions @ EXCHANGED.T)),
        "order shifted by one": agreement(turned(head, np.roll(head.directions, 1, axis=0))),
    }
    for name, one in told.items():
        print(f"{name:20} right {one.right:+.2f}, up {one.up:+.2f}, level {one.level:+.2f}")
    assert told["correct"].right > 0.98
    assert told["correct"].up > 0.95
    assert told["correct"].level > 0.85
    assert told["x mirrored"].right < -0.98
    assert told["OpenCV axes"].up < -0.7
    assert told["OpenCV axes"].level < -0.7
    assert told["y and z exchanged"].score < 0.2
    assert told["order shifted by one"].right < -0.5


@pytest.mark.parametrize("way", turned_axes())
def test_every_way_to_lay_axes_wrongly_is_named(head: Sweep, way: str) -> None:
    # The file holds what the way makes of true directions, so that its inverse mends it.
    finding = axes_finding(turned(head, head.directions @ turned_axes()[way]))
    assert finding is not None
    named = {"-x +y +z": "mirrored", "+x -y +z": "y_down"}.get(way, "axes")
    assert finding.kind == named
    told = {"mirrored": "Negate x", "y_down": "Negate y"}.get(finding.kind, way)
    assert ("OpenCV" if way == "+x -y -z" else told) in finding.words


def test_right_axes_are_not_doubted(head: Sweep) -> None:
    assert axes_finding(head) is None
    assert axes_tell(head)


def test_a_flat_subject_does_not_tell_the_axes(rng: np.random.Generator) -> None:
    lights = spread_directions(40, hemisphere=True)
    bumps = 0.2 * rng.normal(size=(32, 32, 2))
    normals = np.dstack([bumps, np.ones((32, 32))])
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    shade = np.clip(np.einsum("hwc,lc->lhw", normals, lights), 0.0, None)
    coin = sphere_sweep(lights, np.repeat(shade[..., None], 3, axis=3))
    assert not axes_tell(coin)
    assert axes_finding(turned(coin, lights @ MIRROR_X)) is None


def test_a_sphere_leans_as_its_balloon() -> None:
    lights = spread_directions(60)
    told = agreement(sphere_sweep(lights, sphere_pictures(lights)))
    assert min(told.right, told.up, told.level) > 0.98
    assert told.slope_right == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("subject", ["gray", "cat"])
@pytest.mark.parametrize(
    ("axes", "kind"), [(np.eye(3), None), (MIRROR_X, "mirrored"), (Y_DOWN, "y_down")]
)
def test_lights_over_real_photographs(
    shared_data: Path, tmp_path: Path, subject: str, axes: np.ndarray, kind: str | None
) -> None:
    from olat.inspection.capture import inspect_capture
    from olat.inspection.session_text import write_session

    inspection = inspect_capture(shared_data / "uw" / subject, encoding="linear")
    write_session(inspection, tmp_path)
    session = read_session(tmp_path)
    glances = glances_of(session, session.cameras[0])
    assert glances is not None
    sweep = sweep_of(glances, session.rig)
    assert sweep is not None
    finding = axes_finding(turned(sweep, sweep.directions @ axes))
    assert (finding.kind if finding else None) == kind
