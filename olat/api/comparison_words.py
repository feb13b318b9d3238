"""A comparison as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from olat.api.comparison import Comparison, Figure


def table(found: Comparison) -> str:
    """Return what was compared, which pixels count, and a line for each figure."""
    total, used = found.used.size, int(found.used.sum())
    layers = [f", layer {part.layer}" if part.layer else "" for part in (found.first, found.second)]
    lines = [
        f"A {found.first.name}{layers[0]}",
        f"B {found.second.name}{layers[1]}",
        f"{found.kind} of {found.first.size} px: {used:,} of {total:,} pixels count"
        + "".join(f"; {count:,} {reason}" for reason, count in found.left_out.items()),
        "",
    ]
    rows = [("measure", "value", "of", "aligned", "")] + [
        _row(figure, used / total) for figure in found.figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines += [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                row[1].rjust(widths[1]),
                row[2].ljust(widths[2]),
                row[3].ljust(widths[3]),
                row[4],
            ]
        ).rstrip()
        for row in rows
    ]
    lines += [f"{name}: not measured: {reason}" for name, reason in found.refused.items()]
    lines += [f"note: {note}" for note in found.notes]
    return "\n".join(lines)


def _row(figure: Figure, share: float) -> tuple[str, str, str, str, str]:
    """Return a figure in words, and the share of the picture if it is not that of the others."""
    measure = figure.measure
    value = f"{measure.value:.4g}" + (f" {measure.unit}" if measure.unit else "")
    is_other = abs(measure.used - share) > 1e-9
    seen = f"on {100 * measure.used:.3g} % of the picture" if is_other else ""
    note = "; ".join(words for words in (measure.note, seen) if words)
    return measure.name, value, figure.space or "", measure.aligned, note
