"""A token admits as many devices as was said, for as long as was said, and nobody else."""

import asyncio

import grpc
import grpc.aio
import pytest
from cryptography import x509

from collector import continuing
from collector.identity.authority import new_key
from collector.inventory import row_of
from collector.store import Connection, devices, events, tokens
from protos.posture.v1.device_pb2 import HardwareFingerprint, Inventory
from tests.collector.identity.requests import signing_request
from tests.collector.service.edge_desk import EdgeDesk

BOARD, ELSEWHERE = bytes(range(32)), bytes(range(1, 33))


async def refusal(desk: EdgeDesk, **changed: object) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await desk.enroll(**changed)
    return caught.value


async def test_a_token_gives_a_certificate_for_a_new_device(desk: EdgeDesk) -> None:
    enrolled = await desk.enroll()
    certificate = x509.load_pem_x509_certificate(enrolled.certificate_pem)
    assert certificate.public_key() == desk.key.public_key()
    assert certificate.subject.rfc4514_string() == f"CN={enrolled.device_id}"
    assert enrolled.authority_pem == desk.authority.pem
    assert enrolled.collector_name == "Muster"
    known = desk.store.read(lambda c: devices.get(c, enrolled.device_id))
    assert known is not None
    assert (known.hostname, known.agent_version) == ("alice-laptop", "0.1.0")


async def test_the_token_itself_is_nowhere_in_the_data_folder(desk: EdgeDesk) -> None:
    token = desk.token()
    await desk.enroll(token=token)
    files = [path for path in desk.store.path.parent.iterdir() if path.is_file()]
    assert files
    assert not [path.name for path in files if token.encode() in path.read_bytes()]


async def test_a_used_up_token_is_refused(desk: EdgeDesk) -> None:
    token = desk.token()
    await desk.enroll(token=token)
    error = await refusal(desk, token=token)
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert error.details() == "this enrollment token was used up: ask IT for a new one"


async def test_a_token_ends_to_the_second(desk: EdgeDesk) -> None:
    late, soon = desk.token(), desk.token()
    desk.clock.advance(hours=23, minutes=59, seconds=59)
    await desk.enroll(token=soon)
    desk.clock.advance(seconds=1)
    assert "this enrollment token ended at" in str((await refusal(desk, token=late)).details())


async def test_a_revoked_token_is_refused(desk: EdgeDesk) -> None:
    token = desk.token()
    (kept,) = desk.store.read(tokens.list_all)
    desk.store.write(lambda c: tokens.revoke(c, kept.token_id, desk.clock()))
    assert "was revoked" in str((await refusal(desk, token=token)).details())


@pytest.mark.parametrize("token", ["x", "x" * 300, "' OR 1=1 --", "\x00"])
async def test_an_unknown_token_is_refused(desk: EdgeDesk, token: str) -> None:
    error = await refusal(desk, token=token)
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "is not known here" in str(error.details())


async def test_fifty_at_once_get_no_more_certificates_than_the_token_has_uses(
    desk: EdgeDesk,
) -> None:
    token = desk.token(max_uses=3)
    tries = (desk.enroll(token=token) for _ in range(50))
    results = await asyncio.gather(*tries, return_exceptions=True)
    enrolled = [one for one in results if not isinstance(one, BaseException)]
    refused = [one for one in results if isinstance(one, grpc.aio.AioRpcError)]
    assert len(enrolled) == 3
    assert len(refused) == 47
    assert {one.code() for one in refused} == {grpc.StatusCode.PERMISSION_DENIED}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"inventory": None}, "inventory: is not set"),
        ({"csr": b""}, "csr: is missing"),
        ({"csr": b"x" * 5000}, "csr: is 5000 bytes long"),
    ],
)
async def test_a_bad_request_names_the_field_and_costs_no_token(
    desk: EdgeDesk, changed: dict[str, object], said: str
) -> None:
    token = desk.token()
    error = await refusal(desk, token=token, **changed)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert said in str(error.details())
    assert (await desk.enroll(token=token)).device_id


