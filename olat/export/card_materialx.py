"""A card's material as MaterialX: a standard surface."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from olat.export.card_files import BASE_COLOR, DIELECTRIC, NORMAL, ROUGHNESS, SPECULAR, Card

_DOCUMENT = """\
<?xml version="1.0"?>
<materialx version="1.39" colorspace="lin_rec709">
  <nodegraph name="card_maps" doc={name}>
    <image name="base_color" type="color3" colorspace="srgb_texture">
      <input name="file" type="filename" value="{base}" />
    </image>
    <image name="cutout" type="color4" colorspace="srgb_texture">
      <input name="file" type="filename" value="{base}" />
    </image>
    <separate4 name="alpha" type="multioutput">
      <input name="in" type="color4" nodename="cutout" />
    </separate4>
    <image name="specular_texture" type="color3" colorspace="srgb_texture">
      <input name="file" type="filename" value="{specular}" />
    </image>
    <multiply name="specular_color" type="color3">
      <input name="in1" type="color3" nodename="specular_texture" />
      <input name="in2" type="float" value="{gain:.9g}" />
    </multiply>
    <image name="roughness_texture" type="vector3">
      <input name="file" type="filename" value="{rough}" />
    </image>
    <extract name="roughness" type="float">
      <input name="in" type="vector3" nodename="roughness_texture" />
      <input name="index" type="integer" value="1" />
    </extract>
    <image name="normal_texture" type="vector3">
      <input name="file" type="filename" value="{normal}" />
    </image>
    <normalmap name="normal" type="vector3">
      <input name="in" type="vector3" nodename="normal_texture" />
    </normalmap>
    <output name="base_color_out" type="color3" nodename="base_color" />
    <output name="opacity_out" type="float" nodename="alpha" output="outa" />
    <output name="specular_color_out" type="color3" nodename="specular_color" />
    <output name="roughness_out" type="float" nodename="roughness" />
    <output name="normal_out" type="vector3" nodename="normal" />
  </nodegraph>
  <convert name="opacity" type="color3">
    <input name="in" type="float" nodegraph="card_maps" output="opacity_out" />
  </convert>
  <standard_surface name="card_shader" type="surfaceshader">
    <input name="base" type="float" value="1.0" />
    <input name="base_color" type="color3" nodegraph="card_maps" output="base_color_out" />
    <input name="specular" type="float" value="1.0" />
    <input name="specular_color" type="color3" nodegraph="card_maps" output="specular_color_out" />
    <input name="specular_roughness" type="float" nodegraph="card_maps" output="roughness_out" />
    <input name="specular_IOR" type="float" value="1.5" />
    <input name="opacity" type="color3" nodename="opacity" />
    <input name="normal" type="vector3" nodegraph="card_maps" output="normal_out" />
  </standard_surface>
  <surfacematerial name="card" type="material">
    <input name="surfaceshader" type="surfaceshader" nodename="card_shader" />
  </surfacematerial>
</materialx>
"""


def materialx_text(card: Card) -> str:
    """Return the card's material as a ``.mtlx`` document.

    ``specular_color`` multiplies the reflectance of a dielectric of index 1.5, 4 percent.
    """
    return _DOCUMENT.format(
        name=quoteattr(f"Relightable card of {card.name}"),
        base=BASE_COLOR,
        specular=SPECULAR,
        rough=ROUGHNESS,
        normal=NORMAL,
        gain=card.reflectance / DIELECTRIC,
    )
