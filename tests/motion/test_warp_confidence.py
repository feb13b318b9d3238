"""Where motion tears, the subject is not pulled from what is behind it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.motion.flow import flow_between, upsampled
from olat.motion.warp import warped
from olat.motion.warp_confidence import untorn
from tests.support.texture import Texture, noisy, pixel_centers


def test_one_surface_that_moves_turns_and_comes_nearer_keeps_its_confidence(rng):
    x, y = np.meshgrid(np.arange(96.0) - 48.0, np.arange(64.0) - 32.0)
    turn, nearer = 0.06, 0.05
    flow = np.stack([3.0 + nearer * x - turn * y, -2.0 + turn * x + nearer * y], axis=-1)
    confidence = rng.random(x.shape, np.float32)
    # Solved at half the size: a step of one pixel of the grid is two of the frame.
    found = untorn((2.0 * flow).astype(np.float32), confidence, shape=(128, 192))
    assert_array_equal(found, confidence)


@pytest.mark.parametrize(("step", "kept"), [(0.25, 1.0), (0.6, 0.5), (1.0, 0.0), (9.0, 0.0)])
def test_where_motion_steps_the_confidence_falls_on_both_sides(step, kept):
    flow = np.zeros((20, 30, 2), np.float32)
    flow[:, 15:, 1] = step
    flow[:, 15:, 0] = 0.0
    found = untorn(flow, np.ones((20, 30), np.float32), shape=(40, 60))
    assert_allclose(found[:, 14:16], kept, rtol=0, atol=1e-6)
    assert (np.delete(found, [14, 15], axis=1) == 1.0).all()
    across = untorn(flow.transpose(1, 0, 2).copy(), np.ones((30, 20), np.float32), shape=(60, 40))
    assert_array_equal(across, found.T)


def disc_before_wall(rng, inner, outer, size=(300, 400)):
    """Photograph a disc and a wall that move apart; return also flow and what gets hidden."""
    disc, wall = Texture.random(rng), Texture.random(rng)
    points = pixel_centers(*size)

    def is_disc(at):
        return np.hypot(at[..., 0] - size[1] / 2, at[..., 1] - size[0] / 2) < 90.0

    before = np.where(is_disc(points)[..., None], disc.at(points), wall.at(points))
    over = is_disc(points - inner)
    after = np.where(over[..., None], disc.at(points - inner), wall.at(points - outer))
    flow = np.where(is_disc(points)[..., None], inner, outer)
    hidden = ~is_disc(points) & is_disc(points + outer - inner)
    return noisy(before, rng), noisy(after, rng), flow, hidden


@pytest.mark.slow
@pytest.mark.parametrize(
    ("inner", "outer"), [((12.0, 6.0), (-3.0, 1.0)), ((4.0, 2.0), (0.0, 0.0)), ((3.3, 0.0), (0, 0))]
)
def test_at_silhouettes_no_pixel_of_the_other_surface_is_trusted(rng, inner, outer):
    before, after, truth, hidden = disc_before_wall(rng, np.array(inner), np.array(outer))
    shape = hidden.shape
    flow, confidence = flow_between(before, after, preset="standard")
    full = upsampled(flow, shape)
    wrong = (np.linalg.norm(full - truth, axis=-1) > 1.0) | hidden
    shares = []
    for trust in (confidence, untorn(flow, confidence, shape=shape)):
        clear = np.zeros(shape, np.uint8)
        out = warped(
            RadianceImage(after, clear),
            full,
            upsampled(confidence, shape),
            trust=upsampled(trust, shape),
            confidence_floor=0.5,
        )
        kept = out.flags == 0
        weight = out.confidence * kept
        shares.append((weight * wrong).sum() / weight.sum())
    lost = ((out.confidence < 0.5) & (out.flags != PixelFlag.OUT_OF_FRAME) & ~wrong).mean()
    print(
        f"disc {inner} before wall {outer}: {wrong.mean():.2%} of all pixels are of the other "
        f"surface; of the trust, {shares[0]:.3%} without a look for tears and {shares[1]:.3%} "
        f"with; {lost:.2%} are doubted and right"
    )
    assert wrong.mean() > 0.008
    assert shares[1] < 0.003
    assert shares[1] < shares[0] / 5
    assert lost < 0.05
