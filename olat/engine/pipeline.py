"""Pipeline definitions: which stages, with which parameters, checked before anything runs."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from olat.engine.shipped import shipped
from olat.engine.stage import Grain, Stage
from olat.errors import PipelineError

Catalog = Mapping[str, type[Stage]]
"""Every stage by its verb, in running order."""


@dataclass(frozen=True)
class Pipeline:
    """Stages in running order, with their parameters."""

    name: str
    summary: str
    stages: tuple[Stage, ...]
    kept: frozenset[str] = frozenset()
    """Products that are kept although their stage would not keep them."""
    folder: str = "olat"
    """Where products go, below the session; definitions with one of their own do not meet."""

    def maker(self, product: str, *, before: Stage | None = None) -> Stage | None:
        """Return the stage that makes a product, or nothing.

        Only an earlier stage counts where one is named that reads the product.
        """
        stages = self.stages if before is None else self.stages[: self.stages.index(before)]
        return next((stage for stage in stages if stage.makes == product), None)

    def is_kept(self, stage: Stage) -> bool:
        """Tell whether a stage's product goes to disk."""
        return stage.is_kept or stage.makes in self.kept


def load_pipeline(
    name: str,
    *,
    catalog: Catalog,
    given: Iterable[str],
    settings: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Pipeline:
    """Read a definition, apply settings and check that it can run.

    Parameters
    ----------
    name
        A shipped definition (``standard``) or a path to a ``.toml`` file.
    catalog
        The stages there are.
    given
        Names that a stage may ask for without another stage making them.
    settings
        ``stage.parameter=value`` from the command line; values as in TOML.
    keep
        Products to keep on disk although their stage would not.

    Raises
    ------
    PipelineError
        Naming the file, what it says, and the nearest name that exists.
    """
    path = _path_of(name)
    definition = _definition(path)
    for setting in settings:
        _apply(definition, setting)
    known = {"summary", "stages", "extends", "folder", *catalog}
    for word in definition:
        if word not in known:
            raise PipelineError(f"{path.name}: there is no stage {word!r}.{_near(word, catalog)}")
    verbs = definition.get("stages", [])
    if not isinstance(verbs, list) or not verbs:
        raise PipelineError(f"{path.name}: 'stages' must list at least one stage.")
    stages = tuple(_stage(path.name, verb, definition, catalog) for verb in verbs)
    pipeline = Pipeline(
        name=path.stem,
        summary=str(definition.get("summary", "")),
        stages=stages,
        kept=frozenset(keep),
        folder=_folder(path.name, definition),
    )
    _check(path.name, pipeline, set(given), definition, keep)
    return pipeline


def shipped_pipelines() -> list[Path]:
    """Return the definitions that come with olat."""
    return sorted(shipped("pipelines").glob("*.toml"))


def _path_of(name: str) -> Path:
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise PipelineError(f"{path}: there is no such file.")
        return path
    by_name = {path.stem: path for path in shipped_pipelines()}
    if name not in by_name:
        raise PipelineError(
            f"There is no pipeline {name!r}; there are {', '.join(by_name)}, "
            f"or a path that ends in .toml.{_near(name, by_name)}"
        )
    return by_name[name]


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PipelineError(f"{path}: this is not TOML: {error}.") from error


def _definition(path: Path) -> dict[str, Any]:
    """Return a definition laid over the one that it extends."""
    own = _toml(path)
    if "extends" not in own:
        return own
    base_path = _path_of(own["extends"])
    base = _toml(base_path)
    if "extends" in base:
        raise PipelineError(
            f"{path.name}: extends {base_path.stem!r}, which extends {base['extends']!r} itself; "
            "one level is allowed. Write the stages out."
        )
    merged = dict(base)
    for word, value in own.items():
        both = isinstance(value, dict) and isinstance(base.get(word), dict)
        merged[word] = {**base[word], **value} if both else value
    return merged


def _apply(definition: dict[str, Any], setting: str) -> None:
    """Put ``stage.parameter=value`` into a definition."""
    place, equals, text = setting.partition("=")
    verb, dot, parameter = place.strip().partition(".")
    if not (equals and dot):
        raise PipelineError(f"--set {setting}: needed is stage.parameter=value.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    if verb not in definition.get("stages", []):
        stages = definition.get("stages", [])
        raise PipelineError(
            f"--set {setting}: the pipeline has no stage {verb!r}.{_near(verb, stages)}"
        )
    definition[verb] = {**definition.get(verb, {}), parameter: value}


def _folder(file: str, definition: dict[str, Any]) -> str:
    folder = definition.get("folder", "olat")
    if not isinstance(folder, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", folder):
        raise PipelineError(
            f"{file}: folder = {folder!r}; needed is a plain name of letters, digits, - and _."
        )
    return folder


def _stage(file: str, verb: Any, definition: dict[str, Any], catalog: Catalog) -> Stage:
    if verb not in catalog:
        raise PipelineError(f"{file}: there is no stage {verb!r}.{_near(str(verb), catalog)}")
    parameters = definition.get(verb, {})
    if not isinstance(parameters, dict):
        raise PipelineError(f"{file}: {verb} = {parameters!r}; needed is a table [{verb}].")
    kind = catalog[verb]
    try:
        return kind.model_validate(parameters)
    except ValidationError as error:
        raise PipelineError(_wording(file, verb, kind, error)) from error


def _wording(file: str, verb: str, kind: type[Stage], error: ValidationError) -> str:
    lines = []
    for fault in error.errors():
        name = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            near = _near(name, kind.model_fields)
            lines.append(f"{file}: [{verb}] has no parameter {name!r}.{near}")
        else:
            said = fault["msg"][0].lower() + fault["msg"][1:]
            lines.append(f"{file}: [{verb}] {name} = {fault['input']!r}; {said}.")
    return "\n".join(lines)


def _check(
    file: str,
    pipeline: Pipeline,
    given: set[str],
    definition: dict[str, Any],
    keep: Sequence[str],
) -> None:
    """Check that the definition is about its own stages, and that products do not collide."""
    made: dict[str, Stage] = {}
    for stage in pipeline.stages:
        _check_needs(file, stage, made, given)
        if stage.makes in made:
            raise PipelineError(
                f"{file}: {made[stage.makes].verb()!r} and {stage.verb()!r} both make "
                f"{stage.makes!r}."
            )
        made[stage.makes] = stage
        if clash := stage.clash(pipeline.stages):
            raise PipelineError(f"{file}: {clash}")
    for verb, value in definition.items():
        if isinstance(value, dict) and verb not in definition["stages"]:
            raise PipelineError(f"{file}: [{verb}] sets parameters of a stage that is not run.")
    for product in keep:
        if product not in made:
            raise PipelineError(f"--keep {product}: no stage makes it.{_near(product, made)}")


def _check_needs(file: str, stage: Stage, made: Mapping[str, Stage], given: set[str]) -> None:
    """Check that every need of a stage is met by an earlier one, and that the grains fit."""
    for need in stage.needs():
        maker = made.get(need.name)
        if maker is None and not need.is_optional and need.name not in given:
            raise PipelineError(
                f"{file}: {stage.verb()!r} needs {need.name!r}, which no earlier stage makes."
            )
        if maker is not None and need.is_many and maker.grain is not Grain.FRAME:
            raise PipelineError(
                f"{file}: {stage.verb()!r} wants {need.name!r} of every frame, but "
                f"{maker.verb()!r} makes one a camera."
            )


def _near(word: str, words: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(words), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
