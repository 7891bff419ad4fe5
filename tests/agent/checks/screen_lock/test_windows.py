"""screen_lock on Windows: whose settings count, which of them lock, and which never do."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from agent.checks.screen_lock.windows import observe
from agent.host import CannotTell, Denied, NotRecorded, NoUserSession, RegistryValue, Unparsable
from agent.observation import Seen
from protos.posture.v1.signals_pb2 import UserScreenLock
from tests.fakes import FakeHost

ALICE = "S-1-5-21-1004336348-1177238915-682003330-1001"
ENTRA = "S-1-12-1-3482164112-1287453-3482164-4221"
POLICIES = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
DEVICE_LOCK = r"HKLM\SOFTWARE\Microsoft\PolicyManager\current\device\DeviceLock"
WINLOGON = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon"
INACTIVITY = POLICIES + r"\InactivityTimeoutSecs"
SAVER = r"C:\Windows\System32\scrnsave.scr"
FOUR = {
    "ScreenSaveActive": "1",
    "ScreenSaverIsSecure": "1",
    "ScreenSaveTimeOut": "600",
    "SCRNSAVE.EXE": SAVER,
}
Values = dict[str, RegistryValue | CannotTell]
SCHEMES = r"HKLM\SYSTEM\CurrentControlSet\Control\Power\User\PowerSchemes"
SCHEME = "381b4222-f694-41f0-9685-ff5bb260df2e"
SLEEP = r"238c9fa8-0aad-41ed-83f4-97be242c8f20\29f6c1db-86da-48c5-9fdb-f2b67b1f44da"
AWAKE: Values = {
    rf"{SCHEMES}\ActivePowerScheme": SCHEME,
    rf"{SCHEMES}\{SCHEME}\{SLEEP}\ACSettingIndex": 0,
    rf"{SCHEMES}\{SCHEME}\{SLEEP}\DCSettingIndex": 0,
}
"""A machine that never sleeps; what sleep locks is in test_windows_sleep.py."""


def own(sid: str = ALICE, **settings: str) -> Values:
    key = rf"HKU\{sid}\Control Panel\Desktop"
    return {rf"{key}\{name}": value for name, value in settings.items()}


def saver(
    change: Mapping[str, str | None] | None = None, *, sid: str = ALICE, policy: bool = False
) -> Values:
    path = r"\Software\Policies\Microsoft\Windows" if policy else ""
    key = rf"HKU\{sid}{path}\Control Panel\Desktop"
    settings: dict[str, str | None] = {**FOUR, **(change or {})}
    return {rf"{key}\{name}": value for name, value in settings.items() if value is not None}


def logon(sid: str = ALICE, name: str = "alice", domain: str = "PC") -> Values:
    key = rf"HKU\{sid}\Volatile Environment"
    return {rf"{key}\USERNAME": name, rf"{key}\USERDOMAIN": domain}


def machine(*parts: Values, files: tuple[str, ...] = (SAVER,)) -> FakeHost:
    values: Values = {r"HKU\.DEFAULT\Control Panel\Desktop\ScreenSaveActive": "1", **AWAKE}
    for part in parts:
        values |= part
    return FakeHost(os="windows", values=values, files=dict.fromkeys(files, b"MZ"))


def users(seen: Seen) -> dict[str, UserScreenLock]:
    return {user.user: user for user in seen.value.users}  # type: ignore[attr-defined]


def told(user: UserScreenLock) -> bool | None:
    return user.locks if user.HasField("locks") else None


def alice(*parts: Values, files: tuple[str, ...] = (SAVER,)) -> UserScreenLock:
    return users(observe(machine(logon(), *parts, files=files)))["alice"]


def test_all_four_values_of_a_screen_saver_make_a_lock() -> None:
    user = alice(saver())
    assert (user.locks, user.idle_seconds, user.lock_delay_seconds) == (True, 600, 5)
    assert (user.desktop, user.in_session, user.enforced) == ("windows", True, False)


@pytest.mark.parametrize(
    "change",
    [
        {"ScreenSaveActive": "0"},
        {"ScreenSaverIsSecure": "0"},
        {"ScreenSaverIsSecure": None},
        {"ScreenSaveTimeOut": "0"},
        {"SCRNSAVE.EXE": None},
        {"SCRNSAVE.EXE": ""},
        {"SCRNSAVE.EXE": r"C:\gone.scr"},
    ],
)
def test_a_screen_saver_that_lacks_one_of_the_four_locks_nothing(
    change: dict[str, str | None],
) -> None:
    user = alice(saver(change))
    assert told(user) is False


@pytest.mark.parametrize(
    "change", [{"ScreenSaveActive": None}, {"ScreenSaveTimeOut": None}, {"ScreenSaveActive": "2"}]
)
def test_a_screen_saver_that_is_told_by_half_is_unknown(change: dict[str, str | None]) -> None:
    with pytest.raises(CannotTell):
        alice(saver(change))


@pytest.mark.parametrize("words", ["ten minutes", "-600", "6OO", "٦٠٠"])
def test_a_time_that_is_no_number_is_unknown(words: str) -> None:
    with pytest.raises(Unparsable):
        alice(saver({"ScreenSaveTimeOut": words}))


def test_a_timeout_alone_is_no_lock() -> None:
    assert told(alice(own(ScreenSaveTimeOut="300"))) is False

    class Recorded(FakeHost):
        def registry(self, key: str, name: str) -> RegistryValue:
            if name.lower() == "screensavetimeout" and "Policies" not in key:
                return "300"
            raise NotRecorded(f"{key} {name}")

    with pytest.raises(NotRecorded):
        observe(Recorded(os="windows", values=own(ScreenSaveTimeOut="300")))


def test_a_policy_goes_before_the_persons_own_value() -> None:
    user = alice(saver(), saver({"ScreenSaveTimeOut": "1200"}, policy=True))
    assert (user.idle_seconds, user.enforced) == (1200, True)
    off = {
        key: v
        for key, v in saver({"ScreenSaveActive": "0"}, policy=True).items()
        if "Active" in key
    }
    assert told(alice(saver(), off)) is False


def test_what_a_policy_sets_in_part_the_person_can_still_change() -> None:
    part = {k: v for k, v in saver(policy=True).items() if "SCRNSAVE" not in k}
    assert alice(saver(), part).enforced is False


def test_a_saver_by_name_alone_lies_in_the_system_folder() -> None:
    assert alice(saver({"SCRNSAVE.EXE": "scrnsave.scr"})).locks
    assert told(alice(saver({"SCRNSAVE.EXE": r"%SystemRoot%\system32\x.scr"}), files=())) is False
    assert alice(
        saver({"SCRNSAVE.EXE": r"%SystemRoot%\system32\x.scr"}),
        {r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\SystemRoot": r"D:\W"},
        files=(r"D:\W\system32\x.scr",),
    ).locks


def test_the_grace_before_the_lock_is_added() -> None:
    grace: Values = {WINLOGON + r"\ScreenSaverGracePeriod": "120"}
    assert alice(saver(), grace).lock_delay_seconds == 120


def test_an_inactivity_limit_locks_by_itself_for_everybody() -> None:
    user = alice({INACTIVITY: 300})
    assert (user.locks, user.idle_seconds, user.lock_delay_seconds) == (True, 300, 0)
    assert (user.enforced, user.source) == (True, "InactivityTimeoutSecs")


def test_the_soonest_of_all_locks_counts() -> None:
    assert alice(saver(), {INACTIVITY: 900}).idle_seconds == 600
    assert alice(saver(), {INACTIVITY: 300}).idle_seconds == 300


def test_an_inactivity_limit_of_zero_is_off() -> None:
    assert told(alice({INACTIVITY: 0})) is False


@pytest.mark.parametrize("limit", ["900", b"\x84\x03\x00\x00", ("900",)])
def test_a_policys_number_that_is_no_number_may_not_be_obeyed(limit: RegistryValue) -> None:
    with pytest.raises(Unparsable, match="InactivityTimeoutSecs"):
        alice({INACTIVITY: limit})
    assert alice({INACTIVITY: limit}, saver()).may_lock_sooner
    with pytest.raises(Unparsable):
        alice(saver(), {POLICIES + r"\DisableLockWorkstation": "1"})


def test_an_inactivity_limit_beyond_what_windows_knows_is_not_told() -> None:
    with pytest.raises(Unparsable):
        alice({INACTIVITY: 4294967295})


@pytest.mark.parametrize(("required", "locks"), [(0, True), (1, False)])
def test_the_limit_of_an_mdm_is_in_minutes_and_holds_with_a_password(
    required: int, locks: bool
) -> None:
    limits: Values = {
        DEVICE_LOCK + r"\MaxInactivityTimeDeviceLock": 15,
        DEVICE_LOCK + r"\DevicePasswordEnabled": required,
    }
    user = alice(limits)
    assert told(user) is locks
    assert user.idle_seconds == (900 if locks else 0)


def test_the_limit_of_an_mdm_that_says_nothing_of_a_password_is_unknown() -> None:
    with pytest.raises(CannotTell, match="DevicePasswordEnabled"):
        alice({DEVICE_LOCK + r"\MaxInactivityTimeDeviceLock": 15})


@pytest.mark.parametrize(
    "key",
    [POLICIES, rf"HKU\{ALICE}\Software\Microsoft\Windows\CurrentVersion\Policies\System"],
)
def test_nothing_locks_where_locking_is_disabled(key: str) -> None:
    assert told(alice(saver(), {INACTIVITY: 300, key + r"\DisableLockWorkstation": 1})) is False


def test_only_accounts_of_people_who_are_logged_on_are_judged() -> None:
    task = "S-1-5-21-1004336348-1177238915-682003330-1002"
    seen = observe(
        machine(
            logon(),
            saver(),
            own(task, ScreenSaveActive="0"),
            own("S-1-5-18", ScreenSaveActive="0"),
            logon("S-1-5-18", "PC$"),
            logon(".DEFAULT", "PC$"),
            logon("S-1-5-19", "LOCAL SERVICE"),
            own("S-1-5-21-1004336348-1177238915-682003330-1001_Classes", x="1"),
        )
    )
    assert list(users(seen)) == ["alice"]


def test_a_person_of_entra_is_a_person() -> None:
    assert users(observe(machine(logon(ENTRA, "bob"), saver(sid=ENTRA))))["bob"].locks


def test_every_person_has_their_own_answer() -> None:
    seen = observe(machine(logon(), saver(), logon(ENTRA, "bob"), own(ENTRA, ScreenSaveActive="0")))
    assert {name: told(user) for name, user in users(seen).items()} == {"alice": True, "bob": False}


def test_a_person_whose_logon_does_not_tell_the_name_is_not_left_out() -> None:
    bob = ALICE[:-4] + "1002"
    profile = rf"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{bob}"
    nameless: Values = {
        rf"HKU\{bob}\Volatile Environment\LOGONSERVER": r"\\PC",
        rf"{profile}\ProfileImagePath": r"C:\Users\bob",
    }
    found = users(observe(machine(logon(), saver(), nameless)))
    assert told(found["bob"]) is False


def test_two_people_of_one_name_are_told_apart_by_their_domain() -> None:
    seen = observe(machine(logon(), saver(), logon(ENTRA, "alice", "AzureAD"), saver(sid=ENTRA)))
    assert sorted(users(seen)) == [r"AzureAD\alice", r"PC\alice"]


def test_nobody_logged_on_leaves_the_rules_of_the_machine() -> None:
    user = users(observe(machine({INACTIVITY: 600})))["everybody"]
    assert (user.locks, user.idle_seconds, user.may_lock_sooner) == (True, 600, True)
    assert not user.HasField("in_session")


def test_nobody_logged_on_and_no_rule_of_the_machine_is_unknown() -> None:
    with pytest.raises(NoUserSession):
        observe(machine())


def test_a_recording_of_the_inactivity_limit_alone_is_a_lock_at_the_latest() -> None:
    @dataclass
    class Recorded(FakeHost):
        def registry(self, key: str, name: str) -> RegistryValue:
            if rf"{key}\{name}" == INACTIVITY:
                return 0x12C
            raise NotRecorded(f"{key} {name}")

        def subkeys(self, key: str) -> tuple[str, ...]:
            raise NotRecorded(key)

    user = users(observe(Recorded(os="windows")))["everybody"]
    assert (user.locks, user.idle_seconds, user.may_lock_sooner) == (True, 300, True)


def test_a_lock_beside_a_saver_that_may_not_be_read_may_come_sooner() -> None:
    key = rf"HKU\{ALICE}\Software\Policies\Microsoft\Windows\Control Panel\Desktop\ScreenSaveActive"
    user = alice(saver(), {INACTIVITY: 3600, key: Denied("no rights")})
    assert (user.idle_seconds, user.may_lock_sooner) == (3600, True)
    with pytest.raises(Denied):
        alice(saver(), {key: Denied("no rights")})


def test_a_person_whose_hive_may_not_be_read_is_unknown_beside_another_who_is_told() -> None:
    key = rf"HKU\{ENTRA}\Software\Policies\Microsoft\Windows\Control Panel\Desktop\ScreenSaveActive"
    hidden: Values = {key: Denied("no rights")}
    seen = observe(machine(logon(), saver(), logon(ENTRA, "bob"), saver(sid=ENTRA), hidden))
    assert not users(seen)["bob"].HasField("locks")
    assert [gap.field for gap in seen.gaps] == ["users[bob].locks"]


def test_a_logon_without_anybody_is_said() -> None:
    seen = observe(machine(logon(), saver(), {WINLOGON + r"\AutoAdminLogon": "1"}))
    assert "AutoAdminLogon" in [line.source for line in seen.evidence]
