"""How the codes of a picture stand for light."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeAlias

CODES = 256
"""Of an 8-bit picture."""


@dataclass(frozen=True, slots=True, repr=False)
class ResponseCurve:
    """What light each 8-bit code stands for, as it was measured.

    Raises
    ------
    ValueError
        If it is not 256 rows of one or three numbers, or falls.
    """

    light: tuple[tuple[float, ...], ...]
    """A row for each code: one value for all channels, or red, green, blue [full scale = 1]."""

    def __post_init__(self) -> None:
        columns = {len(row) for row in self.light}
        if len(self.light) != CODES or columns not in ({1}, {3}):
            found = " or ".join(str(count) for count in sorted(columns)) or "no"
            raise ValueError(
                f"a response has {len(self.light)} rows of {found} numbers; {CODES} rows of one or "
                "three are needed"
            )
        for code, (before, after) in enumerate(zip(self.light, self.light[1:], strict=False), 1):
            if not all(low <= high for low, high in zip(before, after, strict=True)):
                raise ValueError(f"a response falls at code {code}; one that rises is needed")

    def __repr__(self) -> str:
        return f"ResponseCurve({hashlib.sha256(repr(self.light).encode()).hexdigest()[:16]})"

    def __str__(self) -> str:
        return "a measured response"


Encoding: TypeAlias = str | float | ResponseCurve
"""``linear``, ``srgb``, the exponent of a power law, or a measured response."""
