"""Whether the pictures of a session are what its manifest says: one verdict."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from threadpoolctl import threadpool_limits

from olat.inspection.axes_check import axes_finding, axes_tell
from olat.inspection.duplicates import duplicate_findings
from olat.inspection.glances import Glances, Sweep, glances_of, sweep_of
from olat.inspection.level_check import FEWEST as FEWEST_LEVELS
from olat.inspection.level_check import black_findings, level_findings
from olat.inspection.mirror_check import is_mirror_ball
from olat.inspection.neighbor_model import NOT_SMOOTH, NeighborModel, at_rim, features, model_of
from olat.inspection.order_check import FEWEST, order_finding
from olat.inspection.tracking_check import (
    flicker_finding,
    tracking_finding,
    tracking_places,
)
from olat.inspection.verdict import SequenceFinding, SequenceVerdict, where
from olat.io.frame_expression import format_frames
from olat.model.condition import Dark
from olat.model.rig import LightRig
from olat.model.session import Session

_ELSEWHERE = ("offset", "shifted", "dropped", "doubled")
"""Faults after which most pictures show other lights, so that nothing else can be judged."""
_LIT = 0.3
"""Brightness, relative to the median, from which a picture tells its subject from noise."""
_FLAT = 0.005
"""How far pictures of length 1 scatter, squared, below which all show the same."""
REVISION = 3
"""Counted up when verdicts change."""


def check_sequence(
    session: Session, *, hashes: Mapping[tuple[str, int], str] | None = None
) -> SequenceVerdict:
    """Look at every frame of a session, small, and say what contradicts its manifest.

    Parameters
    ----------
    session
        The capture, as its manifest describes it.
    hashes
        Digest of the content of frames, by camera and number, by which a file that was stored
        twice is known; none to leave that out.

    Returns
    -------
    SequenceVerdict
        Refusals: frames that show other lights than they should, axes that are not those of the
        light file, a black level that is off. Warnings: lights that are dead or not as bright as
        declared, flicker.

    Notes
    -----
    Assumes one fault at a time: where frames are in another order, lights are not compared. What
    cannot be judged is named, and never raised.
    """
    findings: list[SequenceFinding] = []
    silent: list[str] = []
    for place, camera in enumerate(session.cameras):
        glances = glances_of(session, camera)
        if glances is None:
            silent.append(f"{where(camera.name)}: no frame can be read.")
            continue
        known = {
            number: text for (name, number), text in (hashes or {}).items() if name == camera.name
        }
        # Of products so small, threads wait for each other longer than they work.
        with threadpool_limits(1):
            found, left = _camera(glances, session.rig, known, is_first=place == 0)
        findings += found
        silent += left
    return SequenceVerdict(tuple(findings), tuple(silent))


def _camera(
    glances: Glances, rig: LightRig, hashes: Mapping[int, str], *, is_first: bool
) -> tuple[list[SequenceFinding], list[str]]:
    """Return what one camera's frames tell, and what they do not."""
    place = where(glances.camera)
    findings = black_findings(glances)
    sweep = sweep_of(glances, rig)
    if sweep is None:
        return findings, [f"{place}: there are no OLAT frames to check."]
    if len(sweep.frames) < FEWEST:
        few = f"{place}: {len(sweep.frames)} OLAT frames; their order is judged from {FEWEST} on."
        return findings, [few]
    model, silent = _model(sweep, glances, rig)
    order = _order(glances, sweep, model, hashes)
    findings += order
    flicker = None if order else flicker_finding(glances, glances.camera)
    findings += [flicker] if flicker else []
    if model is None or any(item.kind in _ELSEWHERE for item in order):
        return findings, silent
    axes = axes_finding(sweep) if is_first else None
    if not is_first:
        silent.append(f"{place}: axes are judged of the first camera alone, which looks along -z.")
    elif axes is None and not axes_tell(sweep):
        silent.append(f"{place}: brightness does not lean clearly enough to judge the axes.")
    findings += [axes] if axes else []
    if order or (axes and axes.severity == "refusal"):
        return findings, silent
    rim = np.flatnonzero(at_rim(sweep.directions))
    if len(rim) and len(sweep.frames) >= FEWEST_LEVELS:
        lights = format_frames(sweep.lights[rim].tolist())
        silent.append(f"{place}: lights at the rim ({lights}): their level is not judged.")
    return findings + level_findings(sweep, model, dark=_dark(glances)), silent


def _model(sweep: Sweep, glances: Glances, rig: LightRig) -> tuple[NeighborModel | None, list[str]]:
    """Return the model of the lights, or why there is none."""
    place = where(sweep.camera)
    if not rig.is_located:
        return None, [f"{place}: nobody says yet where the lights are; their order is not judged."]
    if _is_flat(sweep):
        return None, [
            f"{place}: pictures differ in brightness alone, as of a flat subject; order and level "
            "of the lights are not judged."
        ]
    pictures = features(sweep.relative, sweep.rows)[sweep.rows]
    model = model_of(sweep.directions, pictures)
    if model.unexplained(pictures) > NOT_SMOOTH:
        return model, [_unlike_words(sweep, glances)]
    return model, []


def _unlike_words(sweep: Sweep, glances: Glances) -> str:
    """Say that neighbors tell nothing, and what to write where the subject is a mirror ball."""
    unjudged = "swaps and the level of single lights are not judged"
    if is_mirror_ball(sweep.pictures, glances.matte, sweep.directions):
        return (
            f"{where(sweep.camera, sweep.frames)}: they look like a mirror ball under one light "
            f"each; {unjudged}. If they are, locate the lights with them: say mirror_ball_sweep = "
            f'"{format_frames(sweep.frames)}" under [sequence] of session.toml.'
        )
    return (
        f"{where(sweep.camera)}: pictures under neighboring lights do not look alike, as of a very "
        f"glossy subject or of lights in another order; {unjudged}."
    )


def _is_flat(sweep: Sweep) -> bool:
    """Tell whether all pictures are the same but for their brightness: nothing tells lights."""
    shape = sweep.relative[sweep.rows][sweep.level > _LIT * np.median(sweep.level)]
    shape = shape / np.maximum(np.linalg.norm(shape, axis=1, keepdims=True), 1e-9)
    return float(np.median(((shape - shape.mean(axis=0)) ** 2).sum(axis=1))) < _FLAT


def _order(
    glances: Glances, sweep: Sweep, model: NeighborModel | None, hashes: Mapping[int, str]
) -> list[SequenceFinding]:
    """Return the first fault of the order that explains what is seen."""
    moved = tracking_finding(glances, tracking_places(glances), sweep, model)
    if moved:
        return [moved]
    same = duplicate_findings(sweep, hashes)
    if model is None:
        return same
    finding = order_finding(sweep, model, features(sweep.relative, sweep.rows)[sweep.rows])
    # A copy in place of another frame is like its neighbors, but its light never shows.
    is_sure = finding is not None and (finding.kind != "swapped" or not same)
    return [finding] if finding is not None and is_sure else same


def _dark(glances: Glances) -> float:
    """Return the brightness of a picture without light."""
    rows = glances.rows(Dark)
    return float(np.mean(glances.scaled[rows][:, glances.matte])) if len(rows) else 0.0
