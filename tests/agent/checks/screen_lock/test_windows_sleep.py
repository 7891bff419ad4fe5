"""screen_lock on Windows: when sleep locks, by which power settings, and when that is not told."""

import pytest

from agent.checks.screen_lock.windows import observe
from agent.host import CannotTell, Denied, NoData, NotRecorded, RegistryValue, Unparsable
from protos.posture.v1.signals_pb2 import UserScreenLock
from tests.fakes import FakeHost

ALICE = "S-1-5-21-1004336348-1177238915-682003330-1001"
DESKTOP = rf"HKU\{ALICE}\Control Panel\Desktop"
POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Power\PowerSettings"
POWER = r"HKLM\SYSTEM\CurrentControlSet\Control\Power"
SCHEMES = POWER + r"\User\PowerSchemes"
BALANCED = "381b4222-f694-41f0-9685-ff5bb260df2e"
OWN = "69356ebb-9c01-427c-8625-f1c21ff6f2c0"
IDLE, WAKE = "29f6c1db-86da-48c5-9fdb-f2b67b1f44da", "0e796bdb-100d-47d6-a2d5-f7d2daa51f51"
SLEEP = rf"238c9fa8-0aad-41ed-83f4-97be242c8f20\{IDLE}"
DISPLAY = r"7516b95f-f776-4464-8c53-06167f40cc99\3c0bc021-c8a8-4e07-a973-6b14cbcb2b7e"
NO_SUBGROUP = r"fea3413e-7e05-4911-9a71-700331f1c294"
STANDBY = "abfc2519-3608-4c2a-94ea-171b0ed546ab"
BIOS = r"HKLM\HARDWARE\DESCRIPTION\System\BIOS"
Values = dict[str, RegistryValue | CannotTell]
Pair = tuple[int | None, int | None]


def both(key: str, pair: Pair, before: str = "") -> Values:
    names = (f"{before}ACSettingIndex", f"{before}DCSettingIndex")
    return {rf"{key}\{name}": v for name, v in zip(names, pair, strict=True) if v is not None}


def policy(setting: str, ac: int | None, dc: int | None) -> Values:
    return both(rf"{POLICY}\{setting}", (ac, dc))


def changed(setting: str, ac: int | None, dc: int | None) -> Values:
    return both(rf"{SCHEMES}\{BALANCED}\{setting}", (ac, dc))


def begun(setting: str, ac: int | None, dc: int | None, before: str = "") -> Values:
    key = rf"{POWER}\PowerSettings\{setting}\DefaultPowerSchemeValues\{BALANCED}"
    return both(key, (ac, dc), before)


LAPTOP: Values = {
    rf"HKU\{ALICE}\Volatile Environment\USERNAME": "alice",
    rf"{DESKTOP}\ScreenSaveActive": "0",
    rf"{SCHEMES}\ActivePowerScheme": BALANCED,
    **begun(SLEEP, 600, 300),
    **begun(WAKE, 1, 1),
    **begun(DISPLAY, 600, 300),
}
"""Balanced as it began, without a screen saver: asleep after ten minutes, then a password."""


def laptop(*parts: Values, without: str = "") -> FakeHost:
    values = {key: value for key, value in LAPTOP.items() if not without or without not in key}
    for part in parts:
        values |= part
    return FakeHost(os="windows", values=values)


def alice(*parts: Values, without: str = "") -> UserScreenLock:
    (user,) = observe(laptop(*parts, without=without)).value.users  # type: ignore[attr-defined]
    assert isinstance(user, UserScreenLock)
    return user


def locks(*parts: Values) -> bool:
    user = alice(*parts)
    assert user.HasField("locks")
    return user.locks


def test_a_laptop_without_a_screen_saver_locks_when_it_sleeps_and_asks_for_the_password() -> None:
    user = alice()
    assert (user.locks, user.idle_seconds, user.lock_delay_seconds) == (True, 600, 0)
    assert (user.enforced, user.may_lock_sooner) == (False, False)
    assert user.source == "sleep and password on wake-up"


