"""Does NVIDIA's optical flow work here? A known shift, tried in a process that may die of it.

``python -m olat.motion.nvidia_probe`` prints the answer as one line of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from olat.model.shapes import Array
from olat.motion.nvidia_driver import NvidiaError
from olat.motion.nvidia_engine import Engine, GridFlow
from olat.motion.nvidia_session import Ability

TIMEOUT_S = 90.0
"""Waking a sleeping GPU takes seconds, in a busy machine many [s]."""

SHAPE = (250, 322)
"""Not a multiple of any grid, so that a wrong pitch would show [px]."""
SHIFT = (2, 1)
"""By how much the picture moves right and down [px]."""
MARGIN = 16
PATCH = (slice(160, 208), slice(224, 272))
"""Where the moving picture shows something else, which nothing can match."""

LARGEST_ERROR = 0.25
"""Of the median vector [px]."""
LEAST_SHARE = 0.9
"""Of the vectors that must lie within half a pixel."""

Codes: TypeAlias = UInt8[Array, "h w"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One known shift, and what came of it."""

    flow: tuple[float, float]
    """The median vector [px]."""
    share: float
    """Share of the vectors within half a pixel of the truth."""
    cost: float
    """Median, where the pictures match."""
    cost_unmatched: float
    """Median, where they do not."""

    @property
    def is_right(self) -> bool:
        """Whether the shift was found."""
        error = np.hypot(self.flow[0] - SHIFT[0], self.flow[1] - SHIFT[1])
        return bool(error <= LARGEST_ERROR and self.share >= LEAST_SHARE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the probe found."""

    works: bool
    reason: str = ""
    """Why it does not work."""
    ability: Ability | None = None
    grid: int | None = None
    """The grid that is used [px]."""
    cold: Trial | None = None
    hinted: Trial | None = None
    """The same, started at the truth; none if the engine takes no start flow."""


def trouble(*, timeout_s: float = TIMEOUT_S) -> str:
    """Ask another process; return why NVIDIA's flow cannot be used, or nothing if it can.

    Parameters
    ----------
    timeout_s
        After this the process counts as stuck and is ended [s].
    """
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        done = subprocess.run(
            # -P: a folder named olat where the user stands must not be taken for the package.
            [sys.executable, "-P", "-m", "olat.motion.nvidia_probe"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the probe did not answer within {timeout_s:g} s"
    except OSError as error:
        return f"the probe could not be started: {error}"
    if done.returncode < 0:
        return f"the driver ended the probe by {_signal_name(-done.returncode)}"
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
        return "" if answer["works"] else str(answer["reason"])
    except (IndexError, KeyError, TypeError, ValueError):
        words = done.stderr.decode(errors="replace").split("\n")
        last = next((line for line in reversed(words) if line.strip()), "without a word")
        return f"the probe ended with exit status {done.returncode}: {last}"


def main() -> int:
    """Print the answer; 0 if it works."""
    answer = probe()
    sys.stdout.write(json.dumps(asdict(answer)) + "\n")
    return 0 if answer.works else 1


def probe() -> Answer:
    """Try a known shift in this process, with and without a start flow."""
    reference, moving = known_pair()
    truth = np.broadcast_to(np.array(SHIFT, np.float32), (*SHAPE, 2))
    try:
        with closing(Engine(SHAPE)) as engine:
            ability, grid = engine.ability, engine.grid
            cold = _trial(engine.solve(reference, moving))
        hinted = None
        if any(hint >= grid for hint in ability.hint_grids):
            with closing(Engine(SHAPE, hinted=True)) as engine:
                hinted = _trial(engine.solve(reference, moving, truth.copy()))
    except NvidiaError as fault:
        return Answer(works=False, reason=str(fault))
    wrong = next((each for each in (cold, hinted) if each and not each.is_right), None)
    reason = "" if wrong is None else _complaint(wrong)
    return Answer(wrong is None, reason, ability, grid, cold, hinted)


def known_pair() -> tuple[Codes, Codes]:
    """Return a picture with detail of all sizes, and the same moved by `SHIFT`, but for a patch."""
    rng = np.random.default_rng(20260101)
    height, width = SHAPE
    scene, other = _texture(rng), _texture(rng)
    reference = scene[MARGIN:, MARGIN:][:height, :width]
    dx, dy = SHIFT
    moving = scene[MARGIN - dy :, MARGIN - dx :][:height, :width].copy()
    moving[PATCH] = other[PATCH]
    return reference.copy(), moving


def _texture(rng: np.random.Generator) -> UInt8[Array, "tall wide"]:
    """Return noise whose amplitude falls with its frequency, as that of photographs does."""
    height, width = (side + 2 * MARGIN for side in SHAPE)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    falling = np.exp(-((frequency / 0.2) ** 2)) / np.maximum(frequency, 0.02)
    spectrum = np.fft.rfft2(rng.standard_normal((height, width))) * falling
    spectrum[0, 0] = 0.0
    noise = np.fft.irfft2(spectrum, s=(height, width))
    return np.asarray(np.clip(128.0 + 40.0 * noise / noise.std(), 0, 255), np.uint8)


def _trial(found: GridFlow) -> Trial:
    """Compare vectors with the truth, away from the border and from what does not match."""
    rows, columns = (_centers(count, found.grid) for count in found.flow.shape[:2])
    inside = _is_within(rows, slice(0, SHAPE[0]), -MARGIN)[:, None]
    inside = inside & _is_within(columns, slice(0, SHAPE[1]), -MARGIN)
    near = _is_within(rows, PATCH[0], MARGIN)[:, None] & _is_within(columns, PATCH[1], MARGIN)
    in_patch = _is_within(rows, PATCH[0], -8)[:, None] & _is_within(columns, PATCH[1], -8)
    vectors, cost = found.flow[inside & ~near], found.cost[inside & ~near]
    x, y = np.median(vectors, axis=0)
    error = np.linalg.norm(vectors - np.array(SHIFT), axis=1)
    return Trial(
        flow=(float(x), float(y)),
        share=float(np.mean(error <= 0.5)),
        cost=float(np.median(cost)),
        cost_unmatched=float(np.median(found.cost[in_patch])),
    )


def _centers(count: int, grid: int) -> Float32[Array, " count"]:
    return np.asarray((np.arange(count) + 0.5) * grid - 0.5, np.float32)


def _is_within(centers: Float32[Array, " count"], span: slice, reach: int) -> Bool[Array, " count"]:
    """Say which centers lie in a span that is widened by `reach`."""
    return np.asarray((centers >= span.start - reach) & (centers < span.stop + reach))


def _complaint(trial: Trial) -> str:
    x, y = trial.flow
    return (
        f"a picture moved by ({SHIFT[0]}, {SHIFT[1]}) px was found to move by ({x:.2f}, {y:.2f}) "
        f"px, {100 * trial.share:.0f} % of it within half a pixel"
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


if __name__ == "__main__":
    sys.exit(main())
