"""Each maker's tool: real-time protection is what the right field says, and nothing else."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.checks.antivirus import (
    bitdefender,
    carbonblack,
    cortex,
    falcon,
    mdatp,
    sentinelone,
)
from agent.checks.antivirus.product import Health, Signs
from agent.host import CannotTell, Conflicting, NoData, ToolFailed, Unparsable
from tests.fakes import Answer, FakeHost

UNSEEN = Signs(installed=None, running=None, trouble=NoData("not seen"))
RUNNING = Signs(installed=True, running=True, trouble=None)
STOPPED = Signs(installed=True, running=False, trouble=None)
MDATP = "mdatp health --output json"
FALCON = "falconctl -g " + " ".join(falcon.FULL)
AID = f'cid="{"c" * 32}", aid="{"a" * 32}", '


def wrapped(value: object) -> dict[str, object]:
    return {"displayValue": str(value), "isManaged": False, "value": value}


def defender(**changed: object) -> str:
    fields: dict[str, object] = {
        "appVersion": "101.24",
        "healthy": True,
        "licensed": True,
        "realTimeProtectionEnabled": wrapped(True),
        "realTimeProtectionAvailable": True,
        "passiveModeEnabled": wrapped(False),
        "definitionsUpdated": "1795222382000",
        "definitionsVersion": "1.421.1",
    }
    return json.dumps(fields | changed)


def asked_defender(printed: Answer) -> Health:
    return mdatp.ask(FakeHost(commands={MDATP: printed, "mdatp health": printed}), UNSEEN)


def gaps(health: Health) -> dict[str, type[Exception]]:
    return {name: type(trouble) for name, trouble in health.gaps}


def test_defender_with_real_time_protection() -> None:
    health = asked_defender(defender())
    assert (health.running, health.real_time, health.version) == (True, True, "101.24")
    assert health.definitions_at == datetime(2026, 11, 21, 0, 53, 2, tzinfo=UTC)
    assert health.gaps == []


@pytest.mark.parametrize(
    ("changed", "remark"),
    [
        ({"realTimeProtectionEnabled": wrapped(False)}, []),
        ({"realTimeProtectionAvailable": False}, []),
        ({"passiveModeEnabled": wrapped(True)}, ["passive mode"]),
    ],
)
def test_a_healthy_defender_that_does_not_guard(
    changed: dict[str, object], remark: list[str]
) -> None:
    health = asked_defender(defender(**changed))
    assert health.real_time is False
    assert health.remarks == remark


def test_a_defender_without_a_licence_is_not_believed_to_guard() -> None:
    health = asked_defender(defender(licensed=False))
    assert health.real_time is None
    assert gaps(health)["real_time"] is Conflicting


def test_a_defender_that_does_not_say_is_not_told() -> None:
    health = asked_defender(defender(realTimeProtectionEnabled=wrapped("unavailable")))
    assert health.real_time is None
    assert gaps(health)["real_time"] is Unparsable


@pytest.mark.parametrize("value", ["unavailable", None, "", "Jul 05, 2024 at 10:00", True, "12"])
def test_a_date_in_another_form_is_not_told(value: object) -> None:
    assert "definitions_at" in gaps(asked_defender(defender(definitionsUpdated=value)))


def test_an_old_defender_prints_text() -> None:
    text = (
        "ATTENTION: No license found. Contact your administrator for help.\n"
        "healthy                       : false\n"
        "licensed                      : false\n"
        'app_version                   : "101.02.55"\n'
        "real_time_protection_enabled  : false\n"
        "definitions_updated           : Jul 05, 2020 at 10:00:00 AM\n"
    )
    host = FakeHost(commands={MDATP: ToolFailed("unknown option"), "mdatp health": text})
    health = mdatp.ask(host, UNSEEN)
    assert (health.real_time, health.version) == (False, "101.02.55")
    assert health.remarks == ["not licensed", "reports itself unhealthy"]
    assert "definitions_at" in gaps(health)


@pytest.mark.parametrize(
    "printed",
    ["", "{}", "[]", '{"error": "x"}', "Could not connect to the daemon: is it running?"],
)
def test_a_defender_whose_daemon_is_down_says_nothing(printed: str) -> None:
    with pytest.raises(Unparsable):
        asked_defender(printed)


def asked_falcon(printed: str, signs: Signs = RUNNING) -> Health:
    return falcon.ask(FakeHost(commands={FALCON: printed}), signs)


def test_a_registered_and_whole_sensor_that_runs_guards() -> None:
    health = asked_falcon(AID + "rfm-state=false, rfm-reason=None, version = 6.38.13501.0.")
    assert (health.real_time, health.version) == (True, "6.38.13501.0")
    assert health.definitions_in_cloud is True


@pytest.mark.parametrize(
    ("printed", "remark"),
    [
        (AID + "rfm-state=true, version = 6.38.", "reduced functionality"),
        ("aid is not set, rfm-state is not set, version = 6.38.", "not registered"),
    ],
)
def test_a_sensor_that_detects_nothing(printed: str, remark: str) -> None:
    health = asked_falcon(printed)
    assert health.real_time is False
    assert health.remarks == [remark]


def test_a_sensor_that_does_not_run_does_not_guard() -> None:
    assert asked_falcon(AID + "rfm-state=false", STOPPED).real_time is False


@pytest.mark.parametrize(
    ("printed", "signs"),
    [
        (AID + "rfm-state=false", UNSEEN),
        (AID + "rfm-state is not set", RUNNING),
        ("rfm-state=false", RUNNING),
    ],
)
def test_a_sensor_of_which_not_all_is_seen_is_not_told(printed: str, signs: Signs) -> None:
    health = asked_falcon(printed, signs)
    assert health.real_time is None
    assert "real_time" in gaps(health)


@pytest.mark.parametrize(("state", "guards"), [("Enabled", True), ("Disabled", False)])
def test_sentinelone_by_its_agent_state(state: str, guards: bool) -> None:
    commands = {
        "sentinelctl control status": f"DFI engine   Enabled\nAgent state      {state}\n",
        "sentinelctl version": "Agent version: 30.1.1.10\n",
    }
    health = sentinelone.ask(FakeHost(commands=commands), UNSEEN)
    assert (health.real_time, health.version) == (guards, "30.1.1.10")


@pytest.mark.parametrize(
    "printed", ["", "DFI engine Enabled", "Agent state Initializing", "Agent state\n"]
)
def test_sentinelone_in_another_state_is_unparsable(printed: str) -> None:
    with pytest.raises(Unparsable):
        sentinelone.parse_state(printed)


BITDEFENDER = """\
Product version: 7.0.3.2239
Engines version: 7.95171
Last security content update: 2023-08-24 at 11:44:37 GMT+2
Features:
  - Antimalware status: On
