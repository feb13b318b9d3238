"""What was found out about the sequence of a session, for people, machines and the cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from olat.inspection.finding import Finding
from olat.io.frame_expression import format_frames

Severity: TypeAlias = Literal["warning", "refusal"]
FaultKind: TypeAlias = Literal[
    "offset",
    "shifted",
    "swapped",
    "dropped",
    "doubled",
    "mirrored",
    "y_down",
    "axes",
    "dead_light",
    "light_level",
    "black_level",
    "flicker",
]


@dataclass(frozen=True, slots=True)
class SequenceFinding:
    """One thing that speaks against the manifest, or against the capture."""

    kind: FaultKind
    severity: Severity
    """Whether processing is refused, or goes on with a note."""
    camera: str
    frames: tuple[int, ...]
    """Numbers of the frames that show it; empty if all do."""
    lights: tuple[int, ...]
    """Lights that it is about, from 0; empty if all are."""
    words: str
    """Where, what was found, what was needed, what to do."""


@dataclass(frozen=True)
class SequenceVerdict:
    """All that the pictures say about their sequence."""

    findings: tuple[SequenceFinding, ...] = ()
    not_judged: tuple[str, ...] = ()
    """What could not be checked, and why."""

    @property
    def refusals(self) -> tuple[SequenceFinding, ...]:
        """Findings that processing is refused for."""
        return tuple(item for item in self.findings if item.severity == "refusal")

    @property
    def warnings(self) -> tuple[SequenceFinding, ...]:
        """Findings that processing goes on with."""
        return tuple(item for item in self.findings if item.severity == "warning")

    def as_finding(self) -> Finding:
        """Return in a line whether the pictures agree with what is said of them."""
        told = "; ".join(text.rstrip(".") for text in self.not_judged)
        if self.findings:
            kinds = ", ".join(dict.fromkeys(item.kind for item in self.findings))
            said = f"contradict the manifest: {kinds.replace('_', ' ')}"
            return Finding("pictures", said, "likely", told or "see the warnings")
        if told:
            return Finding("pictures", "do not contradict the manifest", "guess", told)
        reason = "order, axes and brightness of the lights, as far as small pictures tell"
        return Finding("pictures", "agree with the manifest", "likely", reason)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "findings": [asdict(item) for item in self.findings],
            "not_judged": list(self.not_judged),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> SequenceVerdict:
        """Return what `as_dict` wrote; `KeyError` or `TypeError` if it is something else."""
        findings = [
            SequenceFinding(
                **{**item, "frames": tuple(item["frames"]), "lights": tuple(item["lights"])}
            )
            for item in content["findings"]
        ]
        return cls(tuple(findings), tuple(content["not_judged"]))


def where(camera: str, frames: Iterable[int] = ()) -> str:
    """Return the place of a finding as messages begin."""
    numbers = sorted(frames)
    if not numbers:
        return f"camera {camera!r}"
    return f"camera {camera!r}, frame{'s' if len(numbers) > 1 else ''} {format_frames(numbers)}"
