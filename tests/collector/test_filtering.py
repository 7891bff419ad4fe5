"""A filter is named once; the page, the API and the command line all offer it."""

from dataclasses import fields

import click
import pytest

from collector.commands.devices import COMMAND
from collector.filtering import FILTERS, SORTS, WORST_FIRST, Filter
from collector.listing import Question, asking, question_of
from collector.store.device_order import ORDERS, STATES
from collector.web.api.routes import routes

SAMPLES = {
    "text": "lap", "state": "stale", "rule": "disk_encrypted", "signal": "firewall",
    "status": "unknown", "cause": "timed_out", "platform": "linux", "group": "sales",
    "owner": "alice@example.org", "seen": "over-7", "sort": "since",
}  # fmt: skip


def test_every_part_of_the_question_is_a_filter_but_where_the_page_before_ended() -> None:
    held = {each.name for each in fields(Question)}
    assert held - {each.field for each in FILTERS} == {"after_state", "after", "sees_people"}


def test_the_command_offers_every_filter_and_so_does_the_api() -> None:
    options = {each.name for each in COMMAND.params if isinstance(each, click.Option)}
    (listing,) = [each for each in routes() if each.path == "/devices"]
    asked = {each.name for each in listing.query}
    for each in FILTERS:
        assert each.name in options
        assert each.name in asked


def test_the_orders_are_those_that_the_store_walks() -> None:
    assert set(SORTS) == {"worst", *ORDERS}
    assert WORST_FIRST == STATES


@pytest.mark.parametrize("asked", FILTERS, ids=lambda each: each.name)
def test_what_is_asked_stands_in_the_address_and_is_read_from_it_again(asked: Filter) -> None:
    values = {asked.name: asked.value(SAMPLES[asked.name])}
    if asked.name == "cause":
        values["rule"] = "disk_encrypted"
    question = asking(values, sees_people=True)
    assert getattr(question, asked.field)
    query = dict(pair.split("=") for pair in question.href().partition("?")[2].split("&"))
    read = {name: value.replace("%40", "@") for name, value in query.items()}
    assert question_of(read, sees_people=True) == question
