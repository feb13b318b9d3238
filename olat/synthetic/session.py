"""Write a simulated capture the way a stage operator would hand it over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from olat.io.dng import write_dng
from olat.io.publish import publish_text
from olat.model.condition import ColorGradient, Olat, Target, Tracking, role
from olat.synthetic.capture import photograph
from olat.synthetic.stage import SyntheticStage
from olat.synthetic.truth import SyntheticTruth, truth_of, write_truth

EXPOSURE_S = 1 / 60

MANIFEST = """\
# A simulated light stage. Every quantity of it is known: see truth/.
schema = 1

[session]
name = "{name}"
subject = "{subject}, simulated"

[rig]
lights = "lights.csv"           # one light a row
name = "{rig}"
frame = "olat"                  # y up, z towards the camera
units = "m"
holds = "{holds}"

[camera.A]
files = "raw/A/{{frame:04d}}.dng"
white_patch = {white_patch}               # white facing one light reads this share of full scale
field_of_view_deg = {field_of_view_deg}

[sequence]                      # every frame that is not named here is lit by the next light
frames = "0-{last}"
{roles}

[drive]                         # level of the lights where many shine at once
tracking = {tracking_drive}
gradient = {gradient_drive}

[[override]]
frames = "{gray_ball}"
gain = {gray_gain:.6g}
reason = "all lights shine, as dim as in the tracking frames"
"""


def write_session(
    folder: Path,
    stage: SyntheticStage,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> SyntheticTruth:
    """Capture a simulated subject into real DNG files, with the truth beside them.

    Parameters
    ----------
    folder
        Where ``session.toml``, ``lights.csv``, ``raw/A/*.dng`` and ``truth/`` are written.
    stage
        What to simulate.
    progress
        Told how many frames are done, and of how many.

    Returns
    -------
    SyntheticTruth
        What `read_truth` will read back.
    """
    total = len(stage.conditions)
    for frame in range(total):
        path = folder / "raw" / "A" / f"{frame:04d}.dng"
        write_dng(path, photograph(stage, frame), exposure_s=EXPOSURE_S, model="olat synthetic")
        if progress:
            progress(frame + 1, total)
    truth = truth_of(stage)
    write_truth(folder, truth)
    publish_text(folder / "lights.csv", light_table(stage))
    # Last, so that a folder with a manifest is a whole session.
    publish_text(folder / "session.toml", manifest(stage))
    return truth


def light_table(stage: SyntheticStage) -> str:
    """Return the light file's text: where each light is and how bright."""
    rig = stage.rig
    places = rig.directions if rig.positions is None else rig.positions
    rows = [
        ",".join([str(light), *(f"{x:.9g}" for x in place), *(f"{c:.4f}" for c in color)])
        for light, (place, color) in enumerate(zip(places, rig.intensities, strict=True))
    ]
    return "\n".join(["light,x,y,z,red,green,blue", *rows]) + "\n"


def manifest(stage: SyntheticStage) -> str:
    """Return the text of ``session.toml``."""
    frames: dict[str, list[str]] = {}
    for frame, condition in enumerate(stage.conditions):
        if not isinstance(condition, Olat):
            frames.setdefault(role(condition), []).append(str(frame))
    return MANIFEST.format(
        name=f"synthetic-{stage.subject}",
        subject=stage.subject,
        rig=stage.rig.name,
        holds="directions" if stage.rig.positions is None else "positions",
        white_patch=stage.white_patch,
        field_of_view_deg=stage.camera.field_of_view_deg,
        last=len(stage.conditions) - 1,
        roles="\n".join(f'{word} = "{",".join(numbers)}"' for word, numbers in frames.items()),
        tracking_drive=stage.drive(Tracking()),
        gradient_drive=stage.drive(ColorGradient()),
        gray_ball=frames["gray_ball"][0],
        gray_gain=1.0 / stage.drive(Target("gray_ball")),
    )
