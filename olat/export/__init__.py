"""Exporters: a processed camera in the formats that other programs open, one kind a module."""
