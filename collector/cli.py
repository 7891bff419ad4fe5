"""`muster-collector`: every command, one clear line for every trouble, and exit codes that tell.

0: done. 1: it did not work. 2: what was typed or given cannot be used.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from collector import __version__
from collector.command_list import CommandList
from collector.surroundings import BadFile, Surroundings

PROGRAM = "muster-collector"
COMMANDS = (
    "serve",
    "token",
    "devices",
    "device",
    "group",
    "people",
    "policy",
    "export",
    "waiver",
    "account",
    "audit",
    "incident",
    "notify",
    "dispute",
    "release",
    "sso",
)
"""Each is the command of the same name in the module of that name in `collector.commands`."""


class Program(CommandList):
    """Says what is wrong in one line, and imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"collector.commands.{cmd_name}")
        command: click.Command = module.COMMAND
        return command

    def main(self, *args: Any, **settings: Any) -> NoReturn:
        """Run and exit; never a usage text where a line says it."""
        settings |= {"standalone_mode": False, "prog_name": PROGRAM}
        try:
            status = super().main(*args, **settings)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            status = error.exit_code
        except click.UsageError as error:
            status = _say(f"{error.format_message().rstrip('.')}{_see(error.ctx)}", error.exit_code)
        except BadFile as error:
            status = _say(error.format_message(), error.exit_code, prefix="")
        except click.ClickException as error:
            status = _say(error.format_message(), error.exit_code)
        except BrokenPipeError:
            _forget_output()
            status = 1
        except (click.Abort, KeyboardInterrupt):
            status = _say("interrupted", 1)
        sys.exit(status if isinstance(status, int) else 0)


def _see(ctx: click.Context | None) -> str:
    return f" (see {ctx.command_path} --help)" if ctx else ""


def _say(trouble: str, status: int, prefix: str = f"{PROGRAM}: ") -> int:
    """One line; several when the command names several things, and only printable characters."""
    lines = [line for line in trouble.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        printable = "".join(c if c.isprintable() else " " for c in line).rstrip()
        click.echo(printable if number else prefix + printable, err=True)
    return status


def _forget_output() -> None:
    """The reader went away: nothing is left to say, not even when Python closes the stream."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    name=PROGRAM,
    cls=Program,
    epilog="Example: muster-collector devices --noncompliant",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(__version__, message=f"{PROGRAM} %(version)s")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    envvar="MUSTER_DATA",
    help="The collector's data folder (MUSTER_DATA; else ~/.local/share/muster-collector).",
)
@click.pass_context
def program(ctx: click.Context, data: Path | None) -> None:
    """Keeps the inventory of devices, judges each against the policy, and shows who falls short."""
    around = ctx.obj if isinstance(ctx.obj, Surroundings) else Surroundings()
    ctx.obj = replace(around, folder=data) if data else around
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main(argv: Sequence[str] | None = None) -> NoReturn:
    program.main(args=argv)


if __name__ == "__main__":
    main()
