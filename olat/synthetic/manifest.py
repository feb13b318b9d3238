"""The texts beside a simulated capture: its manifest and its light file."""

from __future__ import annotations

from olat.io.frame_expression import format_frames
from olat.model.condition import AxisGradient, ColorGradient, SecondOrder, Target, Tracking
from olat.model.roles import PATTERNS
from olat.synthetic.plan import frames_by_exposure, frames_by_role
from olat.synthetic.stage import SyntheticStage

EXPOSURE_S = 1 / 60
"""Of the frames of the sweep [s]."""

MANIFEST = """\
# A simulated light stage. Every quantity of it is known: see truth/.
schema = 1

[session]
name = "{name}"
{date}subject = "{subject}, simulated"

[rig]
{lights}
name = "{rig}"

[camera.A]
files = "raw/A/{{frame:04d}}.dng"
white_patch = {white_patch}               # white facing one light reads this share of full scale
field_of_view_deg = {field_of_view_deg}
distance_m = {distance_m}
{identity}
[sequence]                      # every frame that is not named here is lit by the next light
frames = "0-{last}"
{roles}

[drive]                         # level of the lights where many shine at once
tracking = {tracking_drive}
gradient = {gradient_drive}
{drives}{overrides}"""

LOCATED = """\
lights = "lights.csv"           # one light a row
frame = "olat"                  # y up, z towards the camera
units = "m"
holds = "{holds}\""""


def manifest(stage: SyntheticStage) -> str:
    """Return the text of ``session.toml``."""
    frames = frames_by_role(stage.conditions)
    roles = {word: format_frames(numbers) for word, numbers in frames.items()}
    lines = [f'{word} = "{frames}"' for word, frames in roles.items() if word not in PATTERNS]
    if stage.bracket > 1:
        lines.append(f"bracket = {stage.bracket}")
    patterns = [f'{word} = "{frames}"' for word, frames in roles.items() if word in PATTERNS]
    if patterns:
        lines += ["", "[sequence.patterns]", *patterns]
    identity = {"serial": stage.serial, "lens": stage.lens}
    return MANIFEST.format(
        name=f"synthetic-{stage.subject}",
        date="" if stage.date is None else f"date = {stage.date.isoformat()}\n",
        subject=stage.subject,
        lights=_lights(stage),
        rig=stage.rig.name,
        white_patch=stage.white_patch,
        field_of_view_deg=stage.camera.field_of_view_deg,
        distance_m=stage.camera.distance,
        identity="".join(f'{key} = "{word}"\n' for key, word in identity.items() if word),
        last=len(stage.conditions) - 1,
        roles="\n".join(lines),
        tracking_drive=stage.drive(Tracking()),
        gradient_drive=stage.drive(ColorGradient()),
        drives="".join(_drives(stage) if patterns else ()),
        overrides="".join(_overrides(stage, roles["gray_ball"])),
    )


def light_table(stage: SyntheticStage) -> str:
    """Return the light file's text: where each light is and how bright."""
    rig = stage.told_rig
    places = rig.directions if rig.positions is None else rig.positions
    rows = [
        ",".join([str(light), *(f"{x:.9g}" for x in place), *(f"{c:.4f}" for c in color)])
        for light, (place, color) in enumerate(zip(places, rig.intensities, strict=True))
    ]
    return "\n".join(["light,x,y,z,red,green,blue", *rows]) + "\n"


def _lights(stage: SyntheticStage) -> str:
    """Return the lines that tell where the lights are, or how many."""
    if stage.light_file == "none":
        return f"count = {stage.light_count}                      # where they are is not known yet"
    return LOCATED.format(holds="directions" if stage.rig.positions is None else "positions")


def _drives(stage: SyntheticStage) -> list[str]:
    """Return the lines that tell the level of patterns besides linear gradients."""
    levels = {
        "binary": stage.drive(AxisGradient("x", is_binary=True)),
        "second_order": stage.drive(SecondOrder("xx")),
    }
    return [f"{key} = {level}\n" for key, level in levels.items()]


def _overrides(stage: SyntheticStage, gray_ball: str) -> list[str]:
    """Return what is different about some frames: the level of the lights, the exposure."""
    gain = 1.0 / stage.drive(Target("gray_ball"))
    reason = "all lights shine, as dim as in the tracking frames"
    entries = [f'\n[[override]]\nframes = "{gray_ball}"\ngain = {gain:.6g}\nreason = "{reason}"\n']
    for exposure, frames in frames_by_exposure(stage.shots).items():
        seconds = exposure * EXPOSURE_S
        entries.append(
            f'\n[[override]]\nframes = "{format_frames(frames)}"\nexposure_s = {seconds:.6g}\n'
        )
    return entries
