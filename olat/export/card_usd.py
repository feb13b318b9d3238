"""A card as USD text: a rectangle with a UsdPreviewSurface."""

from __future__ import annotations

from olat.export.card_files import BASE_COLOR, NORMAL, ROUGHNESS, SPECULAR, Card

_STAGE = """\
#usda 1.0
(
    defaultPrim = "Card"
    doc = "Relightable card of {name}. The world is olat's: y up, meters, +z to the camera."
    metersPerUnit = 1
    upAxis = "Y"
)

def Xform "Card" (
    kind = "component"
)
{{
    def Mesh "Surface" (
        prepend apiSchemas = ["MaterialBindingAPI"]
    )
    {{
        float3[] extent = [({left:.9g}, {bottom:.9g}, 0), ({right:.9g}, {top:.9g}, 0)]
        int[] faceVertexCounts = [4]
        int[] faceVertexIndices = [0, 1, 2, 3]
        rel material:binding = </Card/Looks/Skin>
        normal3f[] normals = [(0, 0, 1), (0, 0, 1), (0, 0, 1), (0, 0, 1)] (
            interpolation = "vertex"
        )
        point3f[] points = [({left:.9g}, {bottom:.9g}, 0), ({right:.9g}, {bottom:.9g}, 0), \
({right:.9g}, {top:.9g}, 0), ({left:.9g}, {top:.9g}, 0)]
        texCoord2f[] primvars:st = [(0, 0), (1, 0), (1, 1), (0, 1)] (
            interpolation = "vertex"
        )
        uniform token subdivisionScheme = "none"
    }}

    def Scope "Looks"
    {{
        def Material "Skin"
        {{
            token outputs:surface.connect = </Card/Looks/Skin/Preview.outputs:surface>

            def Shader "Preview"
            {{
                uniform token info:id = "UsdPreviewSurface"
                color3f inputs:diffuseColor.connect = </Card/Looks/Skin/BaseColor.outputs:rgb>
                normal3f inputs:normal.connect = </Card/Looks/Skin/Normal.outputs:rgb>
                float inputs:opacity.connect = </Card/Looks/Skin/BaseColor.outputs:a>
                float inputs:opacityThreshold = 0.5
                float inputs:roughness.connect = </Card/Looks/Skin/Roughness.outputs:g>
                color3f inputs:specularColor.connect = </Card/Looks/Skin/Specular.outputs:rgb>
                int inputs:useSpecularWorkflow = 1
                token outputs:surface
            }}

            def Shader "Coordinates"
            {{
                uniform token info:id = "UsdPrimvarReader_float2"
                string inputs:varname = "st"
                float2 outputs:result
            }}
{textures}        }}
    }}
}}
"""
_TEXTURE = """
            def Shader "{role}"
            {{
                uniform token info:id = "UsdUVTexture"
                float4 inputs:bias = {bias}
                asset inputs:file = @./{file}@
                float4 inputs:scale = {scale}
                token inputs:sourceColorSpace = "{space}"
                float2 inputs:st.connect = </Card/Looks/Skin/Coordinates.outputs:result>
                token inputs:wrapS = "clamp"
                token inputs:wrapT = "clamp"
{outputs}            }}
"""
_PLAIN = "(0, 0, 0, 0)", "(1, 1, 1, 1)"
_SIGNED = "(-1, -1, -1, 0)", "(2, 2, 2, 1)"


def usd_text(card: Card) -> str:
    """Return the card as a ``.usda`` layer.

    References
    ----------
    .. [1] Pixar, UsdPreviewSurface specification 2.6: specular workflow; normals of 8 or 16 bits
       by scale 2 and bias -1; roughness is the square root of α.
    """
    level = f"{card.reflectance:.9g}"
    textures = [
        _texture("BaseColor", BASE_COLOR, "sRGB", _PLAIN, ("float3 rgb", "float a")),
        _texture("Normal", NORMAL, "raw", _SIGNED, ("float3 rgb",)),
        _texture("Roughness", ROUGHNESS, "raw", _PLAIN, ("float g",)),
        _texture(
            "Specular",
            SPECULAR,
            "sRGB",
            (_PLAIN[0], f"({level}, {level}, {level}, 1)"),
            ("float3 rgb",),
        ),
    ]
    return _STAGE.format(
        name=_quoted(card.name),
        left=-card.width / 2,
        right=card.width / 2,
        bottom=-card.height / 2,
        top=card.height / 2,
        textures="".join(textures),
    )


def _texture(
    role: str, file: str, space: str, range_: tuple[str, str], outputs: tuple[str, ...]
) -> str:
    lines = [f"                {kind.replace(' ', ' outputs:')}\n" for kind in outputs]
    return _TEXTURE.format(
        role=role, file=file, space=space, bias=range_[0], scale=range_[1], outputs="".join(lines)
    )


def _quoted(name: str) -> str:
    """Return a name for use between quotation marks."""
    return name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
