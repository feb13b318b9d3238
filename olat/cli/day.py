"""A day on the command line."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime

import click

OTHERS = ("%d.%m.%Y", "%Y.%m.%d", "%Y/%m/%d", "%Y%m%d")
"""Ways of writing a day besides the one that is read, which can mean no other day."""


def day(_: click.Context, param: click.Parameter, text: str | None) -> date | None:
    """Return the day that an option says as YYYY-MM-DD (the callback of a `click.option`)."""
    from olat.errors import UsageError

    if text is None:
        return None
    if (found := _read(text, "%Y-%m-%d")) is not None:
        return found
    flag = param.opts[0]
    meant = next((found for form in OTHERS if (found := _read(text, form)) is not None), None)
    advice = f"as in {flag} 2026-05-17." if meant is None else f"did you mean {flag} {meant}?"
    raise UsageError(f"{flag} {text!r}: needed is a day of the calendar as YYYY-MM-DD; {advice}")


def _read(text: str, form: str) -> date | None:
    with suppress(ValueError):
        return datetime.strptime(text, form).date()
    return None