async def test_one_address_cannot_enroll_without_pause(desk: EdgeDesk) -> None:
    for _ in range(60):
        desk.enrollment.calls.take("127.0.0.1")
    error = await refusal(desk)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    trailing = error.trailing_metadata()
    assert trailing is not None
    assert int(str(trailing.get("retry-after"))) > 0


def machine(board: bytes, install: bytes) -> Inventory:
    fingerprint = HardwareFingerprint(board=board, install=install)
    return Inventory(hostname="alice-laptop", fingerprint=fingerprint)


async def again(desk: EdgeDesk, first: Inventory, second: Inventory, minutes: float) -> list[str]:
    """Enroll, report, wait, enroll again: what the newcomer's events are."""
    old = await desk.enroll(inventory=first)
    reported = desk.store.read(lambda c: devices.get(c, old.device_id))
    assert reported is not None
    desk.store.write(
        lambda c: devices.record_check_in(
            c, old.device_id, row_of(first, ""), 1, b"d" * 32, desk.clock()
        )
    )
    desk.clock.advance(minutes=minutes)
    new = await desk.enroll(inventory=second, csr=signing_request(new_key()))
    assert new.device_id != old.device_id
    kept = desk.store.read(lambda c: devices.get(c, new.device_id))
    assert kept is not None
    said = desk.store.read(lambda c: events.recent(c, 10, new.device_id))
    quarantine = ["quarantined"] if kept.quarantined_because else []
    return sorted(one.kind for one in said) + quarantine


async def test_a_machine_installed_again_is_a_new_device_and_is_noticed(desk: EdgeDesk) -> None:
    second = machine(BOARD, ELSEWHERE)
    assert await again(desk, machine(BOARD, BOARD), second, 60) == ["enrolled", "same hardware"]


@pytest.mark.parametrize(("minutes", "offered"), [(60 * 24, True), (14, False)])
async def test_only_an_earlier_installation_that_fell_silent_may_be_continued(
    desk: EdgeDesk, minutes: float, offered: bool
) -> None:
    """A copy of the disk is set aside first, whatever becomes of the other."""
    await again(desk, machine(BOARD, BOARD), machine(BOARD, ELSEWHERE), minutes)
    desk.clock.advance(days=1)
    pairs = desk.store.read(lambda c: continuing.waiting(c, desk.clock(), 9))
    assert bool(pairs) is offered


async def test_the_same_installation_enrolled_again_is_only_noticed(desk: EdgeDesk) -> None:
    same = machine(BOARD, ELSEWHERE)
    assert await again(desk, same, same, 1) == ["enrolled", "same hardware"]


async def test_two_machines_running_with_one_identity_quarantine_the_newcomer(
    desk: EdgeDesk,
) -> None:
    said = await again(desk, machine(BOARD, BOARD), machine(BOARD, ELSEWHERE), 14)
    assert said == ["enrolled", "same hardware", "quarantined"]


async def test_a_device_that_has_nothing_new_to_say_runs_all_the_same(desk: EdgeDesk) -> None:
    first = await desk.enroll(inventory=machine(BOARD, BOARD))
    row, reported_at = row_of(machine(BOARD, BOARD), ""), desk.clock()

    def unchanged_since(c: Connection) -> None:
        devices.record_check_in(c, first.device_id, row, 1, b"d" * 32, reported_at)
        devices.touch(c, first.device_id, 2, desk.clock())

    desk.clock.advance(days=3)
    desk.store.write(unchanged_since)
    desk.clock.advance(minutes=5)
    new = await desk.enroll(inventory=machine(BOARD, ELSEWHERE), csr=signing_request(new_key()))
    kept = desk.store.read(lambda c: devices.get(c, new.device_id))
    assert kept is not None
    assert kept.quarantined_because


@pytest.mark.parametrize("blank", [b"", b"\x00" * 32, b"\xff" * 32, b"short"])
async def test_a_blank_fingerprint_is_nobodys(desk: EdgeDesk, blank: bytes) -> None:
    said = await again(desk, machine(blank, BOARD), machine(blank, ELSEWHERE), 1)
    assert said == ["enrolled"]
