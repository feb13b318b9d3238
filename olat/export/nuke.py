"""A Nuke script that lights the layers of an EXR by a light one can move."""

from __future__ import annotations

from pathlib import Path

from olat.export.layers import LayerOptions, write_layers
from olat.export.source import ExportSource
from olat.io.publish import publish_text

FACING = "max(0, N.X*{x} + N.Y*{y} + N.Z*{z})"
MIRRORED = "max(0, 2*N.Z*(N.X*{x} + N.Y*{y} + N.Z*{z}) - {z})"
"""Cosine between the light and the view, which is (0, 0, 1), mirrored at the normal."""

_SCRIPT = """\
#! olat: the subject of {name}, lit by its normals and Phong terms
# Move the node "Light": toward points from the subject to the light; +x is the picture's right,
# +y up, +z to the camera. A white patch that faces the light reads 1.
Root {{
 inputs 0
 format "{width} {height} 0 0 {width} {height} 1 {word}"
}}
Read {{
 inputs 0
 file_type exr
 file {file}
 format "{width} {height} 0 0 {width} {height} 1 {word}"
 raw true
 name Layers
 xpos 0
 ypos 0
}}
NoOp {{
 name Light
 addUserKnob {{20 User l Light}}
 addUserKnob {{13 toward t "From the subject to the light"}}
 toward {{0.5 0.5 1}}
 addUserKnob {{18 color t "What white reads that faces the light"}}
 color {{1 1 1}}
 xpos 0
 ypos 120
}}
Expression {{
 temp_name0 length
 temp_expr0 "{length}"
 temp_name1 facing
 temp_expr1 "{facing}"
 temp_name2 gloss
 temp_expr2 "{gloss}"
 expr0 "{red}"
 expr1 "{green}"
 expr2 "{blue}"
 expr3 a
 name Relight
 xpos 0
 ypos 180
}}
Premult {{
 name Cut_Out
 xpos 0
 ypos 240
}}
Viewer {{
 name Viewer1
 xpos 0
 ypos 320
}}
"""


def write_nuke(source: ExportSource, path: Path) -> list[Path]:
    """Write the layers as ``.exr``, and beside them a ``.nk`` that lights them.

    Parameters
    ----------
    source
        A processed camera with normals and Phong terms.
    path
        Script to make; the EXR has its name.

    Returns
    -------
    files
        The script and the EXR.

    Raises
    ------
    SessionError
        If normals or Phong terms were not made.

    Notes
    -----
    The light is distant and casts no shadows; the view is along -z, as of a far camera. To light
    the captured field itself, relight it with `olat relight` and read the pictures.
    """
    source.normals(), source.phong()  # raise what is missing before anything is written
    header = source.field().header
    layers = write_layers(source, path.with_suffix(".exr"), LayerOptions())
    publish_text(path, nuke_text(source.session.name, layers[0].name, header.width, header.height))
    return [path, *layers]


def nuke_text(name: str, file: str, width: int, height: int) -> str:
    """Return the script for an EXR of a size that lies beside it."""
    word = "".join(letter if letter.isalnum() else "_" for letter in name).strip("_") or "olat"
    return _SCRIPT.format(
        name=" ".join(name.split()),
        word=word,
        file=f'"\\[file dirname \\[value root.name]]/{file}"',
        width=width,
        height=height,
        **expressions(),
    )


def expressions() -> dict[str, str]:
    """Return what the node computes, in Nuke's words.

    References
    ----------
    .. [1] Phong, Illumination for computer generated pictures, CACM 18(6), 1975.
    """
    toward = {axis: f"Light.toward.{axis}/length" for axis in "xyz"}
    mirrored = MIRRORED.format(**toward)
    return {
        "length": "sqrt(" + " + ".join(f"pow(Light.toward.{axis}, 2)" for axis in "xyz") + ")",
        "facing": FACING.format(**toward),
        "gloss": f"facing > 0 && exponent.Y > 0 ? pow({mirrored}, exponent.Y) : 0",
        **{
            color: f"(albedo.{color}*facing + specular.{color}*gloss) * Light.color.{color[0]}"
            for color in ("red", "green", "blue")
        },
    }
