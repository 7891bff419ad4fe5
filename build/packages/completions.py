"""What the shells complete: click's own for the collector, and lists made of the agent's parser."""

import argparse

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

PLACES = {
    "bash": "/usr/share/bash-completion/completions/{name}",
    "zsh": "/usr/share/zsh/vendor-completions/_{name}",
    "fish": "/usr/share/fish/vendor_completions.d/{name}.fish",
}


def collector(program: click.Group) -> dict[str, str]:
    """By shell. They ask the program at every TAB."""
    made = {}
    for shell, kind in (("bash", _Bash), ("zsh", ZshComplete), ("fish", FishComplete)):
        name = program.name or ""
        made[shell] = kind(program, {}, name, "_MUSTER_COLLECTOR_COMPLETE").source()
    return made


class _Bash(BashComplete):
    """Which bash is on the machine that builds does not matter."""

    @staticmethod
    def _check_version() -> None:
        return


def agent(parser: argparse.ArgumentParser) -> dict[str, str]:
    """By shell. Fixed lists: a TAB starts nothing."""
    options = {
        name: sorted(o for action in command._actions for o in action.option_strings)
        for name, command in _commands(parser).items()
    }
    name = parser.prog
    return {"bash": _bash(name, options), "zsh": _zsh(name, options), "fish": _fish(name, options)}


def _bash(name: str, options: dict[str, list[str]]) -> str:
    function = "_" + name.replace("-", "_")
    cases = "".join(f'    {one}) words="{" ".join(known)}" ;;\n' for one, known in options.items())
    return (
        f"{function}() {{\n"
        '  local words="" current="${COMP_WORDS[COMP_CWORD]}"\n'
        f'  if [ "$COMP_CWORD" -eq 1 ]; then words="{" ".join(options)} --help --version"; fi\n'
        f'  case "${{COMP_WORDS[1]}}" in\n{cases}  esac\n'
        '  COMPREPLY=($(compgen -W "$words" -- "$current"))\n'
        f"}}\ncomplete -o default -F {function} {name}\n"
    )


def _zsh(name: str, options: dict[str, list[str]]) -> str:
    cases = "".join(f"  {one}) compadd -- {' '.join(known)} ;;\n" for one, known in options.items())
    return (
        f"#compdef {name}\n"
        f"if (( CURRENT == 2 )); then compadd -- {' '.join(options)} --help --version; return; fi\n"
        f"case $words[2] in\n{cases}esac\n_files\n"
    )


def _fish(name: str, options: dict[str, list[str]]) -> str:
    lines = [f"complete -c {name} -n __fish_use_subcommand -f -a '{' '.join(options)}'"]
    lines += [
        f"complete -c {name} -n '__fish_seen_subcommand_from {one}' -l {option[2:]}"
        for one, known in options.items()
        for option in known
        if option.startswith("--")
    ]
    return "\n".join(lines) + "\n"


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return {name: command for action in found for name, command in action.choices.items()}
