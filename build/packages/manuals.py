"""Manual pages made of the command lines themselves, so that they say what `--help` says."""

import argparse
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import click

FILES = {
    "muster-agent": (
        ("/var/lib/muster-agent", "The state of the installed agent; root's alone."),
        ("muster-agent.timer, muster-agent-boot.timer", "The units that have it check in hourly."),
        ("muster-agent-connected.service", "The unit for devices that are always in touch."),
    ),
    "muster-collector": (
        ("/var/lib/muster-collector", "The data folder, collector.toml in it."),
        ("/etc/muster-collector/serve.conf", "What the service gives to serve."),
    ),
}
STATUS = "0: done. 1: it did not work. 2: what was typed or given cannot be used."


def agent(parser: argparse.ArgumentParser, version: str, epoch: int) -> str:
    """A page of section 1 for a parser with subcommands."""
    lines = _head(parser.prog, parser.description or "", version, epoch)
    for name, command in _commands(parser).items():
        lines += [f".SS {_plain(name)}", _plain(command.description or "")]
        for action in command._actions:
            spelled = ", ".join(action.option_strings) or str(action.metavar or action.dest)
            value = "" if action.nargs == 0 or not action.option_strings else _value(action)
            lines += _entry(spelled + value, (action.help or "").replace("%%", "%"))
        lines += _example(command.epilog or "")
    return _page(lines, parser.prog)


def collector(program: click.Group, version: str, epoch: int) -> str:
    """The same for a click group with groups in it."""
    name = program.name or ""
    lines = _head(name, program.help or "", version, epoch)
    for words, command in _leaves(program, click.Context(program, info_name=name)):
        lines += [f".SS {_plain(words)}", _plain(command.help or "")]
        context = click.Context(command, info_name=words)
        for parameter in command.get_params(context):
            record = parameter.get_help_record(context)
            lines += _entry(*record) if record else []
        lines += _example(command.epilog or "")
    return _page(lines, name)


def _head(name: str, about: str, version: str, epoch: int) -> list[str]:
    day = datetime.fromtimestamp(epoch, UTC).date().isoformat()
    return [
        f'.TH {name.upper()} 1 "{day}" "{name} {version}"',
        ".SH NAME",
        f"{_plain(name)} \\- {_plain(about.splitlines()[0].rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_plain(name)}",
        ".I COMMAND",
        "[OPTIONS]",
        ".SH COMMANDS",
    ]


def _page(lines: list[str], name: str) -> str:
    lines += [".SH FILES"]
    for place, about in FILES[name]:
        lines += _entry(place, about)
    return "\n".join([*lines, ".SH EXIT STATUS", _plain(STATUS)]) + "\n"


def _entry(term: str, about: str) -> list[str]:
    return [".TP", f".B {_plain(term)}", _plain(" ".join(about.split())) or "\\&"]


def _example(epilog: str) -> Iterator[str]:
    if epilog:
        yield from (".PP", _plain(" ".join(epilog.split())))


def _value(action: argparse.Action) -> str:
    return f" {action.metavar or action.dest.upper()}"


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _leaves(group: click.Group, context: click.Context) -> Iterable[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=name)
            yield from ((f"{name} {words}", leaf) for words, leaf in _leaves(command, inner))
        elif command is not None:
            yield name, command


def _plain(text: str) -> str:
    r"""Text that troff takes for text.

    >>> _plain(".a-b \\c")
    '\\&.a\\-b \\ec'
    """
    text = text.replace("\b\n", "").replace("\\", "\\e").replace("-", "\\-")
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in lines if line)
