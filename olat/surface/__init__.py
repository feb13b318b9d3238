"""From radiance to normals and reflection terms; pure functions."""
