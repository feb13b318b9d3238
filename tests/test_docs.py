"""The documentation, held against the program: examples run, links lead somewhere, names exist."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import click
import numpy as np
import pytest

from olat.api.processing import process
from olat.engine.receipt import Receipt
from olat.io.exr import read_exr
from olat.io.frame_expression import parse_frames
from olat.io.frame_table import ROLES, read_frame_table
from olat.io.light_file import FORMATS
from olat.io.manifest import read_session
from olat.io.manifest_schema import (
    CameraTable,
    DriveTable,
    Manifest,
    OverrideTable,
    RigTable,
    SequenceTable,
    SessionTable,
)
from olat.io.manifest_text import parse_manifest
from olat.light.arrangements import fibonacci_sphere
from olat.model.condition import Polarized
from olat.model.flags import PixelFlag
from olat.model.roles import PATTERNS, role
from olat.stages import STAGES
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [
    path
    for folder in (".", "docs", "pipelines", "calibration", "changes", "benchmarks")
    for path in sorted((ROOT / folder).glob("*.md" if folder == "." else "**/*.md"))
]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TABLES = (SessionTable, RigTable, CameraTable, SequenceTable, DriveTable, OverrideTable)


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(page), re.DOTALL | re.MULTILINE)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


# Links


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    targets = [target.partition("#")[0] for target in LINK.findall(page.read_text("utf-8"))]
    lost = [
        target
        for target in targets
        if target and "://" not in target and not (page.parent / target).exists()
    ]
    assert not lost


def anchors(page: Path) -> set[str]:
    """Return the names under which the headings of a page can be linked."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_to_a_heading_leads_somewhere(page: Path) -> None:
    links = [target.partition("#") for target in LINK.findall(page.read_text("utf-8"))]
    lost = [
        f"{place}#{anchor}"
        for place, _, anchor in links
        if anchor
        and "://" not in place
        and anchor not in anchors(page.parent / place if place else page)
    ]
    assert not lost


def test_every_page_is_in_the_index() -> None:
    linked = {(DOCS / target).resolve() for target in LINK.findall(text_of("README.md"))}
    pages = {*DOCS.glob("*.md"), *(DOCS / "stages").glob("*.md")} - {DOCS / "README.md"}
    assert {relative(page) for page in pages} <= {relative(page) for page in linked}


# Manifests

EXAMPLES = blocks("session.md", "toml")
WHOLE = [example for example in EXAMPLES if example.startswith("schema")]
FRAME = {
    "session": '[session]\nname = "fragment"\n',
    "rig": '[rig]\nlights = "lights.csv"\n',
    "camera": '[camera.A]\nfiles = "{frame}.dng"\n',
}
"""What completes a fragment of a manifest."""


def completed(example: str) -> str:
    """Return a fragment of a manifest with the tables that it leaves out."""
    content = tomllib.loads(example)
    if "schema" in content:
        return example
    return "schema = 1\n" + "".join(FRAME[key] for key in FRAME if key not in content) + example


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_every_example_of_a_manifest_is_read(example: str, tmp_path: Path) -> None:
    path = tmp_path / "session.toml"
    path.write_text(completed(example), encoding="utf-8")
    manifest, complaints = parse_manifest(path)
    complaints.raise_any()
    assert manifest.session.name


ONCE = ("dark", "gradient", "complement", "mirror_ball", "gray_ball", "flat")
OTHERS = {"tracking": 7, **dict.fromkeys(ONCE, 1)}
CAPTURES = {
    "first": (4, range(1, 5), {"A": {"olat": 4}}),
    "anna-smile": (
        62,
        range(73),
        {"left": {"olat": 60, **OTHERS}, "right": {"olat": 59, **OTHERS}},
    ),
    "coin-1887": (48, range(1, 49), {"A": {"olat": 48}}),
    "cow": (96, range(1, 97), {"A": {"olat": 96}}),
}
"""By the name of an example: lights in its file, frames on disk, frames of each role."""


def capture(folder: Path, example: str, *, lights: int, frames: range) -> None:
    """Make a folder with empty photographs and lights, as an example describes it."""
    content = tomllib.loads(example)
    (folder / "session.toml").write_text(example, encoding="utf-8")
    rows = [" ".join(map(str, row)) for row in fibonacci_sphere(lights)]
    if content["rig"]["lights"].endswith(".lp"):
        rows = [f"{lights}", *(f"{i}.tif {row}" for i, row in enumerate(rows))]
    (folder / content["rig"]["lights"]).write_text("\n".join(rows), encoding="utf-8")
    for name, camera in content["camera"].items():
        dropped = {
            frame
            for item in content.get("override", [])
            if item.get("skip") and item.get("camera", name) == name
            for frame in parse_frames(item["frames"])
        }
        for frame in sorted(set(frames) - dropped):
            path = folder / camera["files"].format(frame=frame)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        if "mask" in camera:
            (folder / camera["mask"]).touch()
    order = content.get("sequence", {}).get("order")
    if order:
        (folder / order).write_text("\n".join(map(str, range(1, lights + 1))), encoding="utf-8")


@pytest.mark.parametrize("example", WHOLE, ids=lambda text: tomllib.loads(text)["session"]["name"])
def test_every_whole_example_resolves_to_the_frames_it_speaks_of(
    example: str, tmp_path: Path
) -> None:
    lights, frames, wanted = CAPTURES[tomllib.loads(example)["session"]["name"]]
    capture(tmp_path, example, lights=lights, frames=frames)
    session = read_session(tmp_path)
    found = {
        camera.name: Counter(
            role(frame.condition) for frame in session.frames_of(camera.name).values()
        )
        for camera in session.cameras
    }
    assert found == wanted


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_of_a_manifest_is_explained(table: type) -> None:
    page = text_of("session.md")
    missing = [key for key in table.model_fields if f"| `{key}` |" not in page]
    assert not missing


