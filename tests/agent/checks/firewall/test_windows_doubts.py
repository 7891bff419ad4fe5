"""Windows Firewall: entries of others and states of services that must not decide either way."""

import pytest

from agent.checks.firewall.windows import observe
from agent.host import Row
from collector.model import Status
from tests.agent.checks.firewall.test_windows import (
    LOCALLY_ON,
    RUNNING,
    gaps,
    status,
    store,
    windows,
)


def guard(state: object) -> Row:
    return {"displayName": "Guard", "productState": state}


@pytest.mark.parametrize("state", ["noise", None, 0x1000, 0x1041000, 0x041200, 0x044000])
def test_a_state_of_another_makers_firewall_that_is_not_understood_is_unknown(
    state: object,
) -> None:
    host = windows(store(Enabled=0), FirewallProduct=[guard(state)])
    assert status(host) is Status.UNKNOWN
    assert status(windows(store(), FirewallProduct=[guard(state)])) is Status.PASS


def test_another_makers_firewall_is_not_believed_while_security_center_does_not_run() -> None:
    asleep = (*RUNNING, {"Name": "wscsvc", "State": "Stopped"})
    host = windows(store(Enabled=0), services=asleep, FirewallProduct=[guard(0x041000)])
    assert status(host) is Status.UNKNOWN
    assert "scopes[third-party: Guard].inbound" in gaps(observe(host))


def test_two_entries_of_one_firewall_that_disagree_are_unknown() -> None:
    both = [guard(0x041000), guard(0x040000)]
    assert status(windows(store(Enabled=0), FirewallProduct=both)) is Status.UNKNOWN


def test_windows_own_firewall_in_the_list_of_others_guards_nothing() -> None:
    own = {"displayName": "Windows Firewall", "productState": 0x061100}
    assert status(windows(store(Enabled=0), FirewallProduct=[own])) is Status.FAIL


def test_another_makers_firewall_is_disputed_where_the_filtering_engine_is_stopped() -> None:
    stopped = (RUNNING[0], {"Name": "BFE", "State": "Stopped"})
    host = windows(store(), services=stopped, FirewallProduct=[guard(0x041000)])
    assert status(host) is Status.UNKNOWN


@pytest.mark.parametrize("state", ["Start Pending", "Stop Pending", "Paused"])
def test_a_service_on_its_way_neither_blocks_nor_lets_in(state: str) -> None:
    services = (RUNNING[0], {"Name": "BFE", "State": state})
    assert status(windows(store(), services=services)) is Status.UNKNOWN


def test_a_service_whose_state_is_in_another_language_is_not_taken_for_stopped() -> None:
    services = [{"Name": name, "State": "Wird ausgeführt"} for name in ("MpsSvc", "BFE")]
    assert status(windows(store(), services=services)) is Status.PASS
    assert status(windows(values=LOCALLY_ON, services=services)) is Status.UNKNOWN


def test_a_profile_without_inbound_rules_blocks_whatever_its_default() -> None:
    shielded = store(DefaultInboundAction=2, AllowInboundRules=0)
    assert status(windows(shielded)) is Status.PASS
