"""How well lights between the rig's are made: analytic lobes, a simulated ball, real faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import olat
from olat.inspection.capture import inspect_capture
from olat.inspection.session_text import write_session
from olat.light.arrangements import fibonacci_sphere
from olat.light.interpolation import weights_for_directions
from olat.model.maps import PhongMaps
from olat.relight.model_residual import Surface, moved_by_model
from tests.support.exports import sphere_normals

METHODS = ("nearest", "barycentric", "local", "thin_plate", "radial")


def lobe_errors(count: int, method: str) -> list[float]:
    """Return relative rms errors of cosine lobes of exponent 1, 10, 50, 200 and of a hard edge."""
    lights, axes = fibonacci_sphere(count), fibonacci_sphere(97)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    toward = fibonacci_sphere(2000) @ turn
    weights = weights_for_directions(lights, toward, method=method).weights
    errors = []
    for exponent in (1, 10, 50, 200, None):

        def reading(d: np.ndarray, n: int | None = exponent) -> np.ndarray:
            facing = np.maximum(d @ axes.T, 0.0)
            if n is not None:
                return facing**n
            return facing * (d @ np.roll(axes, 7, axis=0).T > 0.1)

        truth = reading(toward)
        error = weights @ reading(lights) - truth
        errors.append(float(np.sqrt((error**2).sum() / (truth**2).sum())))
    return errors


PUBLISHED = {
    ("nearest", 331): (0.080, 0.186, 0.397, 0.741),
    ("barycentric", 331): (0.016, 0.048, 0.208, 0.588),
    ("barycentric", 156): (0.028, 0.097, 0.374, 0.811),
}
"""An independent evaluation over other axes and directions."""


def test_lobes_between_lights_come_out_as_they_should() -> None:
    found = {(method, n): lobe_errors(n, method) for n in (331, 156) for method in METHODS}
    print("relative rms error      cos^1  cos^10  cos^50 cos^200    edge")
    for (method, count), errors in found.items():
        print(f"{count} lights, {method:<11}" + "".join(f"{error:8.3f}" for error in errors))
    for place, expected in PUBLISHED.items():
        assert_allclose(found[place][:4], expected, rtol=0.06)
    for count in (331, 156):
        rows = {method: np.array(found[method, count]) for method in METHODS}
        assert (rows["barycentric"] <= rows["nearest"]).all()
        assert (rows["radial"][:3] < rows["barycentric"][:3]).all()  # smooth lobes


def errors_without_each_light(
    planes: np.ndarray,
    directions: np.ndarray,
    inside: np.ndarray,
    surface: Surface,
    *,
    is_even: bool = True,
) -> dict[str, np.ndarray]:
    """Return relative rms errors of lights made from the others, of those they surround."""
    errors: dict[str, list[float]] = {}
    for light in range(len(directions)):
        kept = np.delete(np.arange(len(directions)), light)
        toward = directions[light : light + 1]
        if not weights_for_directions(directions[kept], toward).is_interpolated[0]:
            continue
        truth = np.moveaxis(planes[light], 0, 2)[inside].astype(float)
        found = {}
        for method in METHODS:
            if method == "radial" and not is_even:
                continue
            weights = weights_for_directions(directions[kept], toward, method=method).weights[0]
            found[method] = np.einsum("l,lchw->hwc", weights, planes[kept].astype(float))[inside]
        shares = weights_for_directions(directions[kept], toward).weights[0]
        picture = moved_by_model(
            list(planes[kept]), shares, directions[kept], directions[light], surface
        )
        found["model"] = picture[inside]
        for method, picture in found.items():
            error = np.sqrt(((picture - truth) ** 2).sum() / (truth**2).sum())
            errors.setdefault(method, []).append(float(error))
    return {method: np.array(each) for method, each in errors.items()}


def told(name: str, errors: dict[str, np.ndarray]) -> None:
    means = ", ".join(f"{method} {each.mean():.3f}" for method, each in errors.items())
    worse = int((errors["barycentric"] > errors["nearest"]).sum())
    count = len(errors["nearest"])
    print(f"{name}, {count} lights: {means}; barycentric worse than nearest for {worse}")


def glossy_ball() -> tuple[np.ndarray, np.ndarray, Surface]:
    """Return planes of a glossy ball that casts no shadows, lights, and what it is."""
    normals = sphere_normals(48).astype(np.float32)
    inside = normals.any(axis=2)
    one = inside.astype(np.float32)
    nothing = np.zeros(inside.shape, np.uint8)
    color = one[..., None] * np.float32([0.5, 0.4, 0.3])
    terms = PhongMaps(color, 0.5 * one[..., None].repeat(3, 2), 40.0 * one, one, nothing)
    view = np.broadcast_to(np.float32([0, 0, 1]), normals.shape).copy()
    directions = fibonacci_sphere(60)
    mirrored = 2 * normals[..., 2:] * normals - view
    facing = np.einsum("hwc,lc->lhw", normals, directions)
    gloss = 0.5 * np.clip(np.einsum("hwc,lc->lhw", mirrored, directions), 0, None) ** 40
    readings = np.clip(facing, 0, None)[:, None] * np.array([0.5, 0.4, 0.3])[:, None, None]
    readings = readings + (gloss * (facing > 0))[:, None]
    return (readings * inside).astype(np.float16), directions, (terms, normals, view)


def test_highlights_of_a_ball_move_where_a_model_is_known() -> None:
    planes, directions, surface = glossy_ball()
    errors = errors_without_each_light(planes, directions, surface[1].any(axis=2), surface)
    told("glossy ball", errors)
    assert errors["model"].max() < 0.005  # the model is right, and halves are coarse
    assert (errors["barycentric"] <= errors["nearest"]).all()
    for light in (3, 40):
        own = np.eye(60)[light]
        found = moved_by_model(list(planes), own, directions, directions[light], surface)
        assert_allclose(found, np.moveaxis(planes[light], 0, 2), rtol=0, atol=1e-6)


def test_nothing_is_added_where_the_neighbors_lie_in_shadow() -> None:
    planes, directions, surface = glossy_ball()
    planes = planes.copy()
    planes[:, :, :, :24] = 0.0
    toward = np.array([0.2, 0.3, 0.93]) / np.linalg.norm([0.2, 0.3, 0.93])
    weights = weights_for_directions(directions, toward[None]).weights[0]
    found = moved_by_model(list(planes), weights, directions, toward, surface)
    lit = np.moveaxis(glossy_ball()[0], 1, 3)[weights > 0].max(axis=(0, 3)) > 0.001
    assert np.abs(found[:, :24][lit[:, :24]]).max() < 1e-3
    assert found[:, 24:].max() > 0.5


@pytest.mark.slow
def test_faces_of_people_without_each_light(shared_data: Path, tmp_path: Path) -> None:
    write_session(inspect_capture(shared_data / "yale" / "yaleB01"), tmp_path / "s")
    assert olat.process(tmp_path / "s", workers=0).exit_code == 0
    session = olat.open(tmp_path / "s")
    field, phong = session.field(), session.phong()
    normals = session.normals().normals
    view = np.broadcast_to(np.float32([0, 0, 1]), normals.shape).copy()
    inside = normals.any(axis=2)
    planes = np.stack(field.opened.planes)
    surface = (phong, normals, view)
    errors = errors_without_each_light(planes, field.rig.directions, inside, surface, is_even=False)
    told("yale/yaleB01", errors)
    assert errors["barycentric"].mean() < errors["nearest"].mean()
    assert errors["model"].mean() < errors["barycentric"].mean()
