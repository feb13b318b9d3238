"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import configparser
import re
from pathlib import Path

import pytest

from olat.stages import STAGES

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "olat").rglob("*.py"))
LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
"""Lines, docstring not counted."""
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "misc", "manager", "tools"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_short_enough_to_read(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_MODULE, f"{relative(path)} has {lines} lines; split it by subject"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert length <= LONGEST_FUNCTION, f"{relative(path)}: {node.name} has {length} lines"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_module_is_a_drawer_for_everything(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES


def test_every_parameter_of_a_stage_says_what_it_means() -> None:
    silent = [
        f"{verb}.{name}"
        for verb, stage in STAGES.items()
        for name, field in stage.model_fields.items()
        if not field.description
    ]
    assert not silent


def test_every_stage_has_a_page_that_names_its_parameters() -> None:
    for verb, stage in STAGES.items():
        page = (ROOT / "docs" / "stages" / f"{verb}.md").read_text(encoding="utf-8")
        assert "## Assumes" in page
        for name in stage.model_fields:
            assert f"`{name}`" in page, f"docs/stages/{verb}.md does not mention `{name}`"


def test_the_package_list_is_the_tree() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "olat").rglob("__init__.py")
    }
    assert listed == found | {"olat.share.pipelines", "olat.share.calibration"}


def test_docs_and_code_are_free_of_foreign_paths_and_unfinished_marks() -> None:
    marks = re.compile(r"TO" + r"DO|FIX" + r"ME|XX" + r"X\b|/ho" + r"me/")
    places = [*MODULES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    found = [
        f"{relative(path)}:{number}"
        for path in places
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert not found


def test_the_readme_has_exactly_the_two_commands_that_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[0].endswith("olat demo")
    assert commands[1].endswith("scripts/check")
