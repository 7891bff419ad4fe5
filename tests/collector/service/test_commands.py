"""T68 at the collector: a command reaches its own device, once, and in time."""

from datetime import timedelta

from collector.store import commands, devices
from collector.store.commands import Command, CommandAction, CommandOutcome, Wish
from protos.posture.v1 import posture_service_pb2 as wire
from tests.collector.service.edge_desk import EdgeDesk
from tests.collector.service.test_check_in import report, unchanged


def ask(
    desk: EdgeDesk, device_id: str, action: CommandAction = CommandAction.CHECK_NOW, by: str = "eve"
) -> tuple[Command, bool]:
    wish = Wish(device_id, action, by, "on the phone")
    return desk.store.write(lambda c: commands.ask(c, wish, desk.clock()))


def shown(desk: EdgeDesk, device_id: str) -> list[Command]:
    return desk.store.read(lambda c: commands.of_device(c, device_id))


def told(request: wire.CheckInRequest, command_id: str, outcome: int) -> wire.CheckInRequest:
    added = request.command_reports.add(id=command_id, because="said\x1b[31m so")
    added.outcome = wire.CommandOutcome.ValueType(outcome)
    return request


async def test_a_command_is_handed_out_once_and_its_outcome_kept(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    asked, new = ask(desk, enrolled.device_id)
    assert new
    first = await desk.check_in(report(), enrolled.certificate_pem)
    assert [(each.id, each.action) for each in first.commands] == [
        (asked.command_id, wire.ACTION_CHECK_NOW)
    ]
    done = told(unchanged(2), asked.command_id, wire.COMMAND_OUTCOME_DONE)
    assert not (await desk.check_in(done, enrolled.certificate_pem)).commands
    (kept,) = shown(desk, enrolled.device_id)
    assert (kept.outcome, kept.because) == (CommandOutcome.DONE, "said [31m so")
    assert kept.delivered_at == kept.done_at is not None


async def test_an_expired_command_is_not_handed_out(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    ask(desk, enrolled.device_id)
    desk.clock.advance(hours=25)
    assert not (await desk.check_in(report(), enrolled.certificate_pem)).commands


async def test_two_who_ask_at_once_ask_once(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    first, _ = ask(desk, enrolled.device_id, by="alice")
    second, new = ask(desk, enrolled.device_id, by="bob")
    assert (second, new) == (first, False)
    third, new = ask(desk, enrolled.device_id, CommandAction.LOCK_SCREEN)
    assert new
    answer = await desk.check_in(report(), enrolled.certificate_pem)
    assert {each.id for each in answer.commands} == {first.command_id, third.command_id}


async def test_another_device_neither_gets_a_command_nor_says_what_became_of_it(
    desk: EdgeDesk,
) -> None:
    mine, other = await desk.enroll(), await desk.enroll()
    asked, _ = ask(desk, mine.device_id)
    forged = told(report(), asked.command_id, wire.COMMAND_OUTCOME_DONE)
    assert not (await desk.check_in(forged, other.certificate_pem)).commands
    await desk.check_in(report(), mine.certificate_pem)
    await desk.check_in(
        told(unchanged(2), asked.command_id, wire.COMMAND_OUTCOME_DONE), other.certificate_pem
    )
    assert shown(desk, mine.device_id)[0].outcome is CommandOutcome.NONE


async def test_an_outcome_that_is_not_known_here_counts_as_not_done(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    asked, _ = ask(desk, enrolled.device_id, CommandAction.LOCK_SCREEN)
    await desk.check_in(report(), enrolled.certificate_pem)
    await desk.check_in(told(unchanged(2), asked.command_id, 77), enrolled.certificate_pem)
    assert shown(desk, enrolled.device_id)[0].outcome is CommandOutcome.FAILED


async def test_a_device_in_quarantine_gets_no_commands(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    ask(desk, enrolled.device_id)
    desk.store.write(lambda c: devices.quarantine(c, enrolled.device_id, "a copy", desk.clock()))
    assert not (await desk.check_in(report(), enrolled.certificate_pem)).commands


async def test_the_store_knows_when_a_device_was_told_to_come_again(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    answer = await desk.check_in(report(), enrolled.certificate_pem)
    device = desk.store.read(lambda c: devices.get(c, enrolled.device_id))
    assert device
    assert device.next_contact_at
    expected_at = desk.clock() + timedelta(seconds=answer.next_check_in_seconds)
    assert abs(device.next_contact_at - expected_at) < timedelta(seconds=1)
