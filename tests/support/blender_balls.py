"""Render a mirror ball and the background in Blender: ``python blender_balls.py MAP FOLDER SIZE``.

Blender's up is +Z, and the camera stands at its -Y, which is our +z.
"""

from __future__ import annotations

import math
import sys

import bpy


def lit_scene(map_path: str, size: int) -> bpy.types.Scene:
    """Begin anew, with a map as the world."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples, scene.cycles.device = "CYCLES", 32, "CPU"
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    tree = scene.world.node_tree
    texture = tree.nodes.new("ShaderNodeTexEnvironment")
    texture.image = bpy.data.images.load(map_path)
    tree.links.new(texture.outputs["Color"], tree.nodes["Background"].inputs["Color"])
    return scene


def mirror_ball() -> bpy.types.Object:
    """Place a ball of radius 1 that reflects all."""
    bpy.ops.mesh.primitive_uv_sphere_add(segments=128, ring_count=64, radius=1.0)
    placed = bpy.context.object
    bpy.ops.object.shade_smooth()
    material = bpy.data.materials.new("mirror")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    glossy = tree.nodes.new("ShaderNodeBsdfGlossy")
    glossy.inputs["Roughness"].default_value = 0.0
    glossy.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    tree.links.new(glossy.outputs[0], output.inputs[0])
    placed.data.materials.append(material)
    return placed


def main(map_path: str, folder: str, size: int) -> None:
    """Write chrome.exr, seen from far away, and behind.exr, with a field of view of 90 degrees."""
    scene = lit_scene(map_path, size)
    placed = mirror_ball()
    lens = bpy.data.cameras.new("camera")
    scene.camera = bpy.data.objects.new("camera", lens)
    scene.collection.objects.link(scene.camera)
    scene.camera.location, scene.camera.rotation_euler = (0.0, -6.0, 0.0), (math.pi / 2, 0.0, 0.0)
    lens.type, lens.ortho_scale = "ORTHO", 2.0
    scene.render.filepath = f"{folder}/chrome.exr"
    bpy.ops.render.render(write_still=True)
    placed.hide_render = True
    lens.type, lens.angle = "PERSP", math.pi / 2
    scene.render.filepath = f"{folder}/behind.exr"
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
