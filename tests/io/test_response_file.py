from __future__ import annotations

from pathlib import Path

import pytest

from olat.errors import FileError, SessionError
from olat.io.manifest import read_session
from olat.io.response_file import read_response, write_response
from olat.model.encoding import ResponseCurve

RED = ResponseCurve(tuple((z / 255, (z / 255) ** 2, (z / 255) ** 3) for z in range(256)))


def test_a_response_comes_back(tmp_path: Path) -> None:
    write_response(tmp_path / "response.csv", RED)
    assert (tmp_path / "response.csv").read_text().startswith("red,green,blue\n0,0,0\n")
    found = read_response(tmp_path / "response.csv")
    assert found.light[200] == pytest.approx(RED.light[200], rel=1e-8)


def test_one_column_without_a_heading_is_enough(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("\n".join(str(z) for z in range(256)))
    assert read_response(tmp_path / "r.csv").light[7] == (7.0,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("light\n1\n2\n", "a response has 2 rows of 1 numbers; 256 rows of one or three"),
        ("1\n2\nthree\n", r"r.csv:3: 'three'; one or three numbers"),
        ("\n".join(str(255 - z) for z in range(256)), "falls at code 1; one that rises"),
        ("\n".join(f"{z},{z}" for z in range(256)), "256 rows of 2 numbers"),
        ("", "0 rows of no numbers"),
    ],
)
def test_what_is_no_response_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "r.csv").write_text(text)
    with pytest.raises(FileError, match=words):
        read_response(tmp_path / "r.csv")


def test_a_camera_may_have_a_measured_response(tmp_path: Path) -> None:
    manifest = (
        'schema = 1\n[session]\nname = "r"\n[rig]\ncount = 1\n[camera.A]\n'
        'files = ["a.png"]\nencoding = "response.csv"\n'
    )
    (tmp_path / "session.toml").write_text(manifest)
    (tmp_path / "a.png").touch()
    with pytest.raises(SessionError, match=r"toml:8: .*the response cannot be read"):
        read_session(tmp_path)
    write_response(tmp_path / "response.csv", RED)
    (camera,) = read_session(tmp_path).cameras
    assert isinstance(camera.encoding, ResponseCurve)
    assert str(camera.encoding) == "a measured response"
    other = ResponseCurve(tuple((float(z),) for z in range(256)))
    assert repr(camera.encoding) != repr(other)  # so that a session notices a new table
