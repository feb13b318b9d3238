"""Every method of flow fills the same product, on the grid that the preset solves on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import olat
from olat.engine.receipt import read_receipt
from olat.io.motion_file import read_reference
from olat.model.condition import Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.motion import ReferenceFrame, TrackingFlow
from olat.model.session import Frame
from olat.motion import flow_nvidia
from olat.stages.track import Track
from tests.support.sessions import simulated
from tests.support.texture import Texture, noisy, pixel_centers

SHAPE = (256, 320)
SHIFT = (2.0, -1.0)


def tracked(stage: Track, *, is_black: bool = False) -> tuple[TrackingFlow, TrackingFlow]:
    """Return the flow to the reference, frame 0, and to frame 1, which is shifted."""
    texture = Texture.random(np.random.default_rng(6))
    points = pixel_centers(*SHAPE)
    rng = np.random.default_rng(7)
    pictures = [noisy(texture.at(points), rng), noisy(0.7 * texture.at(points - SHIFT), rng)]
    if is_black:
        pictures[1] = noisy(0.0 * pictures[1], rng)
    shots = {index: Frame("A", index, Tracking(), Path(f"{index}.exr")) for index in (0, 1)}
    radiance = Frames(
        shots,
        lambda frame: RadianceImage(pictures[frame.index], np.zeros(SHAPE, np.uint8)),
    )
    reference = ReferenceFrame(0, "middle")
    first, second = (stage.run(radiance, shots[index], reference) for index in (0, 1))
    return first, second


@pytest.mark.parametrize("method", ["dis", "deepflow", "tvl1"])
@pytest.mark.parametrize("normalization", ["gain", "local"])
def test_a_shift_is_found_by_every_method(method: str, normalization: str) -> None:
    stage = Track.model_validate({"flow_method": method, "normalization": normalization})
    still, moved = tracked(stage)
    assert still.shape == moved.shape == SHAPE
    assert still.flow.shape == moved.flow.shape == (128, 160, 2)
    assert not still.flow.any()
    assert still.confidence.min() == 1.0
    inner = moved.flow[10:-10, 10:-10]
    error = np.linalg.norm(inner - np.float32(SHIFT), axis=2)
    print(f"\n{method}, {normalization}: mean error {error.mean():.3f} px")
    assert error.mean() < 0.15
    assert np.median(moved.confidence) > 0.9


def test_a_black_frame_has_no_flow_and_no_confidence() -> None:
    _, moved = tracked(Track(), is_black=True)
    assert not moved.flow.any()
    assert not moved.confidence.any()


def test_the_presets_solve_at_their_size() -> None:
    sizes = {
        preset: tracked(Track.model_validate({"flow_preset": preset}))[1].confidence.shape
        for preset in ("standard", "fine")
    }
    assert sizes == {"standard": (128, 160), "fine": (256, 320)}


def test_the_receipt_tells_which_flow_the_processor_solved_in_place_of_a_chip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLAT_NVOF_LIBRARY", str(tmp_path / "none.so"))
    flow_nvidia._trouble.cache_clear()
    simulated(tmp_path / "s", size=64, lights=12, tracking_every=6, near_lights=False)
    pipeline = str(Path(__file__).parents[1] / "definitions" / "motion.toml")
    setting = ["track.flow_method=nvidia"]
    summary = olat.process(tmp_path / "s", workers=0, pipeline=pipeline, settings=setting)
    flow_nvidia._trouble.cache_clear()
    assert summary.failures == []
    products = tmp_path / "s" / "olat-motion" / "A"
    reference = read_reference(products / "reference.json").frame
    receipts = [read_receipt(path) for path in sorted(products.glob("flow/*.receipt.json"))]
    solved = [each for each in receipts if each is not None and each.frame != reference]
    assert solved
    for each in solved:
        assert any("dense inverse search is used instead" in note for note in each.notes)
