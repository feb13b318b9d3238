"""``python -m olat``."""

from __future__ import annotations

from olat.cli.main import main

main()
