"""antivirus on Windows: what a removal, a stopped service or a date of never leaves to be told."""

import pytest

from agent.checks.antivirus.windows import observe
from tests.agent.checks.antivirus.test_windows import (
    CENTER_RUNS,
    DEFENDER,
    EXE,
    NORMAL,
    OFF,
    ON,
    client,
    gaps,
    guards,
    only,
    products,
    registered,
    service,
)

REPORTER = r"C:\Program Files\Bitdefender\reporter.exe"


def test_a_product_whose_own_program_is_gone_and_whose_reporter_is_left_is_not_told() -> None:
    entry = registered(ON, pathToSignedReportingExe=REPORTER)
    seen = observe(client(entry, files={REPORTER: b"MZ"}))
    assert guards(products(seen)["Bitdefender Antivirus"]) == (None, None)
    assert "gone from the disk" in gaps(seen)["products[Bitdefender Antivirus].real_time"]
    whole = observe(client(entry, files={REPORTER: b"MZ", EXE: b"MZ"}))
    assert guards(products(whole)["Bitdefender Antivirus"]) == (True, True)


def test_a_product_that_is_called_on_while_its_service_is_stopped_is_disputed() -> None:
    services = (CENTER_RUNS, service("EPProtectedService", "Stopped"))
    seen = observe(client(registered(ON), services=services))
    assert guards(products(seen)["Bitdefender Antivirus"]) == (None, None)
    assert "does not run" in gaps(seen)["products[Bitdefender Antivirus].real_time"]
    one_runs = (*services, service("EPSecurityService"))
    assert only(client(registered(ON), services=one_runs)).real_time


def test_a_product_that_is_off_is_off_though_its_service_runs_or_not() -> None:
    for state in ("Running", "Stopped"):
        services = (CENTER_RUNS, service("EPProtectedService", state))
        assert guards(only(client(registered(OFF), services=services))) == (False, False)


def test_a_service_whose_state_is_in_another_language_is_not_taken_for_stopped() -> None:
    services = ({"Name": "wscsvc", "State": "Wird ausgeführt"},)
    assert only(client(registered(ON), services=services)).real_time


def test_defender_that_dates_its_definitions_never_does_not_have_current_ones() -> None:
    status = {**NORMAL, "AntivirusSignatureLastUpdated": "/Date(-11644473600000)/"}
    seen = observe(client(status=status))
    assert not products(seen)[DEFENDER].HasField("definitions_current")
    assert f"products[{DEFENDER}].definitions_at" in gaps(seen)


@pytest.mark.parametrize("variable", ["%ProgramData%", "%CommonProgramFiles%"])
def test_a_program_below_another_variable_is_looked_for_too(variable: str) -> None:
    entry = registered(ON, pathToSignedProductExe=rf"{variable}\Guard\guard.exe")
    assert not products(observe(client(entry)))
