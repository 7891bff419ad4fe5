"""One field of an answer: what it holds, and who sees it."""

from dataclasses import dataclass

from collector.accounts.roles import Permission


@dataclass(frozen=True, slots=True)
class Field:
    """`kind`: string, integer, boolean, moment, map (of strings), strings, the name of an object,
    or "list of" one; with a question mark where it may be null. `needs`: who sees it; to others
    it is left out. `veiled`: names of people in it are replaced for those without SEE_PEOPLE.
    """

    kind: str
    says: str
    needs: Permission | None = None
    veiled: bool = False
    choices: tuple[str, ...] = ()


def of_choices(*choices: object) -> tuple[str, ...]:
    return tuple(str(each) for each in choices)
