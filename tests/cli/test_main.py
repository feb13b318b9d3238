"""The command line as people and schedulers meet it, in processes of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from olat.cli.main import VERBS


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``python -m olat``."""
    return subprocess.run(
        [sys.executable, "-m", "olat", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1"},
    )


def test_help_imports_nothing_heavy_and_is_quick() -> None:
    probe = (
        "import sys\n"
        "sys.argv = ['olat', '--help']\n"
        "from olat.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = ('numpy', 'cv2', 'scipy', 'dask', 'numba', 'rawpy', 'pydantic')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"olat --help: {seconds:.3f} s CPU")
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(verb in done.stdout for verb in VERBS)
    assert seconds < 0.2


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    done = run(verb, "--help")
    assert done.returncode == 0
    assert "Usage: olat" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["procces"], 2, "No such command 'procces'"),
        (["process", "nowhere"], 2, "nowhere"),
        (["relight", ".", "-o", "x.png"], 2, "one of --light or --point, --env"),
        (["relight", ".", "--light", "1,2", "-o", "x.png"], 2, "needed are three finite numbers"),
        (["relight", ".", "--light", "0,0,1", "-o", "x.jpg"], 2, "ends in .exr or .png"),
        (
            ["relight", ".", "--light", "0,0,1", "--shadows", "-o", "x.png"],
            2,
            "--shadows without --lobes",
        ),
        (["explain", "solve_normal"], 2, "Did you mean 'solve_normals'?"),
        (["process", ".", "--workers", "-1"], 2, "Invalid value for '--workers'"),
    ],
)
def test_wrong_words_are_answered_in_one_line_without_a_traceback(
    tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    done = run(*words, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_traceback_shows_where_an_error_arose(tmp_path: Path) -> None:
    done = run("process", "nowhere", "--traceback", cwd=tmp_path)
    assert "Traceback" in done.stderr
    assert "SessionError" in done.stderr


@pytest.mark.parametrize("name", ["standard", "preview", "normals", "align", "phong"])
def test_explain_describes_pipelines_stages_and_products(name: str) -> None:
    done = run("explain", name)
    assert done.returncode == 0
    assert "makes" in done.stdout
