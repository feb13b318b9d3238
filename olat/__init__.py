"""From one-light-at-a-time light-stage captures to relightable reflectance fields."""

from __future__ import annotations

__version__ = "0.1.0"
