"""The clauses of the written policy, each with the rules that measure it, or plainly with none."""

import re
from collections.abc import Mapping
from typing import Any

from collector.policy import values
from collector.policy.rules import RULES
from collector.policy.settings import Clause
from collector.policy.sheet import Sheet, not_known

MOST_CLAUSES = 100
LONGEST_TEXT = 600
KEYS = ("title", "text", "rules", "title_fr", "text_fr")
CLAUSE_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


def clauses(page: Sheet, document: Mapping[str, Any]) -> tuple[Clause, ...]:
    """From the table `clauses`, in the order of the file."""
    nothing: Mapping[str, Any] = {}
    tables = page.take(document, ("clauses",), values.table, nothing)
    if len(tables) > MOST_CLAUSES:
        page.refuse(("clauses",), f"{len(tables)} clauses; at most {MOST_CLAUSES} are read")
        return ()
    return tuple(_clause(page, name, tables) for name in tables)


def _clause(page: Sheet, name: str, tables: Mapping[str, Any]) -> Clause:
    path = ("clauses", name)
    if not CLAUSE_ID.fullmatch(name):
        page.refuse(path, "name a clause with up to 40 of a-z, 0-9, _, - and .")
    nothing: Mapping[str, Any] = {}
    table = page.take(tables, path, values.table, nothing)
    page.unknown_keys(table, path, KEYS)
    if isinstance(tables[name], dict) and "title" not in table:
        page.refuse(path, 'the clause has no title: add title = "..."')
    return Clause(
        name,
        page.take(table, (*path, "title"), values.words, name),
        page.take(table, (*path, "text"), _text, ""),
        page.take(table, (*path, "rules"), _rules, ()),
        page.take(table, (*path, "title_fr"), values.words, ""),
        page.take(table, (*path, "text_fr"), _text, ""),
    )


def _text(value: object) -> str:
    if isinstance(value, str) and (line := " ".join(value.split())).isprintable():
        if len(line) <= LONGEST_TEXT:
            return line
        raise values.Refused(f"the text has {len(line)} characters; at most {LONGEST_TEXT} go")
    raise values.Refused(f"{values.quoted(value)} is not a text")


def _rules(value: object) -> tuple[str, ...]:
    known = tuple(rule.id for rule in RULES)
    if not isinstance(value, list):
        raise values.Refused(f"{values.quoted(value)} is not a list of rules: {', '.join(known)}")
    for each in value:
        if each not in known:
            raise values.Refused(not_known("rule", str(each), known))
    return tuple(dict.fromkeys(value))
