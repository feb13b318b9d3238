"""Every fault that captures are known for, one at a time, is caught and called by its name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import olat
from olat.errors import SessionError
from olat.inspection.verdict import SequenceFinding, SequenceVerdict
from olat.synthetic.session import write_session
from tests.support import faults
from tests.support.sessions import simulated, studio

pytestmark = pytest.mark.slow

SEEDS = (0, 1, 2)
QUICK = Path(__file__).parent / "definitions" / "quick.toml"
"""Checks come before any stage; these ones cost little."""
LIGHTS = (3, 24, 50)
"""In the upper, middle and lower part of the stage, lighting what the camera sees."""


@dataclass(frozen=True)
class Fault:
    """How to spoil a session, and what has to be said about it."""

    spoil: Callable[[Path], object]
    kind: str
    severity: str
    lights: tuple[int, ...] = ()
    """That must be named; none if all are meant."""
    words: tuple[str, ...] = ()


def at(spoil: Callable[..., object], light: int, **options: object) -> Callable[[Path], object]:
    """Spoil the frame of a light."""
    return lambda session: spoil(session, faults.frame_of(session, light), **options)


def swap(first: int, second: int) -> Callable[[Path], object]:
    return lambda session: faults.swap_frames(
        session, faults.frame_of(session, first), faults.frame_of(session, second)
    )


FAULTS: dict[str, Fault] = {
    **{
        f"order shifted by {by:+d}": Fault(
            lambda session, by=by: faults.shift_order(session, by),
            "shifted",
            "refusal",
            words=(f"order shifted by {by:+d}",),
        )
        for by in (1, -1, 2)
    },
    "capture one frame early": Fault(
        faults.shift_capture, "offset", "refusal", words=("offset by -1", "Shift all frames")
    ),
    **{
        f"lights {first} and {second} swapped": Fault(
            swap(first, second), "swapped", "refusal", (first, second), ("Exchange",)
        )
        for first, second in ((3, 4), (24, 25), (11, 45))
    },
    **{
        f"light {light} dropped, all renumbered": Fault(
            at(faults.drop_and_renumber, light), "dropped", "refusal", (light,), ("skip_lights",)
        )
        for light in LIGHTS
    },
    **{
        f"light {light} dropped from the sweep": Fault(
            at(faults.drop_from_sweep, light), "dropped", "refusal", (light,), ("skip_lights",)
        )
        for light in LIGHTS
    },
    **{
        f"light {light} doubled, all renumbered": Fault(
            at(faults.double_and_renumber, light), "doubled", "refusal", (light,)
        )
        for light in LIGHTS
    },
    **{
        f"light {light} doubled in the sweep": Fault(
            at(faults.double_in_sweep, light), "doubled", "refusal", (light,), ("skip",)
        )
        for light in LIGHTS
    },
    **{
        f"light {light} stored over the next": Fault(
            lambda session, light=light: faults.duplicate_frame(
                session, faults.frame_of(session, light) + 1
            ),
            "doubled",
            "refusal",
            (light, light + 1),
            ("the same photograph",),
        )
        for light in LIGHTS
    },
    **{
        f"light {light} dead": Fault(
            at(faults.kill_light, light), "dead_light", "warning", (light,), ("is dead",)
        )
        for light in LIGHTS
    },
    **{
        f"light {light} at -30 %": Fault(
            at(faults.dim_light, light),
            "light_level",
            "warning",
            (light,),
            ("of what the light file",),
        )
        for light in LIGHTS
    },
    "light file mirrored": Fault(faults.mirror_lights, "mirrored", "refusal", words=("Negate x",)),
    "y of the light file down": Fault(
        faults.turn_lights_down, "y_down", "refusal", words=("Negate y",)
    ),
    **{
        f"black level off by {counts:+d} DN": Fault(
            lambda session, counts=counts: faults.offset_black(session, counts),
            "black_level",
            "refusal",
            words=(f"off by {counts:+d} DN",),
        )
        for counts in (64, -64)
    },
    "flicker of 8 %": Fault(faults.flicker, "flicker", "warning", words=("from one full-on",)),
}


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Capture the demo with several seeds, small."""
    folder = tmp_path_factory.mktemp("captures")
    for seed in SEEDS:
        simulated(folder / str(seed), size=128, lights=60, near_lights=False, seed=seed)
    return [folder / str(seed) for seed in SEEDS]


def findings(session: Path) -> tuple[list[SequenceFinding], str]:
    """Process a session; return the verdict, and what was said to the user."""
    try:
        said = "\n".join(olat.process(session, workers=0, pipeline=str(QUICK)).notes)
    except SessionError as error:
        said = str(error)
    content = json.loads(next(session.rglob(".sequence.json")).read_text(encoding="utf-8"))
    return list(SequenceVerdict.from_dict(content).findings), said


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught_and_named(name: str, captures: list[Path], tmp_path: Path) -> None:
    fault = FAULTS[name]
    for seed, capture in zip(SEEDS, captures, strict=True):
        session = Path(shutil.copytree(capture, tmp_path / str(seed)))
        fault.spoil(session)
        found, said = findings(session)
        print(f"{name:34} seed {seed}: {[(item.kind, item.frames, item.lights) for item in found]}")
        assert [(item.kind, item.severity) for item in found] == [(fault.kind, fault.severity)]
        assert found[0].lights == fault.lights
        assert {faults.frame_of(capture, light) for light in fault.lights} <= set(found[0].frames)
        assert found[0].words in said
        for word in fault.words:
            assert word in said


