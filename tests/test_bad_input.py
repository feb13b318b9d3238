"""Every way in which a capture goes wrong ends in words, with nothing lost and nothing torn."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import olat
from olat.io.exr import write_exr
from olat.model.flags import PixelFlag
from tests.support import faults
from tests.support.sessions import simulated

pytestmark = pytest.mark.slow

MOUNT, UMOUNT = (shutil.which(name) or name for name in ("mount", "umount"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Capture a tiny session, not processed."""
    folder = tmp_path_factory.mktemp("whole") / "session"
    simulated(folder, size=64, lights=24, tracking_every=8)
    return folder


@pytest.fixture
def session(whole: Path, tmp_path: Path) -> Path:
    """Copy the tiny session, to be spoiled."""
    return Path(shutil.copytree(whole, tmp_path / "session"))


def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "olat", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
        **options,
    )


def process(session: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return run("process", session, "--workers", "0", *flags)


def edit(session: Path, old: str, new: str) -> None:
    manifest = session / "session.toml"
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new), encoding="utf-8")


def other_size(session: Path) -> None:
    small = session.parent / "small"
    simulated(small, size=32, lights=4, tracking_every=0)
    shutil.copyfile(faults.frame_file(small, 4), faults.frame_file(session, 9))


REFUSED: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "missing frames": (
        lambda session: (faults.drop_frame(session, 9), faults.drop_frame(session, 10)),
        ["9", "10", "[[override]]", "skip"],
    ),
    "too few lights": (
        lambda session: (session / "lights.csv").write_text(
            "\n".join((session / "lights.csv").read_text().splitlines()[:-2])
        ),
        ["24", "22"],
    ),
    "unknown key": (
        lambda session: edit(session, "white_patch", "white_pach"),
        ["session.toml", "white_pach", "Did you mean 'white_patch'?"],
    ),
    "wrong type": (
        lambda session: edit(session, "white_patch = 0.8", 'white_patch = "0.8"'),
        ["session.toml", "white_patch"],
    ),
    "not TOML": (lambda session: edit(session, "schema = 1", "schema = "), ["session.toml"]),
    "mixed sizes": (other_size, ["32 x 32 px in frame 9", "64 x 64", "[[override]]"]),
    "NaN in the light file": (
        lambda session: (session / "lights.csv").write_text("light,x,y,z\n0,nan,0,1\n"),
        ["lights.csv", "nan"],
    ),
    "a light without intensity": (
        lambda session: edit_light(session, 3, "0.0"),
        ["light 3", "intensity"],
    ),
    "no session": (
        lambda session: (session / "session.toml").unlink(),
        ["session.toml", "olat init"],
    ),
}


