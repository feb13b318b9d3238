"""White gradients, second-order patterns and polarized light, from RAW files to merged frames."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

import olat
from olat.io.manifest import read_session
from olat.io.map_files import read_radiance
from olat.model.condition import GRADIENTS, Tracking, complement_of, full_on_of
from olat.model.image import RadianceImage
from olat.model.roles import condition_from_role, role
from olat.model.shapes import Radiance
from tests.support.sessions import CLEAN, simulated

DEFINITIONS = Path(__file__).parent / "definitions"
STILL = (
    *("gradient_x", "complement_x", "binary_y", "binary_complement_y"),
    *("second_order_xx", "second_order_yy", "second_order_zz"),
    *("full_on_crossed", "gradient_z_crossed", "complement_z_crossed", "full_on_parallel"),
)
PAIRS = ("gradient", "gradient_x", "binary_y", "gradient_z_crossed")


def first_of_each(folder: Path, product: str) -> dict[str, RadianceImage]:
    """Return a product of the first frame of every role but OLAT."""
    found: dict[str, RadianceImage] = {}
    for frame in read_session(folder).frames:
        if isinstance(frame.condition, (Tracking, *GRADIENTS)):
            path = folder / "olat" / "A" / product / f"{frame.index:04d}.exr"
            found.setdefault(role(frame.condition), read_radiance(path))
    return found


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Radiance]:
    """Return the first merged frame of each role of a still session without noise."""
    folder = tmp_path_factory.mktemp("still")
    simulated(folder, **CLEAN, size=64, lights=24, tracking_every=8, patterns=STILL)
    pipeline = str(DEFINITIONS / "quick.toml")
    assert not olat.process(folder, pipeline=pipeline, workers=0, keep=["merged"]).failures
    images = first_of_each(folder, "merged")
    assert set(images) == {"tracking", "gradient", "complement", *STILL}
    assert not any(image.flags.any() for image in images.values())
    return {word: image.radiance for word, image in images.items()}


@pytest.mark.parametrize("word", PAIRS)
def test_gains_bring_a_pair_to_the_level_of_full_on_light(
    still: dict[str, Radiance], word: str
) -> None:
    """As far as 14 bits tell: the brightest pixels read 4."""
    condition = condition_from_role(word)
    partner, full_on = complement_of(condition), full_on_of(condition)
    assert partner is not None
    both = still[word] + still[role(partner)]
    error = np.abs(both - still[role(full_on)]).max()
    print(f"{word}: a pair differs from full-on light by {error:.5f} at most")
    assert error < 1e-3


def test_squares_and_polarizers_add_up_to_full_on_light_too(still: dict[str, Radiance]) -> None:
    squares = sum(still[f"second_order_{axes}"] for axes in ("xx", "yy", "zz"))
    assert_allclose(squares, still["tracking"], rtol=0, atol=1e-3)
    polarized = still["full_on_crossed"] + still["full_on_parallel"]
    assert_allclose(polarized, still["tracking"], rtol=0, atol=1e-3)


MOVING = (
    *("gradient_x", "complement_x", "binary_z", "binary_complement_z", "second_order_xy"),
    *("full_on_crossed", "gradient_x_crossed", "complement_x_crossed"),
)


@pytest.mark.slow
def test_patterns_of_a_moving_head_come_into_the_pose_of_the_reference(tmp_path: Path) -> None:
    """Each is compared with the same pattern on a head that stays as it is in the reference."""
    stage = CLEAN | {"size": 224, "lights": 24, "tracking_every": 8, "patterns": MOVING}
    stage |= {"sway_px": 3.0, "sway_period": 60.0, "blur_px": 0.45}
    pipeline = str(DEFINITIONS / "gradients.toml")
    for name in ("moving", "frozen"):
        truth = simulated(tmp_path / name, **stage, is_frozen=name == "frozen")
        made = olat.process(
            tmp_path / name, pipeline=pipeline, workers=0, keep=["radiance", "merged"]
        )
        assert not made.failures
    before, after = (first_of_each(tmp_path / "moving", kind) for kind in ("radiance", "merged"))
    wanted = first_of_each(tmp_path / "frozen", "radiance")
    assert set(after) == {"tracking", "gradient", "complement", *MOVING}
    inside = cv2.erode(truth.mask.astype(np.uint8), np.ones((7, 7), np.uint8), borderValue=0) > 0
    for word, image in after.items():
        sure = inside & (image.flags == 0)
        assert sure.mean() > 0.9 * inside.mean()
        still = wanted[word].radiance
        left, moved = (
            np.abs(shots[word].radiance - still)[sure].mean() / still[sure].mean()
            for shots in (after, before)
        )
        print(f"{word}: off by {left:.2%} in the pose of the reference, by {moved:.2%} before")
        assert left < 0.7 * moved
