"""Words that messages have in common."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 light``, ``2 lights``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
