"""What a person asks a device for from its page, and what the page says of it."""

import re
from datetime import timedelta

import pytest

from collector.model import Compliance
from collector.store import commands, devices, standing
from collector.store.commands import Command, CommandAction, CommandOutcome, Told
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import Seen, device_id

HERE = f"/devices/{device_id('lap-1')}"


@pytest.fixture
def desk(helpdesk: Browser) -> Browser:
    """Logged in, with one device that comes again in 40 minutes."""
    helpdesk.enrol(Seen("lap-1", Compliance.COMPLIANT))
    next_at = helpdesk.clock() + timedelta(minutes=40)
    helpdesk.store.write(lambda c: standing.expect(c, device_id("lap-1"), next_at))
    return helpdesk


def asked(desk: Browser) -> list[Command]:
    return desk.store.read(lambda c: commands.of_device(c, device_id("lap-1")))


def take(desk: Browser) -> list[Command]:
    """The device checks in."""
    return desk.store.write(lambda c: commands.take(c, device_id("lap-1"), desk.clock()))


def test_a_check_is_asked_for_once_and_the_page_says_when_it_arrives(desk: Browser) -> None:
    assert "at its next contact, at about 2026-11-22 12:40 UTC" in desk.get(HERE)
    for _ in range(2):
        assert desk.send(f"{HERE}/check-now", HERE).headers["location"] == f"{HERE}#commands"
    (one,) = asked(desk)
    assert (one.action, one.asked_by) == (CommandAction.CHECK_NOW, "admin")
    assert "Waits for the device." in desk.get(HERE)
    (record, _) = [r for r in desk.audited() if r["action"] == "command.given"]
    assert record["on"] == f"device:{device_id('lap-1')}"


def test_the_page_follows_what_becomes_of_it(desk: Browser) -> None:
    desk.send(f"{HERE}/check-now", HERE)
    (given,) = take(desk)
    assert "the device has not answered yet" in desk.get(HERE)
    told = Told(given.command_id, CommandOutcome.FAILED, "the <b>disk</b> is full")
    desk.store.write(lambda c: commands.settle(c, given.device_id, told, desk.clock()))
    assert "Not done. the &lt;b&gt;disk&lt;/b&gt; is full." in desk.get(HERE)


def test_what_was_lost_on_the_way_can_be_asked_for_again(desk: Browser) -> None:
    desk.send(f"{HERE}/check-now", HERE)
    (lost,) = take(desk)
    desk.clock.advance(minutes=9)
    desk.send(f"{HERE}/check-now", HERE)
    assert len(asked(desk)) == 1
    desk.clock.advance(minutes=1)
    assert "has not said what became of it. Ask again if needed." in desk.get(HERE)
    desk.send(f"{HERE}/check-now", HERE)
    (again,) = take(desk)
    assert again.command_id != lost.command_id
    told = Told(lost.command_id, CommandOutcome.DONE, "")
    assert desk.store.write(lambda c: commands.settle(c, lost.device_id, told, desk.clock()))
    assert asked(desk)[0].is_pending(desk.clock())


def test_a_device_that_is_overdue_hears_of_it_when_it_is_back(desk: Browser) -> None:
    passed_at = desk.clock() - timedelta(minutes=5)
    desk.store.write(lambda c: standing.expect(c, device_id("lap-1"), passed_at))
    assert "hears of it when it is back" in desk.get(HERE)


def test_a_lock_needs_a_reason_and_keeps_what_was_typed(desk: Browser) -> None:
    answer = desk.send(f"{HERE}/lock", reason="  ")
    assert answer.status_code == 400
    assert "Say why the screen is to be locked" in answer.text
    answer = desk.send(f"{HERE}/lock", reason="lost <in> a train")
    assert answer.status_code == 303
    assert asked(desk)[0].reason == "lost <in> a train"
    assert "lost &lt;in&gt; a train" in desk.get(HERE)
    assert "Locked" not in desk.get(HERE)


def test_a_lock_asks_for_the_second_factor_again(desk: Browser) -> None:
    desk.clock.advance(minutes=11)
    answer = desk.client.get(f"{HERE}/lock")
    assert answer.headers["location"].startswith("/account/confirm?next=")


def test_nobody_locks_a_fleet_within_an_hour(desk: Browser) -> None:
    names = [f"one-{number}" for number in range(6)]
    desk.enrol(*(Seen(name, Compliance.COMPLIANT) for name in names))
    sent = [desk.send(f"/devices/{device_id(name)}/lock", reason="drill") for name in names]
    assert [answer.status_code for answer in sent] == [303] * 5 + [400]
    assert "You have locked 5 screens within an hour" in sent[-1].text


@pytest.mark.parametrize("kept_out", ["retired", "in quarantine"])
def test_a_device_that_is_kept_out_cannot_be_asked(desk: Browser, kept_out: str) -> None:
    name, now = device_id("lap-1"), desk.clock()
    if kept_out == "retired":
        desk.store.write(lambda c: devices.retire(c, name, now))
    else:
        desk.store.write(lambda c: devices.quarantine(c, name, "two of them", now))
    assert "Check now" not in desk.get(HERE)
    assert kept_out in desk.send(f"{HERE}/lock", reason="drill").text
    refused = desk.send(f"{HERE}/check-now", HERE + "/lock")
    assert refused.status_code == 400
    assert re.search(rf'role="alert">The device is {kept_out}', refused.text)
    assert asked(desk) == []
