"""Verbs that have verbs of their own."""

from __future__ import annotations

import difflib

import click


class VerbGroup(click.Group):
    """Suggests the verb that was probably meant."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command."""
        verb = super().get_command(ctx, cmd_name)
        if verb is None:
            near = difflib.get_close_matches(cmd_name, self.commands, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {cmd_name!r}.{hint}", ctx)
        return verb
