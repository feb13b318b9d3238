"""A simulated head from RAW to lobes: beside its OLAT field, and from the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import olat
from olat.cli.relight import command
from olat.errors import SessionError
from olat.io.exr import read_exr
from olat.surface.lobe_maps import mean_lobes
from olat.surface.second_order import exponent_from_variance
from olat.synthetic.environments import ENVIRONMENTS
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage

LIGHTS = {"side": (1.0, 0.2, 0.3), "key": (0.7, 0.5, 0.6), "front": (0.0, 0.0, 1.0)}
LEAST_DB = {"side": 24.0, "key": 23.0, "front": 21.0}
"""PSNR of one light from lobes, of cast shadows and highlights that lobes do not have."""
LEAST_IN_MAPS_DB = 26.0


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lobes") / "SESSION"
    stage = SyntheticStage.model_validate({"size": 160, "lights": 48, "near_lights": False})
    write_session(folder, stage)
    assert not olat.process(folder, workers=0).failures
    return folder


def psnr_db(found: np.ndarray, expected: np.ndarray, where: np.ndarray) -> float:
    """Return the likeness up to the 99th percentile of what is expected."""
    peak = np.percentile(expected[where], 99)
    a, b = (np.clip(picture[where], 0.0, peak) for picture in (found, expected))
    return float(10 * np.log10(peak**2 / np.mean((a - b) ** 2)))


@pytest.mark.slow
def test_lobes_relight_much_like_the_sweep(session: Path) -> None:
    opened = olat.open(session)
    field, lobes = opened.field(), opened.lobes()
    known = opened.normals().confidence > 0
    assert np.mean(lobes.maps.confidence[known] > 0) > 0.9
    for name, light in LIGHTS.items():
        found = psnr_db(lobes.relight(light=light), field.relight(light=light), known)
        print(f"light, {name}: {found:.1f} dB")
        assert found > LEAST_DB[name]
    maps = {name: make() for name, make in ENVIRONMENTS.items()}
    maps["uniform"] = np.ones((32, 64, 3), np.float32)
    for name, map_ in maps.items():
        lit, expected = lobes.relight(environment=map_), field.relight(environment=map_)
        found = psnr_db(lit, expected, known)
        ratio = lit[known].mean() / expected[known].mean()
        print(f"map, {name}: {found:.1f} dB, {ratio:.3f} times as bright")
        assert found > LEAST_IN_MAPS_DB
        assert abs(ratio - 1.0) < 0.05


@pytest.mark.slow
def test_shadows_of_depth_fall_where_those_of_the_sweep_do(session: Path) -> None:
    opened = olat.open(session)
    field, lobes, normals = opened.field(), opened.lobes(), opened.normals()
    known = normals.confidence > 0
    for name, light in LIGHTS.items():
        toward = np.array(light) / np.linalg.norm(light)
        # Between lights the field fades: shadows have their edges under a light that was shot.
        toward = opened.rig.directions[np.argmax(opened.rig.directions @ toward)]
        expected, free = field.relight(light=toward), lobes.relight(light=toward)
        shadowed = lobes.relight(light=toward, shadows=True)
        hidden = known & (shadowed.mean(axis=-1) < 0.5 * free.mean(axis=-1))
        hidden &= normals.normals @ toward.astype(np.float32) > 0.1
        all_ = [psnr_db(lit, expected, known) for lit in (free, shadowed)]
        # On the scale of the whole picture: what is hidden is dark.
        peak = np.percentile(expected[known], 99)
        errors = [
            np.abs(lit - expected)[hidden].mean() / peak if hidden.any() else 0.0
            for lit in (free, shadowed)
        ]
        between = field.relight(light=light)
        fading = [
            psnr_db(lobes.relight(light=light, shadows=cast), between, known)
            for cast in (False, True)
        ]
        print(f"between lights, {name}: {fading[0]:.1f} dB, with shadows {fading[1]:.1f}")
        print(
            f"light, {name}: {all_[0]:.1f} dB, with shadows {all_[1]:.1f}; in {hidden.sum()} px "
            f"of cast shadow off by {100 * errors[0]:.0f} and {100 * errors[1]:.0f} % of the peak"
        )
        assert all_[1] > LEAST_DB[name]
        if name != "front":
            assert hidden.sum() > 50
            assert errors[1] < 0.7 * errors[0]
    maps = {name: make() for name, make in ENVIRONMENTS.items()}
    for name, map_ in maps.items():
        expected = field.relight(environment=map_)
        all_ = [
            psnr_db(lobes.relight(environment=map_, shadows=cast), expected, known)
            for cast in (False, True)
        ]
        print(f"map, {name}: {all_[0]:.1f} dB, with shadows {all_[1]:.1f}")
        assert all_[1] > LEAST_IN_MAPS_DB
    even = np.ones((32, 64, 3), np.float32)
    exact = lobes.relight(environment=even, shadows=True, exact=True)
    np.testing.assert_allclose(exact, lobes.maps.integral / np.pi, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_without_depth_shadows_are_refused_with_the_command_that_makes_it(
    session: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(session, tmp_path / "SESSION")
    (folder / "olat" / "A" / "depth.receipt.json").unlink()
    lobes = olat.open(folder).lobes()
    assert lobes.relight(light=(1, 0, 1)).any()
    with pytest.raises(SessionError, match=r"no finished 'depth'.*Run `olat process "):
        lobes.relight(light=(1, 0, 1), shadows=True)


@pytest.mark.slow
def test_the_command_lights_lobes_in_place_of_the_field(session: Path, tmp_path: Path) -> None:
    from olat.io.environment_file import read_environment
    from olat.io.exr import write_exr

    sky = np.linspace(0.2, 1.0, 16 * 32, dtype=np.float32).reshape(16, 32)
    write_exr(tmp_path / "map.exr", dict.fromkeys("RGB", sky), attributes={})
    lobes = olat.open(session).lobes()
    lightings = {
        ("--light", "1,0.5,1"): lobes.relight(light=(1.0, 0.5, 1.0)),
        ("--env", str(tmp_path / "map.exr"), "--rotate", "40"): lobes.relight(
            environment=read_environment(tmp_path / "map.exr"), rotate_deg=40.0
        ),
        ("--shadows", "--light", "1,0.5,1"): lobes.relight(light=(1.0, 0.5, 1.0), shadows=True),
    }
    for words, expected in lightings.items():
        out = tmp_path / "out.exr"
        arguments = [str(session), "--lobes", *words, "-o", str(out)]
        result = CliRunner().invoke(command, arguments, catch_exceptions=False)
        assert result.exit_code == 0
        channels, _ = read_exr(out)
        written = np.stack([channels[name] for name in "RGB"], axis=-1)
        np.testing.assert_allclose(written, expected, rtol=1e-3, atol=1e-4)


WHITE = [f"{kind}_{axis}" for kind in ("gradient", "complement") for axis in "xyz"]
SECOND_ORDER = [f"second_order_{axes}" for axes in ("xx", "yy", "zz", "xy", "yz", "zx")]


@pytest.mark.slow
def test_white_and_second_order_patterns_say_the_same_of_a_head(tmp_path: Path) -> None:
    stage = {"size": 128, "lights": 48, "near_lights": False, "patterns": (*WHITE, *SECOND_ORDER)}
    write_session(tmp_path / "SESSION", SyntheticStage.model_validate(stage))
    assert not olat.process(tmp_path / "SESSION", workers=0).failures
    opened = olat.open(tmp_path / "SESSION")
    lobes = opened.lobes()
    assert not lobes.maps.is_shared
    assert lobes.maps.spread is not None
    known = (opened.normals().confidence > 0) & (lobes.maps.confidence > 0.5)
    by_ratio = np.median(mean_lobes(lobes.maps).exponent("hemispherical")[known])
    by_width = np.median(exponent_from_variance(lobes.maps.spread.mean(axis=-1)[known]))
    print(f"exponent, median: {by_ratio:.2f} by the ratio, {by_width:.2f} by the width")
    assert abs(by_width / by_ratio - 1.0) < 0.1
    light = LIGHTS["side"]
    found = psnr_db(lobes.relight(light=light), opened.field().relight(light=light), known)
    print(f"light, side, one lobe a channel: {found:.1f} dB")
    assert found > LEAST_DB["side"]
