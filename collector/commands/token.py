"""`muster-collector token`: what admits new devices, for how long and how many."""

from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import click

from collector.command_list import CommandList
from collector.surroundings import BadInput, Surroundings, Trouble
from collector.terminal import as_json, counted, fitted, hint, plain, row, say
from collector.wording import exact

if TYPE_CHECKING:
    from datetime import datetime

    from collector.identity.tokens import NewToken
    from collector.store.tokens import Token

LONGEST_LABEL = 100
LOOPBACK = ("127.", "localhost:", "[::1]:")


@click.group(
    cls=CommandList, epilog="Example: muster-collector token create --label laptops --uses 20"
)
def token() -> None:
    """Make, list and revoke enrollment tokens."""


@token.command(epilog="Example: muster-collector token create --days 7 --uses 50")
@click.option("--label", metavar="TEXT", default="", help="What it is for; shown in the list.")
@click.option("--days", type=click.IntRange(min=1), metavar="N", help="How long it is good.")
@click.option("--hours", type=click.IntRange(min=1), metavar="N", help="The same in hours (24).")
@click.option("--uses", type=int, default=1, metavar="N", help="How many devices it admits (1).")
@click.option("--string-only", is_flag=True, help="Print the enrollment string and nothing else.")
@click.option("--qr", is_flag=True, help="Show it as a square as well, to be scanned.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON, with the string in it.")
@click.option(
    "--address-host",
    metavar="NAME",
    help="The host that agents call, where it is not the one the collector was started with.",
)
@click.pass_obj
def create(around: Surroundings, /, label: str, uses: int, **settings: Any) -> None:
    """Make an enrollment string. It is a secret, shown once: the collector keeps its hash."""
    life = _life(settings["days"], settings["hours"])
    if settings["wants_json"] and settings["string_only"]:
        raise BadInput("--json and --string-only ask for different output: give one of them")
    if len(label) > LONGEST_LABEL or not label.isprintable():
        raise BadInput(f"--label: up to {LONGEST_LABEL} printable characters")
    from collector.identity import tokens

    with around.store() as store:
        serving = _called_by(_serving(around), settings["address_host"])
        now = around.clock()
        told = {"label": label, "uses": str(uses), "life": str(life)}
        try:
            with around.noting("token.created", "enrollment", **told):
                made = store.write(lambda c: tokens.create(c, now, label, life=life, max_uses=uses))
        except tokens.TokenError as error:
            raise BadInput(f"{error}: choose other --days, --hours or --uses") from error
    if settings["wants_json"]:
        say(as_json(_made_fields(made, serving)))
        return
    say(_string(made, serving))
    if settings["qr"]:
        _draw(_string(made, serving))
    if not settings["string_only"]:
        _explain(made, serving)


@token.command("list", epilog="Example: muster-collector token list --json")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_tokens(around: Surroundings, wants_json: bool) -> None:
    """List every token, newest first: what it admitted and until when."""
    from collector.store import tokens

    with around.reading("token list") as store:
        known = store.read(tokens.list_all)
    now = around.clock()
    if wants_json:
        say(as_json({"tokens": [_fields(each, now) for each in known]}))
    elif not known:
        say("No token was made yet: muster-collector token create")
    else:
        say(f"{'TOKEN':14}{'STATE':10}{'USED':>12}  {'GOOD UNTIL':22}LABEL")
        for each in known:
            used = f"{each.uses} of {each.max_uses}"
            label = fitted(each.label, 20)
            say(f"{each.token_id:14}{each.state(now):10}{used:>12}  {exact(each.expires_at):22}"
                f"{label}")  # fmt: skip


@token.command(epilog="Example: muster-collector token revoke 3f9c0e12ab44")
@click.argument("token_id", metavar="TOKEN")
@click.pass_obj
def revoke(around: Surroundings, token_id: str) -> None:
    """End a token now. Devices that it admitted stay enrolled."""
    from collector.store import events, tokens

    now = around.clock()
    with around.store() as store:
        known = {each.token_id: each for each in store.read(tokens.list_all)}
        if token_id not in known:
            raise BadInput(f"no token {plain(token_id)!r}: see muster-collector token list")
        with around.noting("token.revoked", f"enrollment:{token_id}"):
            revoked = store.write(lambda c: tokens.revoke(c, token_id, now))
        if revoked:
            detail = f"token {token_id} by {around.who()}"
            store.write(lambda c: events.add(c, now, "token revoked", "", detail))
    used = counted(known[token_id].uses, "device")
    say(f"Token {token_id} admits nobody any more; it admitted {used}.")


def _life(days: int | None, hours: int | None) -> timedelta:
    if days is not None and hours is not None:
        raise BadInput("--days and --hours say the same: give one of them")
    try:
        return timedelta(days=days or 0, hours=hours if hours is not None else 24 * (not days))
    except OverflowError:
        raise BadInput("an enrollment token lives between a minute and a year") from None


def _serving(around: Surroundings) -> dict[str, str]:
    from collector.handing_out import NotServing, serving

    try:
        return serving(around.folder)
    except NotServing as error:
        raise Trouble(str(error)) from error


def _called_by(serving: dict[str, str], host: str | None) -> dict[str, str]:
    if host is None:
        return serving
    from collector.config import ConfigError, parse_address

    called = dict(serving)
    for name in ("check_in", "enroll"):
        _, _, port = serving[name].rpartition(":")
        written = f"[{host}]" if ":" in host and not host.startswith("[") else host
        try:
            called[name] = str(parse_address(f"{written}:{port}", "--address-host"))
        except ConfigError:
            raise BadInput(f"--address-host: {host!r} is not a host name or an address") from None
    return called


def _string(made: "NewToken", serving: dict[str, str]) -> str:
    from collector.handing_out import enrollment_string

    return enrollment_string(made.secret, serving)


def _draw(string: str) -> None:
    """The link that the agent takes, in which the string is no part of what a server would see."""
    import segno

    from collector.handing_out import enrollment_link

    square = StringIO()
    segno.make(enrollment_link(string), error="l").terminal(square, compact=True)
    say(["", square.getvalue().rstrip()])


def _explain(made: "NewToken", serving: dict[str, str]) -> None:
    say("")
    say(row("admits", f"{counted(made.max_uses, 'device')} until {exact(made.expires_at)}", 14))
    say(row("to", f"{serving['name']}, enrolling at {serving['enroll']}", 14))
    say(row("token", made.token_id, 14))
    say(row("on a device", "muster-agent enroll --string-file FILE", 14))
    hint("The string is a secret and is not shown again.")
    if serving["enroll"].startswith(LOOPBACK):
        hint(
            f"Only this computer can reach {serving['enroll']}. For others, start the collector "
            "with --check-in 0.0.0.0:7843 --enroll 0.0.0.0:7844 --host-name NAME."
        )


def _made_fields(made: "NewToken", serving: dict[str, str]) -> dict[str, object]:
    return {
        "enrollment_string": _string(made, serving),
        "token_id": made.token_id,
        "expires_at": made.expires_at,
        "max_uses": made.max_uses,
        "enroll_address": serving["enroll"],
        "check_in_address": serving["check_in"],
        "authority_sha256": serving["authority_sha256"],
        "collector": serving["name"],
    }


def _fields(each: "Token", now: "datetime") -> dict[str, object]:
    return {
        "token_id": each.token_id,
        "state": each.state(now),
        "label": each.label,
        "uses": each.uses,
        "max_uses": each.max_uses,
        "created_at": each.created_at,
        "expires_at": each.expires_at,
        "revoked_at": each.revoked_at,
    }


COMMAND = token
