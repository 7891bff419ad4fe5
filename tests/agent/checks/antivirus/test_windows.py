"""antivirus on Windows: what each source's words mean, and what they do not mean."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from agent.checks.antivirus.windows import observe
from agent.host import CannotTell, Denied, NotRecorded, Row, ToolFailed, ToolMissing
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import AntivirusProduct
from tests.fakes import FakeHost

ON, ON_OLD, OFF, SNOOZED, EXPIRED = 0x041000, 0x041010, 0x040000, 0x042000, 0x043000
DEFENDER_ON, DEFENDER_OFF = 0x061100, 0x060100
DEFENDER = "Microsoft Defender Antivirus"
EXE = r"C:\Program Files\Bitdefender\wscfix.exe"
MSMPENG = r"C:\Program Files\Windows Defender\MsMpeng.exe"
CENTER_RUNS = {"Name": "wscsvc", "State": "Running", "PathName": r"C:\WINDOWS\svchost.exe -k x"}
NORMAL = {
    "AMRunningMode": "Normal",
    "AMServiceEnabled": True,
    "AMProductVersion": "4.18.26070.9",
    "AMEngineVersion": "1.1.26070.7",
    "AntivirusEnabled": True,
    "RealTimeProtectionEnabled": True,
    "OnAccessProtectionEnabled": True,
    "AntivirusSignatureAge": 13,
    "AntivirusSignatureLastUpdated": "/Date(1786499208000)/",
    "AntivirusSignatureVersion": "1.457.122.0",
    "DefenderSignaturesOutOfDate": False,
    "IsTamperProtected": True,
}


def registered(state: int, name: str = "Bitdefender Antivirus", **other: object) -> Row:
    return {"displayName": name, "productState": state, "pathToSignedProductExe": EXE, **other}


def defender(state: int) -> Row:
    return {
        "displayName": "Windows Defender",
        "instanceGuid": "{D68DDC3A-831F-4fae-9E44-DA132C1ACF46}",
        "pathToSignedProductExe": "windowsdefender://",
        "pathToSignedReportingExe": r"%ProgramFiles%\Windows Defender\MsMpeng.exe",
        "productState": state,
    }


def service(name: str, state: str = "Running", path: str = EXE) -> Row:
    return {"Name": name, "State": state, "PathName": f'"{path}" -x'}


def client(
    *products: Row,
    status: Row | CannotTell | None = None,
    services: Sequence[Row] | CannotTell = (CENTER_RUNS,),
    files: Mapping[str, bytes] | None = None,
) -> FakeHost:
    """A machine with Security Center. `status` is what Defender says of itself."""
    rows: dict[str, Sequence[Row] | CannotTell] = {
        "AntiVirusProduct": products,
        "Win32_Service": services,
        "Win32_OperatingSystem": ({"ProductType": 1},),
    }
    if status is not None:
        rows["MSFT_MpComputerStatus"] = status if isinstance(status, CannotTell) else (status,)
    held = {EXE: b"MZ", MSMPENG: b"MZ"} if files is None else files
    return FakeHost(os="windows", rows=rows, files=held)


def server(
    status: Row | CannotTell | None, *services: Row, files: Mapping[str, bytes] | None = None
) -> FakeHost:
    host = client(status=status, services=services or ({"Name": "EventLog"},), files=files)
    center = ToolMissing("there is no namespace root\\SecurityCenter2")
    host.rows = {
        **host.rows,
        "AntiVirusProduct": center,
        "Win32_OperatingSystem": ({"ProductType": 3},),
    }
    return host


def products(seen: Seen) -> dict[str, AntivirusProduct]:
    return {product.name: product for product in seen.value.products}  # type: ignore[attr-defined]


def only(host: FakeHost) -> AntivirusProduct:
    (product,) = products(observe(host)).values()
    return product


def guards(product: AntivirusProduct) -> tuple[bool | None, bool | None]:
    """Whether it runs and works in real time; None: not told."""
    return (
        product.running if product.HasField("running") else None,
        product.real_time if product.HasField("real_time") else None,
    )


def gaps(seen: Seen) -> dict[str, str]:
    return {gap.field: gap.detail for gap in seen.gaps}


@pytest.mark.parametrize(
    ("state", "running", "real_time", "current"),
    [
        (ON, True, True, True),
        (ON_OLD, True, True, False),
        (OFF, False, False, True),
        (SNOOZED, True, False, True),
        (0x051000, True, True, True),
    ],
)
def test_a_registered_product_is_what_the_nibbles_of_its_state_say(
    state: int, running: bool, real_time: bool, current: bool
) -> None:
    product = only(client(registered(state)))
    assert guards(product) == (running, real_time)
    assert product.definitions_current == current
    assert not product.HasField("definitions_at")


def test_an_expired_product_is_not_on_although_it_has_the_bit_of_one_that_is() -> None:
    product = only(client(registered(EXPIRED)))
    assert guards(product)[1] is False
    assert list(product.remarks) == ["expired"]


@pytest.mark.parametrize("state", [1, 0x1000, 0x044000, 0x041200, 0x1041000, "later", None])
def test_a_state_that_is_not_laid_out_as_is_known_is_not_told(state: int | str | None) -> None:
    seen = observe(client(registered(0, productState=state)))
    assert not products(seen)["Bitdefender Antivirus"].HasField("real_time")
    assert "products[Bitdefender Antivirus].real_time" in gaps(seen)


def test_signatures_whose_nibble_is_not_known_are_not_told() -> None:
    seen = observe(client(registered(0x041020)))
    product = products(seen)["Bitdefender Antivirus"]
    assert product.real_time
    assert not product.HasField("definitions_current")
    assert "products[Bitdefender Antivirus].definitions_at" in gaps(seen)


def test_defender_is_off_beside_another_product_and_both_are_told() -> None:
    seen = observe(client(registered(ON), defender(DEFENDER_OFF)))
    found = products(seen)
    assert found["Bitdefender Antivirus"].real_time
    assert guards(found[DEFENDER])[1] is False


def test_a_name_is_kept_in_its_own_script() -> None:
    assert only(client(registered(ON, "火绒安全软件"))).name == "火绒安全软件"


def test_an_entry_whose_program_is_gone_is_left_from_a_removal() -> None:
    seen = observe(client(registered(ON), status=NORMAL, files={}))
    assert list(products(seen)) == [DEFENDER]
    assert any("its program is gone" in line.said for line in seen.evidence)


def test_a_program_is_looked_for_below_the_folder_that_its_variable_names() -> None:
    row = registered(ON, pathToSignedProductExe=r"%ProgramFiles%\Old\av.exe")
    there = client(row, files={r"E:\Programme\Old\av.exe": b"MZ"})
    there.values = {
        r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\ProgramFilesDir": r"E:\Programme"
    }
    assert products(observe(there))
    assert not products(observe(client(row, files={})))


def test_an_address_is_no_program_that_could_be_gone() -> None:
    row = registered(ON, pathToSignedProductExe="someav://open")
    assert products(observe(client(row, files={})))


def test_a_program_that_cannot_be_looked_for_is_not_gone() -> None:
    class Unasked(FakeHost):
        def head(self, path: str, size: int) -> bytes:
            raise NotRecorded(path)

    host = Unasked(os="windows", rows={"AntiVirusProduct": (registered(ON),)})
    assert only(host).real_time


def test_of_two_entries_of_one_name_the_one_that_reported_last_counts() -> None:
    old = registered(ON, timestamp="Fri, 15 Oct 2021 22:32:01 GMT")
    new = registered(OFF, timestamp="Wed, 15 Dec 2021 12:40:10 GMT")
    assert guards(only(client(old, new)))[1] is False
    assert guards(only(client(new, old)))[1] is False


def test_two_entries_of_one_name_without_times_that_disagree_are_not_told() -> None:
    seen = observe(client(registered(ON), registered(OFF, timestamp="soon")))
    assert not products(seen)["Bitdefender Antivirus"].HasField("real_time")


def test_security_center_is_not_believed_before_its_service_runs() -> None:
    stopped = {**CENTER_RUNS, "State": "Stopped"}
    seen = observe(client(registered(ON), services=(stopped,)))
    product = products(seen)["Bitdefender Antivirus"]
    assert not product.HasField("real_time")
    assert not product.HasField("definitions_current")
    assert "wscsvc" in gaps(seen)["products[Bitdefender Antivirus].real_time"]


def test_no_products_before_the_service_of_security_center_runs_is_unknown() -> None:
    with pytest.raises(CannotTell, match="wscsvc"):
        observe(client(services=({**CENTER_RUNS, "State": "Stopped"},)))


def test_a_client_on_which_nothing_is_registered_has_no_antivirus() -> None:
    seen = observe(client())
    assert not products(seen)
    assert not seen.gaps


def test_defender_guards_in_normal_mode_with_real_time_protection() -> None:
    product = only(client(defender(DEFENDER_ON), status=NORMAL))
    assert product.name == DEFENDER
    assert guards(product) == (True, True)
    assert product.definitions_at.ToDatetime(UTC) == datetime(2026, 8, 12, 1, 46, 48, tzinfo=UTC)
    assert product.definitions_version == "1.457.122.0"
    assert product.definitions_current is True


@pytest.mark.parametrize("mode", ["Passive", "Passive Mode", "SxS Passive Mode"])
def test_defender_in_passive_mode_does_not_guard_whatever_its_flags_say(mode: str) -> None:
    product = only(client(defender(DEFENDER_ON), status={**NORMAL, "AMRunningMode": mode}))
    assert guards(product)[1] is False
    assert list(product.remarks) == ["passive mode"]


def test_edr_block_mode_does_not_tell_whether_defender_guards() -> None:
    seen = observe(client(status={**NORMAL, "AMRunningMode": "EDR Block Mode"}))
    assert not products(seen)[DEFENDER].HasField("real_time")
    assert f"products[{DEFENDER}].real_time" in gaps(seen)


@pytest.mark.parametrize("name", ["RealTimeProtectionEnabled", "OnAccessProtectionEnabled"])
def test_defender_guards_only_by_both_of_its_words(name: str) -> None:
    assert guards(only(client(status={**NORMAL, name: False})))[1] is False


@pytest.mark.parametrize("name", ["RealTimeProtectionEnabled", "AMRunningMode"])
def test_half_of_defenders_status_is_not_taken_for_protection(name: str) -> None:
    seen = observe(client(status={k: v for k, v in NORMAL.items() if k != name}))
    assert not products(seen)[DEFENDER].HasField("real_time")


def test_defender_that_does_not_run_and_never_had_definitions_says_so() -> None:
    status = {
        **NORMAL,
        "AMRunningMode": "Not running",
        "AMServiceEnabled": "False",
        "AntivirusEnabled": "False",
        "RealTimeProtectionEnabled": "False",
        "AMEngineVersion": "0.0.0.0",
        "AntivirusSignatureVersion": "0.0.0.0",
        "AntivirusSignatureAge": "4294967295",
        "AntivirusSignatureLastUpdated": "",
    }
    product = only(server(status))
    assert guards(product) == (False, False)
    assert product.definitions_current is False
    assert not product.HasField("definitions_version")


@pytest.mark.parametrize("age", [65535, 4294967295])
def test_an_age_that_stands_for_never_is_no_age(age: int) -> None:
    product = only(client(status={**NORMAL, "AntivirusSignatureAge": age}))
    assert product.definitions_current is False
    assert not product.HasField("definitions_at")


def test_a_date_in_words_of_some_language_is_not_read() -> None:
    status = {**NORMAL, "AntivirusSignatureLastUpdated": "3/4/2022 4:06:16 AM"}
    seen = observe(client(status=status))
    assert not products(seen)[DEFENDER].HasField("definitions_at")
    assert f"products[{DEFENDER}].definitions_at" in gaps(seen)


def test_defender_that_may_not_be_asked_is_what_security_center_says_of_it() -> None:
    seen = observe(
        client(defender(DEFENDER_ON), status=Denied("MSFT_MpComputerStatus: 0x80041003"))
    )
    assert products(seen)[DEFENDER].real_time
    assert not seen.gaps


def test_defender_whose_service_is_stopped_does_not_run() -> None:
    seen = observe(server(ToolFailed("the service does not run (0x800106BA)")))
    product = products(seen)[DEFENDER]
    assert guards(product) == (False, False)
    assert not seen.gaps


def test_a_server_without_security_center_is_what_defender_says() -> None:
    seen = observe(server(NORMAL))
    assert products(seen)[DEFENDER].real_time
    assert not seen.gaps


def test_defender_in_charge_leaves_no_other_product_to_be_seen() -> None:
    alone = FakeHost(os="windows", rows={"MSFT_MpComputerStatus": (NORMAL,)})
    assert not observe(alone).gaps
    passive = {**NORMAL, "AMRunningMode": "Passive"}
    assert "products" in gaps(
        observe(FakeHost(os="windows", rows={"MSFT_MpComputerStatus": (passive,)}))
    )


def test_a_client_without_the_classes_of_security_center_is_not_whole() -> None:
    host = server({**NORMAL, "RealTimeProtectionEnabled": False})
    host.rows = {**host.rows, "Win32_OperatingSystem": ({"ProductType": 1},)}
    assert "products" in gaps(observe(host))


def test_a_server_that_denies_defenders_status_is_unknown_and_not_without_antivirus() -> None:
    host = FakeHost(
        os="windows",
        rows={
            "AntiVirusProduct": NotRecorded("AntiVirusProduct was not recorded"),
            "Win32_Service": NotRecorded("Win32_Service was not recorded"),
            "MSFT_MpComputerStatus": Denied("Cannot connect to CIM server. Access denied"),
        },
    )
    with pytest.raises(Denied):
        observe(host)


def test_a_service_that_runs_says_nothing_of_real_time_protection() -> None:
    seen = observe(server(Denied("no rights"), service("WinDefend")))
    product = products(seen)[DEFENDER]
    assert product.running
    assert not product.HasField("real_time")
    assert gaps(seen)["products"] == "no rights"


def test_an_edr_service_on_a_server_is_seen_with_its_program() -> None:
    seen = observe(server(ToolMissing("no Defender"), service("CSFalconService")))
    product = products(seen)["CrowdStrike Falcon"]
    assert product.running
    assert not product.HasField("real_time")


def test_a_service_left_from_a_removal_is_no_product() -> None:
    stopped = service("SentinelAgent", "Stopped")
    assert not products(observe(server(ToolMissing("no Defender"), stopped, files={})))


def test_a_service_of_a_registered_maker_is_not_a_second_product() -> None:
    host = client(registered(OFF, "ESET Security"), services=(CENTER_RUNS, service("ekrn")))
    assert only(host).name == "ESET Security"


def test_services_that_cannot_be_listed_keep_no_antivirus_from_being_said() -> None:
    with pytest.raises(Denied):
        observe(client(services=Denied("no rights")))


def test_the_same_state_in_another_order_is_the_same_observation() -> None:
    one, other = registered(ON), defender(DEFENDER_OFF)
    first, second = observe(client(one, other)), observe(client(other, one))
    assert (first.value, first.evidence, first.gaps) == (second.value, second.evidence, second.gaps)
