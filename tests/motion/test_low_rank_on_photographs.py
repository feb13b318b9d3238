"""Real photographs of still subjects under many lights: left alone, or moved and brought back."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from olat.motion.flow import upsampled
from olat.motion.low_rank import registered
from tests.support.unregistered import moved_pictures, sway

pytestmark = pytest.mark.slow


def object_of(shared_data: Path, name: str):
    """Read twelve linear photographs of an object and its mask."""
    folder = shared_data / "uw" / name
    shots = [cv2.imread(str(folder / f"{name}.{light}.png")) for light in range(12)]
    mask = cv2.imread(str(folder / f"{name}.mask.png"), cv2.IMREAD_GRAYSCALE) > 127
    return np.asarray([shot.mean(axis=2) / 255.0 for shot in shots], np.float32), mask


def face_of(shared_data: Path, order: str):
    """Read a face under 64 lights, in the order of their azimuth or in one that jumps."""
    name = re.compile(r"A([+-]\d+)E([+-]\d+)\.pgm$")
    shots = []
    for path in sorted((shared_data / "yale" / "yaleB01").glob("*.pgm")):
        angles = name.search(path.name)
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if angles is not None and image is not None:
            shots.append((tuple(float(angle) for angle in angles.groups()), image))
    shots.sort(key=lambda shot: shot[0])
    pictures = np.asarray([image for _, image in shots], np.float32) / 255.0
    pictures[pictures > 0.99] = np.nan
    if order == "jumping":
        pictures = pictures[np.random.default_rng(0).permutation(len(pictures))]
    inside = np.zeros(pictures.shape[1:], bool)
    inside[8:-8, 8:-8] = True
    return pictures, inside


def photographs(shared_data: Path, name: str):
    kind, _, order = name.partition(" ")
    return face_of(shared_data, order) if kind == "face" else object_of(shared_data, name)


def errors(found, truth, mask):
    flows = np.stack([upsampled(flow, mask.shape) for flow in found.flows])
    return np.linalg.norm((flows - truth)[:, mask], axis=-1)


@pytest.mark.parametrize(
    ("name", "most"),
    # The gray ball has no pattern: shading that goes round with the lights is taken for motion.
    [("cat", 0.0), ("buddha", 0.0), ("face jumping", 0.0), ("face ordered", 0.0), ("gray", 0.2)],
)
def test_a_still_subject_is_left_alone(shared_data, name, most) -> None:
    pictures, mask = photographs(shared_data, name)
    found = registered(pictures, times=np.arange(float(len(pictures))), mask=mask)
    false = np.median(errors(found, np.float32(0.0), mask))
    print(f"{name}: false motion {false:.3f} px (median)")
    assert false <= most


@pytest.mark.parametrize(
    ("name", "amplitude", "bound"),
    [
        ("cat", 1.0, 0.25),
        ("cat", 2.0, 0.45),
        ("buddha", 1.0, 0.35),
        ("buddha", 2.0, 0.55),
        ("face jumping", 1.0, 0.45),
        ("face jumping", 2.0, 0.55),
        ("face ordered", 2.0, 0.9),
    ],
)
def test_a_moved_subject_is_brought_back(shared_data, name, amplitude, bound) -> None:
    pictures, mask = photographs(shared_data, name)
    truth = sway(mask.shape, len(pictures), amplitude, bends=True)
    if np.isnan(pictures).any():
        moved = moved_pictures(np.nan_to_num(pictures, nan=1.0), truth)
        moved[moved > 0.99] = np.nan
    else:
        moved = moved_pictures(pictures, truth)
    found = registered(moved, times=np.arange(float(len(pictures))), mask=mask)
    before = np.linalg.norm(truth[:, mask], axis=-1)
    after = errors(found, truth, mask)
    print(
        f"{name}: rms {np.sqrt((before**2).mean()):.2f} px before, "
        f"{np.sqrt((after**2).mean()):.3f} px after (median {np.median(after):.3f})"
    )
    assert np.sqrt((after**2).mean()) < bound
