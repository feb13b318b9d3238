"""Bring two pictures to values that can be compared, and find the pixels that count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from olat.api.comparison_measures import Scale, from_display
from olat.api.comparison_source import Compared, Kind, Source, opened
from olat.errors import UsageError

_WORTH_A_WORD = 0.01
"""Share of clipped values."""


def in_one_space(
    pair: tuple[Compared, Compared], kind: Kind
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], tuple[str, ...]]:
    """Return both as linear values of one color space, or as what their kind holds."""
    notes = [note for part in pair for note in part.notes]
    values = []
    for part in pair:
        pixels = part.pixels
        if part.is_coded and kind == "normals":
            known = pixels.any(axis=-1, keepdims=True)
            pixels = np.where(known, 2.0 * pixels - 1.0, 0.0)
            notes.append(f"{part.name}: normals are read from codes, 0 to white for -1 to 1")
        elif part.is_coded and kind not in {"mask", "number"}:
            is_clipped = bool((pixels >= 1.0).any())
            pixels = from_display(pixels)
            notes.append(f"{part.name}: its codes are taken for sRGB")
            if kind == "environment" and is_clipped:
                notes.append(
                    f"{part.name}: its lights are clipped at display white: it is no HDR map"
                )
        values.append(pixels)
    spaces = [part.space for part in pair]
    if kind in {"picture", "albedo", "environment"} and values[0].ndim == 3:
        values, told = _converted(values, spaces)
        notes += told
    return values[0], values[1], tuple(dict.fromkeys(notes))


def _converted(
    values: list[np.ndarray[Any, Any]], spaces: list[Any]
) -> tuple[list[np.ndarray[Any, Any]], list[str]]:
    """Bring A to the color of B, where both are known."""
    from olat.sensor.working_space import converted

    first, second = spaces
    if None in spaces or first == second:
        return values, []
    if "camera" in spaces:
        return values, [f"A is in {first} color, B in {second}: compared as they are"]
    moved = converted(values[0].astype(np.float32), source=first, target=second)
    return [moved.astype(np.float64), values[1]], [f"A was converted from {first} to {second}"]


def counted(
    first: np.ndarray[Any, Any],
    second: np.ndarray[Any, Any],
    mask: Source | None,
    *,
    zero_is_unknown: bool,
) -> tuple[np.ndarray[Any, Any], dict[str, int]]:
    """Return which pixels count, and why others do not."""
    shape = first.shape[:2]
    flat = [part.reshape(*shape, -1) for part in (first, second)]
    used = np.ones(shape, bool) if mask is None else _mask(mask, shape)
    left_out = {"outside the mask": int((~used).sum())}
    finite = np.isfinite(flat[0]).all(axis=-1) & np.isfinite(flat[1]).all(axis=-1)
    left_out["not finite numbers"] = int((used & ~finite).sum())
    used &= finite
    if zero_is_unknown:
        known = np.asarray(flat[0].any(axis=-1) & flat[1].any(axis=-1))
        left_out["zero, which is unknown"] = int((used & ~known).sum())
        used &= known
    left_out = {reason: count for reason, count in left_out.items() if count}
    if not used.any():
        why = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items())
        raise UsageError(f"no pixel of A and B counts: {why}. Check the mask and the pictures.")
    return used, left_out


def _mask(mask: Source, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return where pixels count."""
    if not isinstance(mask, np.ndarray) and Path(mask).suffix.lower() == ".npz":
        mask = opened(mask, "mask", "mask").pixels
    if isinstance(mask, np.ndarray):
        inside = mask if mask.dtype == bool else mask > (mask.max() / 2 if mask.size else 0)
        inside = np.asarray(inside if inside.ndim == 2 else inside.any(axis=-1))
    else:
        from olat.io.display import read_mask

        inside = read_mask(Path(mask))
    if inside.shape != shape:
        raise UsageError(
            f"mask: it is {inside.shape[1]} x {inside.shape[0]} px for pictures of {shape[1]} x "
            f"{shape[0]} px; one size is needed."
        )
    return inside.copy()


def factors_of(
    first: np.ndarray[Any, Any],
    second: np.ndarray[Any, Any],
    used: np.ndarray[Any, Any],
    scale: Scale,
) -> tuple[tuple[float, ...], str]:
    """Return what A is multiplied by, and say so."""
    if scale == "none":
        return (1.0,), ""
    from olat.measure.scale import best_factors, factor_words
    from olat.measure.usable import samples

    factors = best_factors(samples(first, used), samples(second, used), scaling=scale)
    return factors, factor_words("A", factors)


def clipped(
    pair: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]],
    used: np.ndarray[Any, Any],
    exposure: float,
) -> tuple[str, ...]:
    """Say how much a display does not show."""
    shares = [float((part[used] * exposure > 1.0).mean()) for part in pair]
    if max(shares) < _WORTH_A_WORD:
        return ()
    told = " and ".join(
        f"{100 * share:.0f} % of {which}" for which, share in zip("AB", shares, strict=True)
    )
    return (f"above display white and clipped: {told}; --exposure or --space linear shows them",)
