from __future__ import annotations

import tomllib

from olat.io.manifest_text import skip_advice


def test_the_advice_to_skip_is_toml_that_can_be_pasted() -> None:
    sentence, *lines = skip_advice("5-7,9", 'the "left" one').splitlines()
    assert sentence == "To go on without frames 5-7,9, add these lines to session.toml:"
    assert tomllib.loads("\n".join(lines)) == {
        "override": [{"frames": "5-7,9", "camera": 'the "left" one', "skip": True}]
    }


def test_one_frame_of_all_cameras_needs_no_camera() -> None:
    assert skip_advice("5") == (
        "To go on without frame 5, add these lines to session.toml:\n"
        '  [[override]]\n  frames = "5"\n  skip = true'
    )
