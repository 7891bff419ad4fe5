"""`muster-collector export`: the state of every device as files, for those who check it."""

from pathlib import Path

import click

from collector.surroundings import BadInput, Surroundings, Trouble
from collector.terminal import say


@click.command(epilog="Example: muster-collector export --out /srv/evidence --format csv")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where to put the new folder (here).",
)
@click.option(
    "--format",
    "formats",
    metavar="FORMAT",
    multiple=True,
    help="Which files to write, such as csv (may be repeated; all of them).",
)
@click.option(
    "--for",
    "role",
    type=click.Choice(["viewer", "helpdesk", "admin", "owner"]),
    help="Leave out what this role may not see, such as names of people (nothing).",
)
@click.pass_obj
def export(around: Surroundings, out: Path, formats: tuple[str, ...], role: str | None) -> None:
    """Write a folder with one row for every device and rule, and print its name.

    README.txt in it explains the columns; policy.toml is the policy in force. The
    files appear together when they are complete, or not at all.
    """
    from collector.accounts.roles import Role
    from collector.export import FORMATS, writing
    from collector.policy_in_force import policy_in_force
    from collector.upkeep import rejudge_due

    chosen = tuple(dict.fromkeys(formats)) or tuple(FORMATS)
    for name in chosen:
        if name not in FORMATS:
            raise BadInput(f"no format {name!r}; there are {', '.join(FORMATS)}")
    with around.store() as store:
        # The collector may be stopped: no verdict is exported that time has overtaken since.
        rejudge_due(store, around.clock)
        policy = store.read(policy_in_force)
        try:
            told = {"formats": ", ".join(chosen), **({"for": role} if role else {})}
            with around.noting("export.written", "posture", **told):
                eyes = Role(role) if role else None
                folder = writing.write(store, policy, around.clock(), out, chosen, eyes)
        except writing.CannotExport as error:
            raise Trouble(str(error)) from error
    say(str(folder))


COMMAND = export
