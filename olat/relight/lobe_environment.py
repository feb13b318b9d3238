r"""Environments, convolved with cosine lobes of every width.

A lobe of integral 1, axis a and ratio r gathers :math:`T_r(a) = \int E(\omega)\,p_r(a \cdot
\omega)\,d\omega` (`olat.surface.cosine_lobe.lobe_density`). It is computed once for a ladder of
ratios, those of exponents 1, √2, 2 ... and a few below, at every pixel of a map; a pixel of the
subject looks it up. Between two ratios, r mixes them so that the first moment is that of r: white
under any gradient comes out right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Complex128, Float, Float32, Float64
from scipy.fft import dct

from olat.light.latlong import directions_of_pixels, resized, solid_angles_of_pixels, turned
from olat.model.environment import EnvironmentMap
from olat.model.shapes import Array, Radiance
from olat.relight import lobe_lookup_kernel
from olat.surface.cosine_lobe import LARGEST_RATIO, lobe_density, ratio_from_exponent

HEIGHT = 128
"""Of the convolved maps, even [px]: the sharpest lobe has a standard deviation of three pixels."""
BELOW_MATTE = (0.0, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.52, 0.54, 0.56, 0.58, 0.6, 0.635)
"""Ratios of the ladder below that of a matte surface."""


@dataclass(frozen=True)
class LobeEnvironment:
    """What lobes gather of an environment."""

    ratios: Float32[Array, " level"]
    """Ascending, from 0 to the largest there is."""
    maps: Float32[Array, "level h w 3"]
    """Radiance that lobes gather, by ratio and axis; latitude-longitude as in `latlong`, with a
    border of one pixel that repeats what lies beyond."""
    integral: Float64[Array, "3"]
    """Of the environment over the sphere, by channel [radiance sr]."""
    first: Float64[Array, "3 3"]
    """First moment (channel, axis) [radiance sr]."""
    rotate_deg: float = 0.0
    """Turns the environment about +y, as in `environment_weights` [degree]."""

    def rotated(self, degrees: float) -> LobeEnvironment:
        """Return the environment turned further about +y; nothing is convolved again."""
        return replace(self, rotate_deg=self.rotate_deg + degrees)

    @property
    def first_moment(self) -> Float64[Array, "3 3"]:
        """First moment (channel, axis) as turned [radiance sr]."""
        return turned(self.first, self.rotate_deg)

    def gathered(
        self, axis: Float[Array, "h w *channel 3"], ratio: Float[Array, "h w *channel"]
    ) -> Radiance:
        """Return what lobes of integral 1 gather.

        Parameters
        ----------
        axis
            Unit vectors; of one lobe a pixel, or of one a channel.
        ratio
            Length of the first moment over the integral.
        """
        height, width = ratio.shape[:2]
        light = np.empty((height * width, 3), np.float32)
        is_shared = ratio.ndim == 2
        channels = (slice(0, 3),) if is_shared else (slice(0, 1), slice(1, 2), slice(2, 3))
        for k, channel in enumerate(channels):
            lobe = (axis, ratio) if is_shared else (axis[:, :, k], ratio[:, :, k])
            lobe_lookup_kernel.look_up(
                np.ascontiguousarray(self.maps[..., channel]),
                self.ratios,
                np.ascontiguousarray(lobe[0], np.float32).reshape(-1, 3),
                np.ascontiguousarray(lobe[1], np.float32).reshape(-1),
                self.rotate_deg / 360.0,
                light[:, channel],
            )
        return light.reshape(height, width, 3)


def convolved(environment: EnvironmentMap, *, height: int = HEIGHT) -> LobeEnvironment:
    """Convolve an environment with lobes of every width.

    Parameters
    ----------
    environment
        Radiance from everywhere, finite.
    height
        Of the maps, even; they are twice as wide [px].

    Raises
    ------
    ValueError
        If the map holds values that are not finite.

    Notes
    -----
    The map is averaged over pixels of the convolved ones first, each by its exact solid angle, and
    a lobe is scaled to an integral of 1 over the pixels: under a uniform map of radiance 1 it
    gathers 1. Turning about +y moves a latitude-longitude map sideways, so a row meets a row in
    a circular convolution, done by Fourier transform.
    """
    if not np.isfinite(environment.radiance).all():
        raise ValueError("the environment holds values that are not finite; radiance is needed")
    width = 2 * height
    energy = resized(environment.radiance, height, width)
    energy *= solid_angles_of_pixels(height, width)[..., np.newaxis]
    ratios = ladder()
    spectrum = np.fft.rfft(energy, axis=1).transpose(1, 0, 2)
    maps = [_convolved(spectrum, float(ratio), height) for ratio in ratios]
    toward = directions_of_pixels(height, width)
    return LobeEnvironment(
        ratios=ratios.astype(np.float32),
        maps=np.stack([_bordered(level) for level in maps]),
        integral=energy.sum(axis=(0, 1)),
        first=np.einsum("hwc,hwj->cj", energy, toward),
    )


def ladder() -> Float64[Array, " level"]:
    """Return the ratios at which environments are convolved, ascending."""
    exponents = 2.0 ** np.arange(0.0, 8.0, 0.5)
    above = ratio_from_exponent(exponents, shape="hemispherical")
    kept = above[above < LARGEST_RATIO]
    return np.concatenate([BELOW_MATTE, kept, [LARGEST_RATIO]])


def _convolved(
    spectrum: Complex128[Array, "frequency row 3"], ratio: float, height: int
) -> Float64[Array, "h w 3"]:
    """Convolve a map, given by the spectra of its rows, with one lobe."""
    width = 2 * height
    theta = np.pi * (np.arange(height) + 0.5) / height
    azimuth = 2.0 * np.pi * np.arange(height + 1) / width
    # Axes of the upper half are enough: seen from below, all is the same upside down.
    upper = theta[: height // 2, np.newaxis]
    cosine = np.cos(azimuth)[:, np.newaxis, np.newaxis] * (np.sin(upper) * np.sin(theta))
    cosine += np.cos(upper) * np.cos(theta)
    lobe = lobe_density(np.clip(cosine, -1.0, 1.0), np.full((1, 1, 1), ratio))
    # A lobe is the same to either side: this is the spectrum of all azimuths.
    along = dct(lobe, type=1, axis=0)
    along /= (along[0] @ solid_angles_of_pixels(height, width)[:, 0])[:, np.newaxis]
    gathered = np.concatenate([along @ spectrum, (along @ spectrum[:, ::-1])[:, ::-1]], axis=1)
    return np.asarray(np.fft.irfft(gathered, n=width, axis=0).transpose(1, 0, 2))


def _bordered(level: Float64[Array, "h w 3"]) -> Float32[Array, "h2 w2 3"]:
    """Put one pixel around a map: across a pole lies the row half a turn away."""
    half = level.shape[1] // 2
    top, bottom = np.roll(level[:1], half, axis=1), np.roll(level[-1:], half, axis=1)
    tall = np.concatenate([top, level, bottom])
    return np.pad(tall, ((0, 0), (1, 1), (0, 0)), mode="wrap").astype(np.float32)