def edit_light(session: Path, light: int, intensity: str) -> None:
    path = session / "lights.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[light + 1].split(",")
    lines[light + 1] = ",".join([*cells[:4], intensity, intensity, intensity])
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize("fault", REFUSED)
def test_a_wrong_session_is_refused_before_anything_is_done(session: Path, fault: str) -> None:
    spoil, words = REFUSED[fault]
    spoil(session)
    done = process(session)
    assert done.returncode == 2, done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((session / "olat").glob("A/*"))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(path.read_bytes()[:3000]), "0009.dng"),
        (lambda path: path.write_bytes(b"not a photograph" * 99), "0009.dng"),
    ],
    ids=["empty", "truncated", "foreign"],
)
def test_an_unreadable_frame_stops_itself_and_nothing_else(
    session: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    spoil(faults.frame_file(session, 9))
    done = process(session)
    assert done.returncode == 1
    assert "camera 'A', frame 9" in done.stderr
    assert reason in done.stderr
    advice = done.stderr[done.stderr.index("  [[override]]") :].split("skip = true")[0]
    assert 'frames = "9"' in advice
    assert "Traceback" not in done.stderr
    assert len(list((session / "olat/A/field.zarr/reflectance").rglob("c/*/0/0/0"))) == 23
    refused = run("relight", session, "--light", "0,0,1", "-o", session / "x.png")
    assert refused.returncode == 2
    assert "no finished 'field'" in refused.stderr
    # As the message says: leave the frame out, and the next run carries on to the end.
    with (session / "session.toml").open("a", encoding="utf-8") as manifest:
        manifest.write(f"\n{advice}skip = true\n")
    done = process(session)
    assert done.returncode == 0, done.stderr
    assert olat.open(session).field().shape[0] == 23


@pytest.mark.parametrize("document", ["zarr.json", "reflectance/zarr.json", "flags/zarr.json"])
def test_a_field_that_somebody_damaged_is_made_good(session: Path, document: str) -> None:
    assert process(session).returncode == 0
    before = olat.open(session).field().relight(light=(0, 0, 1))
    (session / "olat/A/field.zarr" / document).write_text("{torn")
    assert process(session).returncode == 0
    after = olat.open(session).field().relight(light=(0, 0, 1))
    assert np.array_equal(before, after)


def test_a_dead_light_is_told(session: Path) -> None:
    faults.kill_light(session, 9)
    done = process(session)
    assert done.returncode == 0
    assert "light 3 gave no light" in done.stderr


def test_a_photograph_that_was_stored_twice_is_told(session: Path) -> None:
    faults.duplicate_frame(session, 9)
    refused = process(session)
    assert refused.returncode == 2
    assert "camera 'A', frames 8,9: doubled: they are the same photograph" in refused.stderr
    assert not list((session / "olat").glob("A/*"))
    done = process(session, "--trust-manifest")
    assert done.returncode == 0
    assert "Frames 8,9 (camera A) are the same photograph" in done.stderr


def test_nan_in_an_exr_is_flagged_and_does_not_spread(tmp_path: Path) -> None:
    lights = np.array([[0, 0, 1], [0.5, 0, 1], [0, 0.5, 1], [-0.5, 0, 1]])
    lights /= np.linalg.norm(lights, axis=1, keepdims=True)
    np.savetxt(tmp_path / "lights.txt", lights)
    for number, light in enumerate(lights):
        plane = np.full((40, 40), 0.5 * light[2], np.float32)
        plane[7, 8] = np.nan if number == 0 else plane[7, 8]
        write_exr(tmp_path / f"f.{number}.exr", dict.fromkeys("RGB", plane), attributes={})
    assert run("init", tmp_path).returncode == 0
    assert process(tmp_path).returncode == 0
    field = olat.open(tmp_path).field()
    assert field.opened.flag_planes[0][7, 8] & PixelFlag.DEAD
    assert np.isfinite(field.relight(light=(0, 0, 1))).all()
    normals = olat.open(tmp_path).normals().normals
    assert normals[7, 8] @ normals[20, 20] > 0.999


@pytest.mark.alone
def test_two_runs_at_once_are_refused(session: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-m", "olat", "process", session, "--workers", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    lock = session / "olat" / ".lock"
    while not (lock.exists() and lock.read_text()):
        time.sleep(0.01)
    second = process(session)
    assert first.wait() == 0
    assert second.returncode == 5
    assert "is working on this session" in second.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 1.5 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and (
        subprocess.run(
            [MOUNT, "-t", "tmpfs", "-o", "size=1536k", "tmpfs", folder], check=False
        ).returncode
        == 0
    )
    if not mounted:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("mounting a small disk needs root")
    yield folder
    subprocess.run([UMOUNT, folder], check=True)


def test_a_full_disk_ends_the_run_and_a_larger_one_lets_it_carry_on(
    whole: Path, small_disk: Path
) -> None:
    text = (whole / "session.toml").read_text(encoding="utf-8")
    text = text.replace('"raw/', f'"{whole}/raw/').replace('"lights', f'"{whole}/lights')
    (small_disk / "session.toml").write_text(text, encoding="utf-8")
    (small_disk / "ballast").write_bytes(bytes(1_000_000))
    done = process(small_disk)
    assert done.returncode == 4, done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(small_disk.rglob("*.part*"))
    kept = len(list(small_disk.rglob("*.receipt.json")))
    assert kept > 0
    (small_disk / "ballast").unlink()
    subprocess.run([MOUNT, "-o", "remount,size=16m", small_disk], check=True)
    done = process(small_disk)
    assert done.returncode == 0, done.stderr
    assert olat.open(small_disk).field().shape[0] == 24
