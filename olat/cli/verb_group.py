"""Verbs that have verbs of their own."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

import click


class VerbGroup(click.Group):
    """Suggests the verb that was probably meant."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command."""
        verb = super().get_command(ctx, cmd_name)
        if verb is None:
            raise _unknown(ctx, cmd_name, self.commands)
        return verb


class LazyVerbs(click.Group):
    """Imports a verb's module, which holds its ``command``, only when the verb is used."""

    def __init__(self, *args: Any, verbs: Mapping[str, str], module: str, **kwargs: Any) -> None:
        """Take what each verb does, and the module of a verb with ``{}`` for its name."""
        super().__init__(*args, **kwargs)
        self._verbs, self._module = verbs, module

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which one meets them."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command."""
        if cmd_name not in self._verbs:
            raise _unknown(ctx, cmd_name, self._verbs)
        module = importlib.import_module(self._module.format(cmd_name.replace("-", "_")))
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._verbs.items()))


def _unknown(ctx: click.Context, name: str, verbs: Mapping[str, Any]) -> click.UsageError:
    """Return the error of a verb that there is not."""
    near = difflib.get_close_matches(name, verbs, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return click.UsageError(f"No such command {name!r}.{hint}", ctx)