def test_every_table_role_and_light_format_is_explained() -> None:
    page = text_of("session.md")
    names = [field.alias or name for name, field in Manifest.model_fields.items()]
    assert all(f"`{name}" in page or f"[{name}" in page for name in names)
    assert all(f"`{word}`" in page for word in ROLES)
    plain = [word for word, pattern in PATTERNS.items() if not isinstance(pattern, Polarized)]
    assert all(f"`{word}`" in page for word in plain)
    suffixes = {suffix for line in FORMATS for suffix in re.findall(r"\.[a-z]{2,4}\b", line)}
    assert all(suffix in page for suffix in suffixes)


def test_frame_expressions_mean_what_the_page_says() -> None:
    rows = re.findall(r"^\| `([\d\-x:, ]+)` \| ([\d ]+) \|", text_of("session.md"), re.MULTILINE)
    assert len(rows) >= 4
    for expression, frames in rows:
        assert parse_frames(expression) == tuple(map(int, frames.split()))


def test_the_example_of_a_frame_table_is_read(tmp_path: Path) -> None:
    (example,) = blocks("session.md", "csv")
    path = tmp_path / "frames.csv"
    path.write_text(example, encoding="utf-8")
    assert read_frame_table(path)


# Stages


@pytest.mark.parametrize("verb", STAGES)
def test_the_page_of_a_stage_tells_the_defaults(verb: str) -> None:
    page = text_of(f"stages/{verb}.md")
    for name, field in STAGES[verb].model_fields.items():
        assert f"| `{name}` | `{json.dumps(field.default)}` |" in page


@pytest.mark.parametrize("verb", STAGES)
def test_the_page_of_a_stage_names_what_it_makes(verb: str) -> None:
    makes = text_of(f"stages/{verb}.md").partition("## Makes")[2]
    assert f"`{STAGES[verb].makes}`" in makes


@pytest.mark.parametrize("verb", STAGES)
def test_the_references_of_a_stage_are_in_the_bibliography(verb: str) -> None:
    references = text_of(f"stages/{verb}.md").partition("## References")[2]
    keys = re.findall(r"`([a-z]+\d{4})`", references)
    known = re.findall(r"^@\w+\{(\w+),", text_of("bibliography.bib"), re.MULTILINE)
    assert keys
    assert set(keys) <= set(known)


# Products


def test_every_flag_is_listed_with_its_value() -> None:
    page = text_of("products.md")
    assert all(f"| {flag.value} | `{flag.name}` |" in page for flag in PixelFlag)


def test_every_entry_of_a_receipt_is_explained() -> None:
    page = text_of("products.md")
    assert not [entry.name for entry in fields(Receipt) if f"| `{entry.name}` |" not in page]


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a processed session named SESSION and a map named MAP.exr."""
    from olat.io.exr import write_exr

    folder = tmp_path_factory.mktemp("docs")
    write_session(folder / "SESSION", SyntheticStage.preset("tiny"))
    summary = process(folder / "SESSION", keep=["radiance", "aligned"], workers=0)
    assert not summary.failures
    grid = np.ones((16, 32), np.float32)
    write_exr(folder / "MAP.exr", dict.fromkeys("RGB", grid), attributes={})
    return folder


def test_every_file_that_a_run_leaves_is_listed(processed: Path) -> None:
    page = text_of("products.md")
    for path in (processed / "SESSION" / "olat").rglob("*"):
        if path.is_dir() or any(part.endswith(".zarr") for part in path.parts):
            continue
        name = re.sub(r"^\d{4}\.", "<frame>.", path.name)
        is_listed = name in page or name.replace(".png", ".exr") in page
        assert is_listed, f"products.md does not list {name}"
        if path.suffix == ".exr":
            channels, attributes = read_exr(path)
            own = [attribute for attribute in attributes if attribute.startswith("olat/")]
            assert not [word for word in (*channels, *own) if word not in page]


def test_every_attribute_of_a_field_is_explained(processed: Path) -> None:
    document = (processed / "SESSION" / "olat" / "A" / "field.zarr" / "zarr.json").read_text(
        "utf-8"
    )
    explained = text_of("products.md").partition("The group's attributes")[2]
    assert not [name for name in json.loads(document)["attributes"] if f"`{name}`" not in explained]


@pytest.mark.slow
@pytest.mark.parametrize("page", ["products.md", "relighting.md"])
def test_every_example_in_python_runs(page: str, processed: Path) -> None:
    examples = blocks(page, "python")
    assert examples
    script = "\n".join(examples)
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=processed, check=True)


# Commands


def commands() -> list[tuple[str, str]]:
    return [
        (relative(page), line)
        for page in PAGES
        for block in re.findall(r"^```sh\n(.*?)^```$", page.read_text("utf-8"), re.S | re.M)
        for line in block.splitlines()
        if line.startswith("olat ")
    ]


@pytest.mark.parametrize(("page", "line"), commands())
def test_every_command_is_one_that_the_program_takes(page: str, line: str) -> None:
    _, verb, *arguments = shlex.split(line, comments=True)
    command: click.Command = import_module(f"olat.cli.{verb}").command
    if isinstance(command, click.Group):
        context = click.Context(command)
        _, inner, arguments = command.resolve_command(context, arguments)
        assert inner is not None
        command = inner
    command.make_context(verb, arguments)