"""


def asked_bitdefender(printed: str) -> Health:
    return bitdefender.ask(FakeHost(commands={"bduitool get ps": printed}), UNSEEN)


def test_bitdefender_on() -> None:
    health = asked_bitdefender(BITDEFENDER)
    assert (health.real_time, health.version) == (True, "7.0.3.2239")
    assert health.definitions_at == datetime(2023, 8, 24, 9, 44, 37, tzinfo=UTC)


def test_bitdefender_off() -> None:
    assert asked_bitdefender(BITDEFENDER.replace(": On", ": Off")).real_time is False


def test_bitdefender_in_another_state_and_without_a_zone_is_not_told() -> None:
    health = asked_bitdefender(BITDEFENDER.replace(": On", ": Expired").replace(" GMT+2", ""))
    assert health.real_time is None
    assert set(gaps(health)) == {"real_time", "definitions_at"}


def test_cortex_says_what_runs_and_not_whether_it_guards() -> None:
    table = "  Name  PID  User  Status  Command\n  pmd  10  root  Running  /opt/traps/bin/pmd\n"
    commands = {
        "cytool runtime query": table + "  dypd  N/A  root  Stopped  /opt/traps/bin/dypdng\n",
        "cytool info": "Cortex XDR (R) supervisor tool 8.2.1.120305\n",
        "cytool info query": "Content Version: 1270-120305\n",
    }
    health = cortex.ask(FakeHost(commands=commands), UNSEEN)
    assert (health.running, health.real_time) == (True, None)
    assert (health.version, health.definitions_version) == ("8.2.1.120305", "1270-120305")
    assert health.remarks == ["not running: dypd"]


@pytest.mark.parametrize("printed", ["", "Name PID User Status Command\n", "cytool: denied"])
def test_cortex_in_another_form_is_unparsable(printed: str) -> None:
    with pytest.raises(Unparsable):
        cortex.parse_runtime(printed)


def test_carbon_black_says_its_state_and_not_whether_it_guards() -> None:
    printed = "General Info:\n  Sensor Version: 2.15\n  Registered: No\n  State: Bypass\n"
    health = carbonblack.ask(FakeHost(commands={"repcli status": printed}), UNSEEN)
    assert (health.real_time, health.version) == (None, "2.15")
    assert health.remarks == ["state Bypass", "not registered"]


GOOD = (defender(), AID + "rfm-state=false, version = 6.38.", BITDEFENDER)
PRINTED = st.one_of(
    st.text(max_size=300),
    st.sampled_from(GOOD).flatmap(
        lambda text: st.integers(0, len(text) // 2).map(lambda cut: text[:cut])
    ),
)


@given(PRINTED)
def test_no_broken_answer_becomes_real_time_protection(printed: str) -> None:
    commands: dict[str, Answer] = {
        MDATP: printed,
        "mdatp health": printed,
        FALCON: printed,
        "sentinelctl control status": printed,
        "bduitool get ps": printed,
        "cytool runtime query": printed,
        "repcli status": printed,
    }
    host = FakeHost(commands=commands)
    for tool in (mdatp, falcon, sentinelone, bitdefender, cortex, carbonblack):
        try:
            health = tool.ask(host, RUNNING)
        except CannotTell:
            continue
        assert health.real_time is not True
