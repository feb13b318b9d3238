from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from errno import EACCES, ENOSPC, EPERM, EROFS
from pathlib import Path

import pytest

from olat.errors import FileError, StorageError
from olat.io.publish import (
    HOST,
    is_leftover,
    publish,
    publish_bytes,
    publish_text,
    remove_leftovers,
)

WRITER = """
import sys, time
from pathlib import Path
from olat.io.publish import publish

def write(part):
    with part.open("wb") as file:
        file.write(b"x" * 100_000)
        file.flush()
        print("half", flush=True)
        time.sleep(60)

publish(Path(sys.argv[1]), write)
"""


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from olat.errors import StorageError
from olat.io.exr import write_exr
from olat.io.publish import publish_bytes

resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
path = Path(sys.argv[1])
try:
    if path.suffix == ".exr":
        noise = np.random.default_rng(0).random((100, 100), np.float32)
        write_exr(path, {"Y": noise}, attributes={})
    else:
        publish_bytes(path, bytes(20_000))
except StorageError as error:
    print(error)
"""


def _written_where_files_end_at_10_kb(path: Path) -> str:
    """Write in a process whose files cannot grow, and return what it was told."""
    command = [sys.executable, "-c", LIMITED, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_published_file_stands_alone_in_its_new_folder(tmp_path: Path) -> None:
    publish_text(tmp_path / "a" / "b" / "note.txt", "größer")
    assert (tmp_path / "a" / "b" / "note.txt").read_bytes() == "größer".encode()
    assert _names(tmp_path / "a" / "b") == ["note.txt"]


def test_the_writer_gets_a_hidden_neighbor_with_the_same_suffix(tmp_path: Path) -> None:
    seen: list[Path] = []
    publish(tmp_path / "map.v2.exr", seen.append)
    (part,) = seen
    assert part.parent == tmp_path
    assert part.name.startswith(".map.v2.")
    assert part.suffix == ".exr"


@pytest.mark.parametrize("error", [FileError("no"), RuntimeError("no"), KeyboardInterrupt()])
def test_a_writer_that_fails_leaves_the_older_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "map.exr"
    publish_bytes(path, b"older")

    def write(part: Path) -> None:
        part.write_bytes(b"newer")
        raise error

    with pytest.raises(type(error)):
        publish(path, write)
    assert path.read_bytes() == b"older"
    assert _names(tmp_path) == ["map.exr"]


def test_a_disk_that_ends_in_mid_write_is_named_and_holds_no_part(tmp_path: Path) -> None:
    told = _written_where_files_end_at_10_kb(tmp_path / "map.bin")
    assert re.search(rf"{tmp_path}: 'map.bin' could not be .*free: .* bytes", told)
    assert _names(tmp_path) == []


def test_a_library_that_hides_the_reason_is_seen_through(tmp_path: Path) -> None:
    told = _written_where_files_end_at_10_kb(tmp_path / "noise.exr")
    assert "'noise.exr' could not be written" in told
    assert _names(tmp_path) == []


def test_an_unexplained_failure_on_a_full_disk_is_the_disks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(part: Path) -> None:
        raise ValueError("encoder failed")

    with pytest.raises(ValueError, match="encoder failed"):
        publish(tmp_path / "map.png", write)
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage)
    with pytest.raises(StorageError, match=f"{os.strerror(ENOSPC)}.*free: 4,096 bytes"):
        publish(tmp_path / "map.png", write)


class _Usage:
    """A disk with one block left."""

    free = 4096


@pytest.mark.parametrize("number", [EACCES, EPERM, EROFS])
def test_a_folder_that_may_not_be_written_is_no_matter_of_space(
    tmp_path: Path, number: int
) -> None:
    def write(part: Path) -> None:
        raise OSError(number, os.strerror(number), str(part))

    with pytest.raises(StorageError, match="Choose a folder that can be written") as caught:
        publish(tmp_path / "map.png", write)
    assert os.strerror(number) in str(caught.value)
    assert "Free space" not in str(caught.value)


def test_a_file_in_the_place_of_a_folder_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "olat").write_text("")
    with pytest.raises(StorageError, match=r"olat: 'map.exr' could not be written"):
        publish_bytes(tmp_path / "olat" / "map.exr", b"")


def test_kill_9_in_mid_write_leaves_no_product_and_a_leftover_that_goes(tmp_path: Path) -> None:
    product = tmp_path / "camera" / "normals.exr"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(product)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"half\n"
        (part,) = product.parent.iterdir()
        assert part.stat().st_size == 100_000
        assert not is_leftover(part), "its writer is alive"
        assert remove_leftovers(tmp_path) == ()
        writer.send_signal(signal.SIGKILL)
    assert not product.exists()
    assert is_leftover(part)
    assert remove_leftovers(tmp_path) == (part,)
    assert list(product.parent.iterdir()) == []


def test_parts_of_other_machines_are_left_for_a_day(tmp_path: Path) -> None:
    part = tmp_path / f".map.{HOST}x.1.0123abcd.part.exr"
    part.touch()
    assert not is_leftover(part)
    yesterday = time.time() - 25 * 3600
    os.utime(part, (yesterday, yesterday))
    assert is_leftover(part)


@pytest.mark.parametrize("name", ["map.exr", ".hidden", f".map.{HOST}.1.part.exr", "a.part.exr"])
def test_other_peoples_files_are_never_leftovers(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    os.utime(path, (0, 0))
    assert not is_leftover(path)
    assert remove_leftovers(tmp_path) == ()
