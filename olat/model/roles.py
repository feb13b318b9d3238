"""The words for conditions in manifests, frame tables and file names."""

from __future__ import annotations

from itertools import product

from olat.model.condition import (
    TARGETS,
    Axes,
    Axis,
    AxisGradient,
    ColorGradient,
    Condition,
    Dark,
    Olat,
    Pattern,
    Polarized,
    Polarizer,
    SecondOrder,
    Target,
    Tracking,
)


def role(condition: Condition) -> str:
    """Return the word for a condition in manifests and frame tables."""
    match condition:
        case Olat():
            return "olat"
        case Dark():
            return "dark"
        case Target(kind=kind):
            return kind
        case Polarized(pattern=pattern, polarizer=polarizer):
            word = "full_on" if isinstance(pattern, Tracking) else _word_of_pattern(pattern)
            return f"{word}_{polarizer}"
        case _:
            return _word_of_pattern(condition)


def _word_of_pattern(pattern: Pattern) -> str:
    """Return the word for a pattern of light that no polarizer filters."""
    match pattern:
        case Tracking():
            return "tracking"
        case ColorGradient(complement=complement):
            return "complement" if complement else "gradient"
        case AxisGradient(axis=axis, complement=complement, is_binary=is_binary):
            kind = "binary_" * is_binary + "complement_" * complement or "gradient_"
            return kind + axis
        case SecondOrder(axes=axes):
            return f"second_order_{axes}"


def condition_from_role(word: str, light: int | None = None) -> Condition:
    """Return the condition that a role word stands for.

    Raises
    ------
    ValueError
        If the word is unknown, or an ``olat`` frame names no light.
    """
    if word == "olat":
        if light is None:
            raise ValueError("an 'olat' frame needs a light")
        return Olat(light)
    if word in TARGETS:
        return Target(word, light)
    known = {**PLAIN, **PATTERNS}
    if word in known:
        return known[word]
    words = ", ".join(("olat", *PLAIN, *TARGETS))
    raise ValueError(f"there is no role {word!r}; there are {words}, and {SOME_PATTERNS}")


def _patterns() -> dict[str, Condition]:
    """Return every pattern besides full-on light and color gradients, by its role word."""
    axes: tuple[Axis, ...] = ("x", "y", "z")
    pairs: tuple[Axes, ...] = ("xx", "yy", "zz", "xy", "yz", "zx")
    polarizers: tuple[Polarizer, ...] = ("crossed", "parallel")
    white: list[Pattern] = [
        AxisGradient(axis, complement, is_binary)
        for is_binary, complement, axis in product((False, True), (False, True), axes)
    ]
    white += [SecondOrder(pair) for pair in pairs]
    filtered: list[Pattern] = [Tracking(), ColorGradient(), ColorGradient(complement=True), *white]
    polarized = [Polarized(pattern, filter_) for filter_, pattern in product(polarizers, filtered)]
    return {role(condition): condition for condition in (*white, *polarized)}


PLAIN: dict[str, Condition] = {
    role(condition): condition
    for condition in (Tracking(), ColorGradient(), ColorGradient(complement=True), Dark())
}
"""Conditions that are neither of one light, nor of a target, nor among `PATTERNS`, by role."""
PATTERNS: dict[str, Condition] = _patterns()
"""White gradients, second-order patterns, and all that was shot polarized, by role."""
SOME_PATTERNS = "patterns such as gradient_x, binary_complement_y, second_order_xy, full_on_crossed"
"""What error messages say in place of all of `PATTERNS`."""
