"""Relighting and solves on an NVIDIA GPU, for who has one; `olat[cuda]` installs what it takes."""