def test_clean_captures_raise_nothing(captures: list[Path], tmp_path: Path) -> None:
    for capture in captures:
        found, said = findings(Path(shutil.copytree(capture, tmp_path / capture.name)))
        print(f"{'clean':34} seed {capture.name}: {found}")
        assert found == []
        assert "contradict" not in said


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 64, "lights": 24, "tracking_every": 8},
        {"size": 64, "lights": 24, "subject": "sphere"},
        {"size": 64, "lights": 6, "tracking_every": 0},
        {"size": 96, "lights": 156, "sway_px": 1.0},
        {"size": 128, "sway_px": 6.0},
        {"size": 64, "noise": False, "sway_px": 0.0, "blur_px": 0.0},
        {"size": 128, "light_spread": 0.15, "tracking_every": 0},
    ],
    ids=lambda changes: ", ".join(f"{name} {value}" for name, value in changes.items()),
)
def test_other_clean_captures_raise_nothing_either(
    changes: dict[str, object], tmp_path: Path
) -> None:
    simulated(tmp_path, **changes)
    assert findings(tmp_path)[0] == []


def test_a_capture_with_every_imperfection_of_a_studio_raises_nothing(tmp_path: Path) -> None:
    write_session(tmp_path, studio(size=128))
    assert findings(tmp_path)[0] == []


def test_a_lost_frame_whose_count_tells_is_asked_for_and_then_found(
    captures: list[Path], tmp_path: Path
) -> None:
    """The count alone blames the last frame; who follows that advice hears which one it was."""
    session = Path(shutil.copytree(captures[0], tmp_path / "session"))
    faults.drop_and_renumber(session, faults.frame_of(session, 24))
    faults.drop_frame(session, 74)
    with pytest.raises(SessionError, match="1 of 75 frames have no file: 74") as caught:
        olat.process(session, workers=0)
    advice = str(caught.value).split("session.toml:\n")[1]
    with (session / "session.toml").open("a", encoding="utf-8") as manifest:
        manifest.write("\n" + advice.replace("\n  ", "\n"))
    assert [(item.kind, item.lights) for item in findings(session)[0]] == [("dropped", (24,))]


@pytest.fixture(scope="module")
def short_capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Capture with 24 lights, after which only targets follow."""
    folder = tmp_path_factory.mktemp("short")
    simulated(folder, size=64, lights=24, tracking_every=8, near_lights=False)
    return folder


@pytest.mark.parametrize(
    ("spoil", "light", "kind"),
    [
        (faults.double_and_renumber, 20, "doubled"),
        (faults.double_and_renumber, 10, "doubled"),
        (faults.drop_and_renumber, 20, "dropped"),
        (faults.kill_light, 10, "dead_light"),
    ],
)
def test_faults_of_24_lights_are_named_near_the_end_as_well(
    short_capture: Path, tmp_path: Path, spoil: Callable[..., object], light: int, kind: str
) -> None:
    """The last full-on frame is pushed among the targets, where it cannot be told."""
    session = Path(shutil.copytree(short_capture, tmp_path / "session"))
    at(spoil, light)(session)
    assert [(item.kind, item.lights) for item in findings(session)[0]] == [(kind, (light,))]


def test_a_swap_does_not_hide_a_mirrored_light_file(captures: list[Path], tmp_path: Path) -> None:
    session = Path(shutil.copytree(captures[0], tmp_path / "session"))
    swap(24, 25)(session)
    faults.mirror_lights(session)
    assert [item.kind for item in findings(session)[0]] == ["swapped", "mirrored"]


def run(session: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "olat", "process", session, "--workers", "0", *flags]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(
        [*map(str, command), "--pipeline", "preview"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def test_process_refuses_until_it_is_told_to_trust_the_manifest(
    captures: list[Path], tmp_path: Path
) -> None:
    session = Path(shutil.copytree(captures[0], tmp_path / "session"))
    swap(3, 4)(session)
    refused = run(session)
    assert refused.returncode == 2
    assert "swapped: frame 9 looks like light 4 and frame 10 like light 3" in refused.stderr
    assert "--trust-manifest" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list(session.rglob("olat*/A/*"))
    trusted = run(session, "--trust-manifest")
    assert trusted.returncode == 0, trusted.stderr
    assert "note: camera 'A', frames 9,10: swapped" in trusted.stderr


def test_a_second_run_does_not_look_again(captures: list[Path], tmp_path: Path) -> None:
    session = Path(shutil.copytree(captures[0], tmp_path / "session"))
    findings(session)
    verdict = next(session.rglob(".sequence.json"))
    written = verdict.stat().st_mtime_ns
    olat.process(session, workers=0, pipeline="preview", keep=["aligned"])
    assert verdict.stat().st_mtime_ns == written
    swap(3, 4)(session)
    assert [item.kind for item in findings(session)[0]] == ["swapped"]