def test_the_longer_of_mains_and_battery_counts() -> None:
    assert alice(begun(SLEEP, 300, 1800)).idle_seconds == 1800


@pytest.mark.parametrize("wake", [(0, 0), (1, 0), (0, 1), (2, 1)])
def test_sleep_locks_only_with_a_password_on_both_supplies(wake: tuple[int, int]) -> None:
    assert locks(changed(WAKE, *wake)) is False
    assert locks(policy(WAKE, *wake)) is False


@pytest.mark.parametrize("idle", [(0, 300), (300, 0), (0, 0)])
def test_a_machine_that_stays_awake_on_one_supply_is_not_locked_by_sleep(
    idle: tuple[int, int],
) -> None:
    assert locks(changed(SLEEP, *idle)) is False


def test_a_display_that_turns_off_is_no_lock() -> None:
    assert locks(changed(DISPLAY, 60, 60), changed(SLEEP, 0, 0)) is False


def test_a_display_that_turns_off_before_sleep_may_lock_sooner() -> None:
    user = alice(changed(DISPLAY, 300, 240))
    assert (user.locks, user.idle_seconds, user.may_lock_sooner) == (True, 600, True)
    assert not alice(changed(DISPLAY, 300, 0)).may_lock_sooner


def test_what_somebody_changed_goes_before_what_the_scheme_began_with() -> None:
    assert alice(changed(SLEEP, 1200, None)).idle_seconds == 1200
    assert locks(changed(WAKE, None, 0)) is False


def test_a_policy_goes_before_the_scheme() -> None:
    user = alice(changed(SLEEP, 0, 0), policy(SLEEP.split("\\")[1], 900, 900))
    assert (user.idle_seconds, user.enforced) == (900, False)
    assert alice(policy(IDLE, 900, 900), policy(WAKE, 1, 1)).enforced
    assert locks(changed(WAKE, 0, 0), policy(WAKE, 1, 1))


def test_a_policy_alone_locks_where_no_scheme_is_told() -> None:
    user = alice(policy(IDLE, 600, 601), policy(WAKE, 1, 1), without="Control\\Power")
    assert (user.locks, user.idle_seconds, user.enforced) == (True, 601, True)


def test_what_the_maker_set_goes_before_what_windows_began_with() -> None:
    prov = begun(SLEEP, 1200, 1200, "Prov")
    assert alice(prov).idle_seconds == 1200
    assert alice(prov, begun(SLEEP, 900, 900, "Override")).idle_seconds == 900


def test_the_scheme_that_a_policy_chose_is_the_one_in_force() -> None:
    chosen: Values = {rf"{POLICY}\ActivePowerScheme": OWN}
    asleep = both(rf"{SCHEMES}\{OWN}\{SLEEP}", (0, 0))
    assert locks(chosen, asleep) is False


def test_a_scheme_in_braces_and_capitals_is_the_same() -> None:
    assert locks({rf"{SCHEMES}\ActivePowerScheme": f"{{{BALANCED.upper()}}}"})


@pytest.mark.parametrize(
    "hidden",
    [
        {rf"{SCHEMES}\ActivePowerScheme": "balanced"},
        {rf"{SCHEMES}\ActivePowerScheme": Denied("no rights")},
        {rf"{SCHEMES}\{BALANCED}\{SLEEP}\DCSettingIndex": Denied("no rights")},
        {rf"{SCHEMES}\{BALANCED}\{SLEEP}\DCSettingIndex": NotRecorded("left out")},
        {rf"{SCHEMES}\{BALANCED}\{WAKE}\ACSettingIndex": "1"},
        {rf"{POLICY}\{WAKE}\ACSettingIndex": Denied("no rights")},
        {rf"{DESKTOP}\DelayLockInterval": Denied("no rights")},
        {rf"{POLICY}\{STANDBY}\ACSettingIndex": Denied("no rights")},
    ],
)
def test_power_settings_that_could_not_be_read_are_neither_a_lock_nor_its_absence(
    hidden: Values,
) -> None:
    with pytest.raises(CannotTell):
        alice(hidden)


