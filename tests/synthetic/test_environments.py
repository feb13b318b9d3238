from __future__ import annotations

import numpy as np
import pytest

from olat.light.environment_weights import weights_for_environment
from olat.light.latlong import directions_of_pixels, resized, solid_angles_of_pixels
from olat.model.environment import EnvironmentMap
from olat.synthetic.capture import radiance_of, render_environment, view_of
from olat.synthetic.environments import ENVIRONMENTS
from olat.synthetic.render import see
from olat.synthetic.scene import PinholeCamera, Pose, ball
from olat.synthetic.stage import SyntheticStage


def mean_direction(environment: EnvironmentMap) -> np.ndarray:
    height, width, _ = environment.radiance.shape
    weight = environment.radiance.sum(axis=-1) * solid_angles_of_pixels(height, width)
    total: np.ndarray = (directions_of_pixels(height, width) * weight[..., None]).sum(axis=(0, 1))
    return total / np.linalg.norm(total)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_is_a_small_map_of_ordinary_brightness(name: str) -> None:
    environment = ENVIRONMENTS[name]()
    assert environment.name == name
    assert environment.radiance.shape == (64, 128, 3)
    assert environment.radiance.dtype == np.float32
    assert environment.radiance.min() >= 0.0
    share = solid_angles_of_pixels(64, 128)[..., None] / (4.0 * np.pi)
    assert 0.1 < (environment.radiance * share).sum(axis=(0, 1)).mean() < 2.0


def test_the_light_comes_from_where_its_name_says() -> None:
    assert mean_direction(ENVIRONMENTS["sunset"]())[0] < -0.5
    assert mean_direction(ENVIRONMENTS["overcast"]())[1] > 0.9
    studio = ENVIRONMENTS["studio"]().radiance
    # Image right lies left of the center of a map seen from inside.
    assert studio[:, :64, 0].sum() > studio[:, 64:, 0].sum()


def test_a_white_ball_in_a_uniform_environment_reads_one() -> None:
    uniform = EnvironmentMap(np.ones((16, 32, 3), np.float32))
    view = see(ball(0.1), PinholeCamera(48, 11.5, 1.6), Pose())
    radiance = render_environment(view, uniform)[view.mask]
    # The sum over 512 pixels of the map is not quite the integral.
    np.testing.assert_allclose(radiance, 1.0, rtol=0, atol=0.02)


def test_relighting_comes_to_the_direct_render() -> None:
    stage = SyntheticStage(
        size=64, lights=150, near_lights=False, sway_px=0.0, light_spread=0.0, tracking_every=0
    )
    weights = weights_for_environment(stage.rig.directions, ENVIRONMENTS["studio"]()).weights
    first = stage.reference
    relit = sum(radiance_of(stage, first + light) * weights[light] for light in range(150))
    small = resized(ENVIRONMENTS["studio"]().radiance, 32, 64).astype(np.float32)
    view = view_of(stage, Pose())
    direct = render_environment(view, EnvironmentMap(small))
    error = np.sqrt(np.mean((relit - direct)[view.mask] ** 2))
    assert 20.0 * np.log10(direct.max() / error) > 35.0
