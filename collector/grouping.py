"""Groups of devices as a person makes and changes them; whatever cannot be, says why."""

import hashlib
import re
from collections.abc import Collection
from datetime import datetime

from collector.owners.importing import EMAIL
from collector.store import Connection, groups
from collector.store.groups import Group
from collector.translation import Text

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}")
LONGEST_DESCRIPTION = 200


class NotPossible(Exception):
    """It is not done; str() says why and what to do."""


class NoSuchGroup(NotPossible):
    """There is none of that name."""


class ChangedMeanwhile(NotPossible):
    """It is no longer as it was looked at."""


def make(c: Connection, group: Group) -> None:
    """Raises NotPossible."""
    if not NAME.fullmatch(group.name):
        raise NotPossible(
            Text(
                "The name: 1 to 48 small letters, digits and . _ -, beginning with a letter or a "
                "digit, such as sales-laptops."
            )
        )
    _check(group.description, group.contact)
    if not groups.add(c, group):
        raise NotPossible(
            Text("There is a group %(name)s already: choose another name.", name=group.name)
        )


def describe(c: Connection, name: str, description: str, contact: str, seen: str = "") -> None:
    """`seen`: the version that was looked at. Raises NotPossible."""
    group = known(c, name)
    _check(description, contact)
    if seen and seen != version(group):
        raise ChangedMeanwhile(
            Text("Somebody changed this group meanwhile: it is shown as it is now.")
        )
    groups.describe(c, name, description, contact)


def remove(c: Connection, name: str, at: datetime) -> None:
    """Raises NoSuchGroup."""
    known(c, name)
    groups.remove(c, name, at)


def put_in(c: Connection, name: str, device_ids: Collection[str], at: datetime) -> int:
    """How many came in anew. Raises NoSuchGroup."""
    known(c, name)
    return groups.add_members(c, name, device_ids, at)


def take_out(c: Connection, name: str, device_ids: Collection[str], at: datetime) -> int:
    """How many went out. Raises NoSuchGroup."""
    known(c, name)
    return groups.remove_members(c, name, device_ids, at)


def known(c: Connection, name: str) -> Group:
    """Raises NoSuchGroup."""
    group = groups.get(c, name)
    if group is None:
        raise NoSuchGroup(Text("There is no group %(name)r.", name=name[:48]))
    return group


def version(group: Group) -> str:
    """Another one as soon as somebody describes it otherwise."""
    said = repr((group.description, group.contact))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _check(description: str, contact: str) -> None:
    if len(description) > LONGEST_DESCRIPTION or not description.isprintable():
        raise NotPossible(
            Text(
                "What it is for: at most %(longest)s printable characters.",
                longest=LONGEST_DESCRIPTION,
            )
        )
    if contact and not EMAIL.fullmatch(contact):
        raise NotPossible(
            Text("Whom to ask: an e-mail address such as it@example.org, or nothing.")
        )
