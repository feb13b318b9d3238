"""Definitions are checked before anything is opened, with words that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from olat.engine.pipeline import load_pipeline, shipped_pipelines
from olat.errors import PipelineError
from olat.stages import STAGES
from olat.stages.capture import GIVEN
from tests.engine.toys import CATALOG

WRONG = {
    "unknown_stage": ('stages = ["doubel"]', "no stage 'doubel'. Did you mean 'double'?"),
    "unknown_parameter": (
        'stages = ["double"]\n[double]\ngian = 1.0',
        "[double] has no parameter 'gian'. Did you mean 'gain'?",
    ),
    "wrong_type": (
        'stages = ["double"]\n[double]\ngain = "two"',
        "[double] gain = 'two'; input should be a valid number.",
    ),
    "missing_product": (
        'stages = ["double", "collect"]',
        "'collect' needs 'shift', which no earlier stage makes.",
    ),
    "twice": ('stages = ["double", "double"]', "both make 'doubled'"),
    "no_stages": ('summary = "nothing"', "'stages' must list at least one stage"),
    "not_toml": ("stages = [", "this is not TOML"),
    "table_of_absent_stage": (
        'stages = ["double"]\n[total]\npower = 2',
        "[total] sets parameters of a stage that is not run",
    ),
    "unknown_word": ('stages = ["double"]\nstaegs = 1', "there is no stage 'staegs'"),
    "stage_is_no_table": ('double = 3\nstages = ["double"]', "needed is a table [double]"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_definition_is_refused_with_the_reason(tmp_path: Path, fault: str) -> None:
    text, words = WRONG[fault]
    path = tmp_path / f"{fault}.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PipelineError) as caught:
        load_pipeline(str(path), catalog=CATALOG, given={"photo", "frame", "rig"})
    assert words in str(caught.value)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("gain=3", "needed is stage.parameter=value"),
        ("duble.gain=3", "no stage 'duble'. Did you mean 'double'?"),
        ("double.gain=many", "gain = 'many'"),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path: Path, setting: str, words: str) -> None:
    path = tmp_path / "toy.toml"
    path.write_text('stages = ["double"]', encoding="utf-8")
    with pytest.raises(PipelineError) as caught:
        load_pipeline(
            str(path), catalog=CATALOG, given={"photo", "frame", "rig"}, settings=[setting]
        )
    assert words in str(caught.value)


def test_an_extended_definition_may_not_extend(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('stages = ["double"]', encoding="utf-8")
    (tmp_path / "b.toml").write_text(f'extends = "{tmp_path / "a.toml"}"', encoding="utf-8")
    third = tmp_path / "c.toml"
    third.write_text(f'extends = "{tmp_path / "b.toml"}"', encoding="utf-8")
    with pytest.raises(PipelineError, match="one level is allowed"):
        load_pipeline(str(third), catalog=CATALOG, given={"photo", "frame"})


def test_an_extending_definition_overrides_single_parameters(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('stages = ["double"]\n[double]\ngain = 5.0', encoding="utf-8")
    path = tmp_path / "b.toml"
    path.write_text(f'extends = "{tmp_path / "a.toml"}"\nsummary = "b"', encoding="utf-8")
    pipeline = load_pipeline(str(path), catalog=CATALOG, given={"photo", "frame"})
    assert pipeline.stages[0].model_dump() == {"gain": 5.0}
    assert pipeline.summary == "b"


@pytest.mark.parametrize("path", shipped_pipelines(), ids=lambda path: path.stem)
def test_every_shipped_definition_loads(path: Path) -> None:
    pipeline = load_pipeline(path.stem, catalog=STAGES, given=GIVEN)
    assert pipeline.summary
    assert pipeline.stages


def test_the_preview_solves_no_flow_at_more_than_draft() -> None:
    """Its summary says so, and flow to gradients was solved at half size."""
    stages = load_pipeline("preview", catalog=STAGES, given=GIVEN).stages
    presets = {
        stage.verb(): stage.model_dump()["flow_preset"]
        for stage in stages
        if "flow_preset" in type(stage).model_fields
    }
    assert presets == {"track": "draft", "track_gradients": "draft"}


def test_an_unknown_pipeline_names_those_there_are() -> None:
    with pytest.raises(PipelineError, match="Did you mean 'standard'"):
        load_pipeline("standrad", catalog=STAGES, given=GIVEN)
