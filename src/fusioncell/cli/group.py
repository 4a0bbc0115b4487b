"""Groups of commands: each line of their list is whole, and a mistyped command is answered with those like it."""

from __future__ import annotations

from difflib import get_close_matches

import click


class Group(click.Group):
    """A group whose help cuts no line short, and which knows what was meant."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with the whole first sentence of its help, however narrow the terminal is."""
        rows = [(name, command.get_short_help_str(limit=300)) for name in self.list_commands(ctx)
                if (command := self.get_command(ctx, name)) is not None and not command.hidden]  # fmt: skip
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command. Raises UsageError naming those that are spelt alike."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            like = get_close_matches(args[0], self.list_commands(ctx), n=3)
            if like:
                ctx.fail(f"No such command {args[0][:40]!r}. Did you mean: {', '.join(like)}?")
        return super().resolve_command(ctx, args)
