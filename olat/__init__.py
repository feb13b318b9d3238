"""From one-light-at-a-time light-stage captures to relightable reflectance fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from olat.api.comparison import compare
    from olat.api.opened import open_session as open  # noqa: A004 - olat.open, as gzip.open
    from olat.api.processing import process
    from olat.surface.coarse_albedo import coarse_albedo

__version__ = "0.1.0"

__all__ = ["coarse_albedo", "compare", "open", "process"]


def __getattr__(name: str) -> Any:
    """Import the public functions when they are first used; `import olat` does nothing."""
    if name == "open":
        from olat.api.opened import open_session

        return open_session
    if name == "process":
        from olat.api.processing import process

        return process
    if name == "compare":
        from olat.api.comparison import compare

        return compare
    if name == "coarse_albedo":
        from olat.surface.coarse_albedo import coarse_albedo

        return coarse_albedo
    raise AttributeError(f"module 'olat' has no attribute {name!r}")
