"""How groups of commands list them: each with the whole first sentence of its help."""

from __future__ import annotations

import click

SENTENCE_CHARS = 400
"""Longer than any first sentence: click would cut them to what is left of one line."""


class SentenceGroup(click.Group):
    """A group that cuts no sentence in its list of commands; they go on in the next line."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every command with its first sentence."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(SENTENCE_CHARS))
            for name, command in found
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
