"""What a check-in asks of the database is counted, so that it cannot grow unseen."""

from collections.abc import Awaitable
from datetime import timedelta

from sqlalchemy import Connection

from collector.store import devices
from collector.store.columns import whole
from protos.posture.v1 import posture_service_pb2 as wire
from protos.posture.v1.device_pb2 import Inventory
from protos.posture.v1.signals_pb2 import Observation
from tests.collector.service.edge_desk import EdgeDesk
from tests.collector.service.test_check_in import report, unchanged
from tests.collector.service.test_commands import ask

OTHER = wire.Posture(
    inventory=Inventory(hostname="alice-laptop"), observations=[Observation(signal="firewall")]
).SerializeToString()
MOST_READS_OF_A_REPORT = 8
MOST_WRITES_OF_A_REPORT = 6


async def statements(desk: EdgeDesk, call: Awaitable[wire.CheckInResponse]) -> list[str]:
    """The first word of each statement of the one who writes, triggers and savepoints apart."""
    said: list[str] = []

    def listen(c: Connection) -> None:
        c.connection.dbapi_connection.set_trace_callback(said.append)  # type: ignore[union-attr]

    def stop(c: Connection) -> None:
        c.connection.dbapi_connection.set_trace_callback(None)  # type: ignore[union-attr]

    desk.store.write(listen)
    await call
    desk.store.write(stop)
    once = [text for n, text in enumerate(said) if n == 0 or text != said[n - 1]]
    words = [text.split(maxsplit=1)[0] for text in once]
    return [word for word in words if word in ("SELECT", "INSERT", "UPDATE", "DELETE")]


async def test_an_unchanged_check_in_is_one_read_and_one_update(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    device = enrolled.certificate_pem
    held = (await desk.check_in(report(), device)).answer_version
    request = unchanged(2)
    request.answer_version = held
    desk.clock.advance(seconds=30)
    assert await statements(desk, desk.check_in(request, device)) == ["SELECT", "UPDATE"]
    shown = desk.store.read(lambda c: devices.get(c, enrolled.device_id))
    assert shown is not None
    assert shown.last_seen_at == whole(desk.clock())
    assert shown.next_contact_at is not None
    assert timedelta(minutes=54) <= shown.next_contact_at - shown.last_seen_at


async def test_what_waits_for_a_device_is_looked_up_only_when_something_does(
    desk: EdgeDesk,
) -> None:
    enrolled = await desk.enroll()
    device = enrolled.certificate_pem
    await desk.check_in(report(), device)
    ask(desk, enrolled.device_id)
    request = unchanged(2)
    request.answer_version = 1
    words = await statements(desk, desk.check_in(request, device))
    assert words == ["SELECT", "UPDATE", "SELECT", "UPDATE"]


async def test_a_new_report_costs_a_bounded_number_of_statements(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    device = enrolled.certificate_pem
    await desk.check_in(report(), device)
    words = await statements(desk, desk.check_in(report(2, OTHER), device))
    assert words.count("SELECT") <= MOST_READS_OF_A_REPORT
    assert len(words) - words.count("SELECT") <= MOST_WRITES_OF_A_REPORT
