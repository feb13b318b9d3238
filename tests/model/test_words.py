"""Numbers and their nouns in messages."""

from __future__ import annotations

import pytest

from olat.model.words import counted


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 lights"), (1, "1 light"), (2, "2 lights"), (331, "331 lights")]
)
def test_one_light_is_no_lights(count: int, words: str) -> None:
    assert counted(count, "light") == words
