"""T24: what a collector can ask of an agent is a closed list, and no message can carry a command.

A new action, or a field that could carry words to a device, fails here until it is looked at.
"""

from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor

from agent.exchange.orders import DOES
from protos.posture.v1 import posture_service_pb2 as wire

TEXTS = {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}
SAID_TO_PEOPLE = {
    *("Finding.title", "Finding.because", "Finding.remediation"),
    *("FindingWords.title", "FindingWords.because", "FindingWords.remediation"),
}
NAMES = {
    *("Command.id", "Finding.rule_id", "EnrollResponse.device_id"),
    "FindingWords.language",  # compared with those the agent knows
    "CheckInResponse.may_install",  # among the releases that were signed
}
AT_ENROLLMENT = {
    "EnrollResponse.certificate_pem",
    "EnrollResponse.authority_pem",
    "EnrollResponse.collector_name",
    "RenewCertificateResponse.certificate_pem",
    "RenewCertificateResponse.authority_pem",
}


def words_to_a_device() -> set[str]:
    """Every text or bytes field in what a collector answers, as Message.field."""
    found: set[str] = set()
    waiting = [method.output_type for method in methods()]
    seen = set()
    while waiting:
        message = waiting.pop()
        if message.full_name in seen:
            continue
        seen.add(message.full_name)
        for each in message.fields:
            if each.type in TEXTS:
                found.add(f"{message.name}.{each.name}")
            if each.message_type is not None:
                waiting.append(each.message_type)
    return found


def methods() -> list[MethodDescriptor]:
    services = wire.DESCRIPTOR.services_by_name.values()
    return [method for service in services for method in service.methods]


def test_there_are_two_actions_and_the_agent_does_these() -> None:
    assert dict(wire.Action.items()) == {
        "ACTION_UNSPECIFIED": 0,
        "ACTION_CHECK_NOW": 1,
        "ACTION_LOCK_SCREEN": 2,
    }
    assert {wire.ACTION_CHECK_NOW, wire.ACTION_LOCK_SCREEN} == DOES


def test_a_command_has_no_room_for_words() -> None:
    fields = {field.name: field.type for field in wire.Command.DESCRIPTOR.fields}
    assert fields == {
        "id": FieldDescriptor.TYPE_STRING,
        "action": FieldDescriptor.TYPE_ENUM,
        "expires_at": FieldDescriptor.TYPE_MESSAGE,
    }


def test_what_a_collector_says_in_words_is_known_field_by_field() -> None:
    assert words_to_a_device() == SAID_TO_PEOPLE | NAMES | AT_ENROLLMENT
