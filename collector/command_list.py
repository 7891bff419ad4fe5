"""The help of a group says the whole of what each command is for, in lines of 80 columns."""

import click


class CommandList(click.Group):
    """click cuts what each command is for to one line; here it goes on in the next."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [
            (name, command.get_short_help_str(limit=formatter.width * 3))
            for name, command in found
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
