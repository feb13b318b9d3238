"""What is worth a word while a command works, on the error output."""

from __future__ import annotations

import logging


class _Once(logging.Filter):
    """Lets each text through once."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a text is new."""
        text = record.getMessage()
        is_new = text not in self._said
        self._said.add(text)
        return is_new


def say_notes_once() -> None:
    """Print warnings as notes, each text once; not where a program has its own way to hear them."""
    root = logging.getLogger()
    if not root.handlers:
        logging.basicConfig(format="note: %(message)s", level=logging.WARNING)
        root.handlers[0].addFilter(_Once())
