"""A script that builds and lights the card in Blender."""

from __future__ import annotations

from olat.export.card_files import BASE_COLOR, DIELECTRIC, NORMAL, ROUGHNESS, SPECULAR, Card

_SCRIPT = '''\
"""Builds the relightable card of {name} in Blender 4.2 or newer.

Run it in Blender's text editor, or: blender --python {file} -- [picture.png] [X Y Z]
With a picture's name it renders it; X Y Z is the direction to the light in olat's world (+x image
right, +y up, +z to the camera), 0.5 0.5 1 if it is not given. A white patch that faces the light
renders as 1.
"""

import math
import sys
from pathlib import Path

import bpy
from mathutils import Vector

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = {width:.9g}, {height:.9g}  # meters
SPECULAR_GAIN = {gain:.9g}  # reflectance of the brightest code, relative to 4 percent


def of_world(x, y, z):
    """Turn olat's world (y up) into Blender's (z up)."""
    return Vector((x, -z, y))


def image(nodes, name, color):
    node = nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(str(FOLDER / name))
    node.image.colorspace_settings.name = "sRGB" if color else "Non-Color"
    node.extension = "EXTEND"
    return node


def material():
    skin = bpy.data.materials.new("Skin")
    skin.use_nodes = True
    nodes, links = skin.node_tree.nodes, skin.node_tree.links
    nodes.clear()
    out = nodes.new("ShaderNodeOutputMaterial")
    face = nodes.new("ShaderNodeBsdfPrincipled")
    color, rough = image(nodes, "{base}", True), image(nodes, "{rough}", False)
    gloss, bumps = image(nodes, "{specular}", True), image(nodes, "{normal}", False)
    split = nodes.new("ShaderNodeSeparateColor")
    level = nodes.new("ShaderNodeMath")
    level.operation = "MULTIPLY"
    level.inputs[1].default_value = 0.5 * SPECULAR_GAIN  # a level of 0.5 reflects 4 percent
    normal = nodes.new("ShaderNodeNormalMap")
    face.inputs["IOR"].default_value = 1.5
    links.new(color.outputs["Color"], face.inputs["Base Color"])
    links.new(color.outputs["Alpha"], face.inputs["Alpha"])
    links.new(rough.outputs["Color"], split.inputs["Color"])
    links.new(split.outputs["Green"], face.inputs["Roughness"])
    links.new(gloss.outputs["Color"], level.inputs[0])
    links.new(level.outputs["Value"], face.inputs["Specular IOR Level"])
    links.new(bumps.outputs["Color"], normal.inputs["Color"])
    links.new(normal.outputs["Normal"], face.inputs["Normal"])
    links.new(face.outputs["BSDF"], out.inputs["Surface"])
    return skin


def card():
    x, y = WIDTH / 2, HEIGHT / 2
    corners = [of_world(*place) for place in ((-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0))]
    mesh = bpy.data.meshes.new("Card")
    mesh.from_pydata([tuple(place) for place in corners], [], [(0, 1, 2, 3)])
    layer = mesh.uv_layers.new(name="st")
    for loop, place in zip(layer.data, ((0, 0), (1, 0), (1, 1), (0, 1))):
        loop.uv = place
    mesh.materials.append(material())
    thing = bpy.data.objects.new("Card", mesh)
    bpy.context.scene.collection.objects.link(thing)


def sun(direction):
    lamp = bpy.data.lights.new("Key", "SUN")
    lamp.energy = math.pi  # a white patch that faces it reads 1
    lamp.angle = 0.0
    thing = bpy.data.objects.new("Key", lamp)
    thing.rotation_euler = of_world(*direction).to_track_quat("Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(thing)


def camera():
    view = bpy.data.cameras.new("View")
    view.type = "ORTHO"
    view.ortho_scale = max(WIDTH, HEIGHT)
    thing = bpy.data.objects.new("View", view)
    thing.location = of_world(0, 0, 2 * max(WIDTH, HEIGHT))
    thing.rotation_euler = (math.pi / 2, 0, 0)
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.scene.camera = thing


def main(words):
    picture = words[0] if words else None
    direction = [float(word) for word in words[1:4]] or [0.5, 0.5, 1.0]
    scene = bpy.context.scene
    for thing in list(scene.collection.all_objects):
        bpy.data.objects.remove(thing)
    card()
    sun(direction)
    camera()
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 16
    scene.view_settings.view_transform = "Standard"
    scene.render.film_transparent = True
    if scene.world is not None:  # no light but the sun
        scene.world.use_nodes = True
        scene.world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.0
    if picture:
        size = bpy.data.images["{base}"].size
        scene.render.resolution_x, scene.render.resolution_y = size
        scene.render.filepath = str(Path(picture).resolve())
        bpy.ops.render.render(write_still=True)


main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else [])
'''

SCRIPT = "card_blender.py"


def blender_text(card: Card) -> str:
    """Return a Python script for Blender that makes the card, a sun and a camera."""
    return _SCRIPT.format(
        name=card.name.replace("\\", "/").replace('"', "'").replace("\n", " "),
        file=SCRIPT,
        width=card.width,
        height=card.height,
        gain=card.reflectance / DIELECTRIC,
        base=BASE_COLOR,
        rough=ROUGHNESS,
        specular=SPECULAR,
        normal=NORMAL,
    )
