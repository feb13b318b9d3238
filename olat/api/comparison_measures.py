"""Which measures there are for which kind of picture, and what they look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from olat.api.comparison_source import Kind
    from olat.measure.result import Measure

Space: TypeAlias = Literal["display", "linear"]
Scale: TypeAlias = Literal["none", "global", "channel"]

OF_COLOR = ("psnr", "ssim", "rmse", "si_mse", "lmse", "shift_mse", "eigen_log")
OF_MAPS = ("env_l1", "env_l2", "env_l1_unweighted", "env_l2_unweighted")
ALLOWED: Mapping[Kind, tuple[str, ...]] = {
    "picture": OF_COLOR,
    "albedo": OF_COLOR,
    "number": OF_COLOR,
    "normals": ("angle",),
    "environment": OF_MAPS + OF_COLOR,
    "mask": ("dice_loss", "bce"),
}
"""What can be asked of each kind."""
USUAL: Mapping[Kind, tuple[str, ...]] = {
    "picture": ("psnr", "ssim", "si_mse", "lmse"),
    "albedo": ("psnr", "ssim", "rmse", "si_mse", "lmse"),
    "number": ("rmse", "si_mse", "shift_mse", "eigen_log"),
    "normals": ("angle",),
    "environment": OF_MAPS[:3],
    "mask": ("dice_loss", "bce"),
}
"""What is measured unless something is asked for."""
NAMES = tuple(dict.fromkeys(name for names in ALLOWED.values() for name in names))
OF_DISPLAYS = frozenset({"psnr", "ssim"})
"""Measures of what eyes see, taken of display values unless linear ones are asked for."""


@dataclass(frozen=True)
class Prepared:
    """Both pictures, ready to be measured: A has been multiplied, if that was asked for."""

    first: np.ndarray[Any, Any]
    second: np.ndarray[Any, Any]
    used: np.ndarray[Any, Any]
    """Pixels that count."""


def space_of(name: str, kind: Kind, asked: Space | None) -> Space | None:
    """Return what a measure looks at; none where there is no color."""
    if kind not in {"picture", "albedo", "environment"}:
        return None
    if name in OF_MAPS:
        return "linear"
    return asked or ("display" if name in OF_DISPLAYS and kind != "environment" else "linear")


def measured(name: str, pair: Prepared, *, scale: Scale, peak: float) -> tuple[Measure, ...]:
    """Measure; `ValueError` if the pictures do not allow it."""
    found = _methods(scale, peak)[name](pair.first, pair.second, pair.used)
    return found if isinstance(found, tuple) else (found,)


def _methods(scale: Scale, peak: float) -> dict[str, Callable[..., Measure | tuple[Measure, ...]]]:
    from olat.measure.angular import angular_error
    from olat.measure.environment import env_log_error
    from olat.measure.lmse import lmse
    from olat.measure.log_error import eigen_log_mse
    from olat.measure.overlap import binary_cross_entropy, dice_loss
    from olat.measure.psnr import psnr, rmse
    from olat.measure.shift import shift_invariant_mse
    from olat.measure.si_mse import si_mse
    from olat.measure.ssim import ssim

    each: Literal["global", "channel"] = "channel" if scale == "channel" else "global"
    return {
        "psnr": partial(psnr, peak=peak),
        "ssim": partial(ssim, peak=peak),
        "rmse": rmse,
        "si_mse": partial(si_mse, scale=each),
        "lmse": partial(lmse, scale=each),
        "shift_mse": partial(shift_invariant_mse, scale=each),
        "eigen_log": eigen_log_mse,
        "angle": angular_error,
        "env_l1": env_log_error,
        "env_l2": partial(env_log_error, norm="l2"),
        "env_l1_unweighted": partial(env_log_error, weighting="none"),
        "env_l2_unweighted": partial(env_log_error, norm="l2", weighting="none"),
        "dice_loss": dice_loss,
        "bce": binary_cross_entropy,
    }


def for_display(linear: np.ndarray[Any, Any], exposure: float) -> np.ndarray[Any, Any]:
    """Return what an sRGB display is sent, without the rounding to codes; clipped at 0 and 1."""
    light = np.clip(linear * exposure, 0.0, 1.0)
    # The standard's curve: a line near black, then a power.
    return np.where(
        light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
    )


def from_display(codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the light that sRGB codes over white stand for."""
    return np.where(
        codes <= 0.04045, codes / 12.92, ((np.maximum(codes, 0) + 0.055) / 1.055) ** 2.4
    )
