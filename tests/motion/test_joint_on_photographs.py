"""Joint motion on photographs of a jacket under gradients, still and moved by a known flow."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from olat.motion.flow import flow_between, upsampled
from olat.motion.joint import joint_flows
from tests.support.texture import pixel_centers

FULL = 0.97
"""Codes above this say no more than that the sensor was full."""


def photograph(path):
    """Read a photograph that was encoded for display; NaN where it is full."""
    linear = ((cv2.imread(str(path))[..., ::-1] / 255.0) ** 2.2).astype(np.float32)
    linear[linear > FULL] = np.nan
    return linear


def moved(picture, flow):
    """Return the picture whose pixel x + flow(x) shows what the given one shows at x."""
    centers = pixel_centers(*picture.shape[:2]).astype(np.float32)
    back = np.zeros_like(flow)
    for _ in range(20):
        back = cv2.remap(flow, *np.moveaxis(centers - back, 2, 0), cv2.INTER_LINEAR)
    return cv2.remap(picture, *np.moveaxis(centers - back, 2, 0), cv2.INTER_CUBIC)


@pytest.mark.slow
def test_a_jacket_is_still_and_then_follows_a_known_motion(shared_data):
    """Exposures are unequal, and between photographs it moved by some tenths of a pixel."""
    folder = shared_data / "gradient"
    gradient, complement, full_on = (
        photograph(folder / f"test_{name}.jpg") for name in ("000", "180", "ALL")
    )
    still = joint_flows(gradient, complement, full_on, preset="fine")
    sure = still.gradient_confidence > 0.5
    rest = np.linalg.norm(still.to_gradient, axis=2)[sure]
    print(
        f"still jacket: motion {rest.mean():.2f} px mean, {np.percentile(rest, 95):.2f} px for "
        f"95 %; {sure.mean():.0%} of the picture is sure"
    )
    assert sure.mean() > 0.3
    assert rest.mean() < 0.4
    height, width = sure.shape
    x, y = np.moveaxis(pixel_centers(height, width), 2, 0)
    motion = np.stack(
        [3.0 * np.cos(y / 150.0) + 0.5 * np.sin(x / 90.0), np.sin(x / 120.0) + 0.6], axis=-1
    ).astype(np.float32)
    filled = np.nan_to_num(gradient, nan=FULL)
    joint = joint_flows(moved(filled, motion), complement, full_on, preset="fine")
    sure &= joint.gradient_confidence > 0.5
    # Between the two only the known motion changed.
    change = upsampled(joint.to_gradient, sure.shape) - still.to_gradient - motion
    error = np.linalg.norm(change, axis=2)[sure]
    direct, _ = flow_between(full_on, moved(filled, motion), preset="fine")
    print(
        f"moved by {np.linalg.norm(motion, axis=2)[sure].mean():.2f} px: error {error.mean():.3f} "
        f"px mean, direct flow {np.linalg.norm(direct - motion, axis=2)[sure].mean():.3f} px"
    )
    assert error.mean() < 0.25
