"""Radial sets in the two kinds of viewers that show them differently, beside the truth."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from olat.api.exporting import source_of
from olat.api.opened import open_session
from olat.api.processing import process
from olat.export.rti import BASES, RtiOptions, write_rti
from olat.export.shrunk import shrunk_source
from olat.export.source import ExportSource
from olat.inspection.capture import inspect_capture
from olat.inspection.session_text import write_session
from olat.light.interpolation import weights_for_directions
from tests.support.exports import sphere_normals, sphere_source
from tests.support.fields import field_of, rig_of
from tests.support.lambert_sphere import spread_directions
from tests.support.rti_decoders import show_web_set
from tests.support.rti_subject import all_samples, captured, psnr_db
from tests.support.rti_viewers import VIEWERS, RadialViewer, openlime_shares

SIZE = 48
ALBEDO = np.array([0.8, 0.5, 0.4])


def ignore(done: int, total: int, /) -> None:
    """Nobody watches."""


def reflectance(directions: np.ndarray) -> np.ndarray:
    """Return a grainy sphere with a soft highlight, ``light 3 h w``; linear."""
    normals = sphere_normals(SIZE)
    grain = np.random.default_rng(5).uniform(0.6, 1.0, (SIZE, SIZE))
    half = directions + np.array([0.0, 0.0, 1.0])
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    matte = np.einsum("hwc,lc->lhw", normals, directions).clip(0) * grain
    gloss = 0.3 * np.einsum("hwc,lc->lhw", normals, half).clip(0) ** 25
    return matte[:, None] * ALBEDO[:, None, None] + gloss[:, None]


def displayed(linear: np.ndarray) -> np.ndarray:
    """Return sRGB codes from 0 to 1, ``light h w 3``."""
    light = np.moveaxis(linear, 1, 3).clip(0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def source_under(directions: np.ndarray) -> ExportSource:
    made = field_of(reflectance(directions), rig_of(directions))
    return replace(sphere_source(SIZE, 9), field=lambda: made)


def best_of_rank(pictures: np.ndarray, rank: int) -> np.ndarray:
    """Return pictures as so many planes of each pixel tell them at best."""
    table = np.moveaxis(pictures, 3, 1).reshape(3 * len(pictures), -1)
    mean = table.mean(axis=1, keepdims=True)
    left, sizes, right = np.linalg.svd(table - mean, full_matrices=False)
    kept = (left[:, :rank] * sizes[:rank]) @ right[:rank] + mean
    return np.moveaxis(kept.reshape(len(pictures), 3, SIZE, SIZE), 1, 3)


@pytest.mark.parametrize("count", [30, 60, 120])
def test_both_kinds_of_viewers_show_what_was_photographed(tmp_path: Path, count: int) -> None:
    lights = spread_directions(count, hemisphere=True)
    lights = lights[lights[:, 2] > 0.03]
    write_rti(source_under(lights), tmp_path, RtiOptions("rbf18", exposure_stops=0.0), ignore)
    truth = displayed(reflectance(lights))
    kept = best_of_rank(truth, 18)
    best = psnr_db(kept, truth)
    other = spread_directions(41, hemisphere=True)
    other = other[other[:, 2] > 0.15]
    between = displayed(reflectance(other))
    mixed = np.tensordot(weights_for_directions(lights, other).weights, kept, axes=1)
    plain = psnr_db(mixed, between)
    shares = [openlime_shares({"lights": lights.ravel()}, light) for light in lights]
    blurred = psnr_db(np.tensordot(np.array(shares), kept, axes=1), truth)
    print(f"{len(lights)} lights, a set of pictures in openlime: {blurred:.2f} dB")
    for name in VIEWERS:
        viewer = RadialViewer(tmp_path, name)
        at_lights = psnr_db(np.stack([viewer.show(light) for light in lights]), truth)
        elsewhere = psnr_db(np.stack([viewer.show(light) for light in other]), between)
        print(
            f"{len(lights)} lights, {name}: {at_lights:.2f} dB of at best {best:.2f} dB; "
            f"between them {elsewhere:.2f} dB, neighbors mixed {plain:.2f} dB"
        )
        assert at_lights > best - 0.3
        assert elsewhere > plain


def test_light_from_the_upper_right_is_there_in_both(tmp_path: Path) -> None:
    lights = spread_directions(40, hemisphere=True)
    write_rti(source_under(lights), tmp_path, RtiOptions("rbf9"), ignore)
    half = SIZE // 2
    for name in VIEWERS:
        picture = RadialViewer(tmp_path, name).show(np.array([0.6, 0.6, 0.529]))
        quarters = [picture[:half, half:], picture[:half, :half], picture[half:, half:]]
        upper_right, upper_left, lower_right = (float(quarter.mean()) for quarter in quarters)
        assert upper_right > 1.2 * max(upper_left, lower_right)


def test_lights_on_one_side_leave_a_picture_everywhere(tmp_path: Path) -> None:
    lights = spread_directions(60, hemisphere=True)
    lights = lights[lights[:, 0] > 0.4]
    write_rti(source_under(lights), tmp_path, RtiOptions("rbf9"), ignore)
    for name in VIEWERS:
        picture = RadialViewer(tmp_path, name).show(np.array([-0.99, 0.0, 0.14]))
        assert np.isfinite(picture).all()
        assert picture.mean() > 0.05


def test_finer_jpeg_is_nearer_and_larger(tmp_path: Path) -> None:
    lights = spread_directions(40, hemisphere=True)
    truth = displayed(reflectance(lights))
    told = []
    for quality in (90, 95, 99, 100):
        folder = tmp_path / str(quality)
        folder.mkdir()
        options = RtiOptions("rbf27", quality, exposure_stops=0.0)
        write_rti(source_under(lights), folder, options, ignore)
        viewer = RadialViewer(folder, "openlime")
        shown = psnr_db(np.stack([viewer.show(light) for light in lights]), truth)
        size = sum(path.stat().st_size for path in folder.glob("plane_*.jpg"))
        print(f"rbf27, quality {quality}: {shown:.2f} dB, {size / 1e3:.0f} kB")
        told.append((shown, size))
    assert told == sorted(told)
    assert told[-1][0] - told[0][0] > 0.3


@pytest.mark.slow
def test_a_photographed_figure_is_shown_in_every_basis(shared_data: Path, tmp_path: Path) -> None:
    # Twelve lights within 39 degrees of the camera.
    write_session(inspect_capture(shared_data / "uw" / "buddha"), tmp_path / "s")
    assert process(tmp_path / "s", workers=0).exit_code == 0
    real = source_of(open_session(tmp_path / "s"))
    samples = all_samples(shrunk_source(real, 256))
    truth = captured(samples)
    found = {}
    for basis, (kind, _) in BASES.items():
        folder = tmp_path / basis
        folder.mkdir()
        write_rti(real, folder, RtiOptions(basis, longest=256), ignore)
        for name in VIEWERS if kind == "rbf" else ("any",):
            show = (
                RadialViewer(folder, name).show if kind == "rbf" else partial(show_web_set, folder)
            )
            found[basis, name] = psnr_db(np.stack([show(one) for one in samples.directions]), truth)
            print(f"uw/buddha, {basis}, {name} viewer: {found[basis, name]:.1f} dB")
    for basis in ("rbf9", "rbf18", "rbf27"):
        assert abs(found[basis, "openlime"] - found[basis, "relightlab"]) < 0.3
    assert found["rbf9", "openlime"] > 38
    assert found["rbf27", "openlime"] > found["rbf18", "openlime"] > found["rbf9", "openlime"] + 2
    assert min(found.values()) > 32
