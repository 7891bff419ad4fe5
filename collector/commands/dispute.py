"""`muster-collector dispute`: checks that are doubted, and what a person decides about them."""

import click

from collector.command_list import CommandList
from collector.surroundings import BadInput, Surroundings
from collector.terminal import as_json, indented, plain, say


@click.group(cls=CommandList, epilog="Example: muster-collector dispute list")
def dispute() -> None:
    """See which checks are doubted, and decide about them."""


@dispute.command("list", epilog="Example: muster-collector dispute list --json")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_disputes(around: Surroundings, /, wants_json: bool) -> None:
    """List the checks that are doubted, newest first."""
    from collector.store import disputes

    with around.reading("dispute list") as store:
        found = store.read(disputes.newest)
    if wants_json:
        names = ("number", "rule_id", "opened_at", "turned", "population", "state")
        more = ("resolved_at", "resolved_by", "until_version", "reason")
        rows = [
            {name: getattr(each, name) for name in (*names, *more)} | {"where": each.place.value}
            for each in found
        ]
        say(as_json({"disputes": rows}))
    elif not found:
        say("No check was ever doubted.")
    for each in found if not wants_json else ():
        say(f"{each.number:>4}  {each.state:7}{each.opened_at:%Y-%m-%d %H:%M}  {each.rule_id}")
        words = f"{each.turned} of {each.population} devices with {each.place.value}"
        say(indented(plain(words), 6))


@dispute.command(
    epilog='Example: muster-collector dispute resolve 1 --wrong-until 0.4.0 --reason "A bug."'
)
@click.argument("number", type=click.IntRange(1))
@click.option("--right", is_flag=True, help="The verdicts are right: the devices did change.")
@click.option("--wrong-until", metavar="VERSION", help="The check is wrong before this agent.")
@click.option("--reason", required=True, help="Why; auditors read it.")
@click.pass_obj
def resolve(
    around: Surroundings, /, number: int, right: bool, wrong_until: str | None, reason: str
) -> None:
    """Say whether the verdicts were right or the check is wrong."""
    from collector import doubting
    from collector.incidents.handling import NotPossible
    from collector.store.disputes import RIGHT, WRONG

    if right == (wrong_until is not None):
        raise BadInput("give either --right or --wrong-until VERSION")
    state = RIGHT if right else WRONG
    until = wrong_until or ""
    decision = doubting.Decision(state, until, reason, around.who(), around.clock())
    with around.store() as store:
        try:
            store.read(lambda c: doubting.checked(c, number, decision))
        except NotPossible as error:
            raise BadInput(str(error)) from error
        subject = f"dispute:{number}"
        with around.noting("dispute.resolved", subject, decision=state, until=until, reason=reason):
            store.write(lambda c: doubting.resolve(c, number, decision))
    say(f"Dispute {number} is resolved; its devices are judged again while the collector runs.")


COMMAND = dispute