def test_a_scheme_of_somebodys_own_that_does_not_hold_the_value_is_not_told() -> None:
    with pytest.raises(NoData, match=OWN):
        alice({rf"{SCHEMES}\ActivePowerScheme": OWN})
    with pytest.raises(NoData, match="no active"):
        alice(without="ActivePowerScheme")


def test_what_rules_sleep_out_counts_although_the_rest_could_not_be_read() -> None:
    hidden: Values = {rf"{SCHEMES}\{BALANCED}\{WAKE}\ACSettingIndex": Denied("no rights")}
    assert locks(hidden, changed(SLEEP, 0, None)) is False


def test_a_recording_without_the_power_scheme_leaves_what_the_other_sources_say() -> None:
    lacking: Values = {rf"{SCHEMES}\ActivePowerScheme": NotRecorded("left out")}
    assert locks(lacking) is False
    assert locks(lacking, policy(IDLE, 600, 600), policy(WAKE, 1, 1))
    with pytest.raises(NotRecorded):
        alice(lacking, {rf"{POLICY}\{WAKE}\ACSettingIndex": NotRecorded("left out")})


def test_a_person_who_is_never_asked_for_the_password_is_not_locked_by_sleep() -> None:
    never: Values = {rf"{DESKTOP}\DelayLockInterval": 0xFFFFFFFF}
    assert locks(never) is False
    assert locks(never, policy(IDLE, 600, 600), policy(WAKE, 1, 1)) is False


def test_the_delay_that_a_person_chose_comes_after_the_sleep_at_the_latest() -> None:
    user = alice({rf"{DESKTOP}\DelayLockInterval": 180})
    assert (user.idle_seconds, user.lock_delay_seconds, user.may_lock_sooner) == (600, 180, True)
    lacking: Values = {rf"{DESKTOP}\DelayLockInterval": NotRecorded("left out")}
    assert alice(lacking).lock_delay_seconds == 0


def test_a_password_on_wake_up_that_two_places_tell_differently_is_not_told() -> None:
    elsewhere = both(rf"{SCHEMES}\{BALANCED}\{NO_SUBGROUP}\{WAKE}", (0, 0))
    assert locks(elsewhere) is False
    with pytest.raises(CannotTell, match="hold"):
        alice(elsewhere, changed(WAKE, 1, 1))


def test_a_virtual_machine_has_a_time_to_sleep_and_may_never_sleep() -> None:
    below: Values = {
        rf"{BIOS}\SystemManufacturer": "QEMU",
        rf"{BIOS}\SystemProductName": "Standard PC (Q35 + ICH9, 2009)",
    }
    with pytest.raises(NoData, match="virtual machine"):
        alice(below)
    assert locks(below, changed(SLEEP, 0, 0)) is False


def test_a_policy_that_forbids_standby_leaves_sleep_untold() -> None:
    with pytest.raises(NoData, match="standby"):
        alice(policy(STANDBY, 0, 1))
    assert locks(policy(STANDBY, 1, 1))


def test_nobody_logged_on_is_not_locked_by_sleep_since_it_depends_on_the_person() -> None:
    with pytest.raises(CannotTell):
        observe(laptop(without="Volatile"))
    everybody = observe(
        laptop(
            {
                r"HKU\.DEFAULT\Control Panel\Desktop\ScreenSaveActive": "0",
                r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
                r"\InactivityTimeoutSecs": 900,
            },
            without=ALICE,
        )
    )
    assert [user.idle_seconds for user in everybody.value.users] == [900]  # type: ignore[attr-defined]


def test_a_policys_number_that_is_text_may_not_be_obeyed() -> None:
    with pytest.raises(Unparsable):
        alice({rf"{POLICY}\{WAKE}\ACSettingIndex": "1"})
