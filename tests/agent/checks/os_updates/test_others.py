"""zypper, pacman, rpm-ostree and bootc: silence is believed only with a source behind it."""

import json
from datetime import UTC, datetime

import pytest

from agent.checks.os_updates import bootc, pacman, rpm_ostree, zypper
from agent.checks.os_updates.answer import Answer as Told
from agent.host import FileMissing, NoData, Output, ToolFailed, Unparsable
from tests.fakes import Answer, FakeHost

ZYPPER = "zypper --non-interactive --no-refresh --xmlout"
PACKAGE = '<update kind="package" name="acme" edition="1.1-1" edition-old="1.0-1"/>'
REPOSITORY = '<stream><repo-list><repo alias="main" enabled="1"/></repo-list></stream>'


def patch(name: str, category: str, status: str = "needed") -> str:
    return (
        f'<update kind="patch" name="{name}" edition="2" status="{status}"'
        f' category="{category}" severity="important"/>'
    )


def stream(*updates: str, message: str = "") -> str:
    inside = "".join(updates)
    return (
        f"<stream>{message}<update-status><update-list>{inside}</update-list></update-status>"
        "</stream>"
    )


def package(name: str, alias: str) -> str:
    return (
        f'<update kind="package" name="{name}" edition="1.1-1" edition-old="1.0-1">'
        f'<summary/><source url="https://download.example/{alias}" alias="{alias}"/></update>'
    )


def suse(packages: Answer, patches: Answer, every: Answer = "", release: str = "") -> FakeHost:
    return FakeHost(
        commands={
            f"{ZYPPER} list-updates": packages,
            f"{ZYPPER} list-patches": patches,
            f"{ZYPPER} list-patches --all": every,
            f"{ZYPPER} lr -u": REPOSITORY,
        },
        files={"/etc/os-release": release or "ID=opensuse-leap\n"},
    )


def reasons(told: Told) -> dict[str, type[Exception]]:
    return {name: type(trouble) for name, trouble in told.gaps}


def test_zypper_counts_packages_and_the_patches_of_security() -> None:
    listed = stream(patch("SUSE-1", "security"), patch("SUSE-2", "bugfix"))
    told = zypper.ask(suse(stream(PACKAGE), listed))
    assert (told.pending, told.pending_security) == (1, 1)
    assert [(u.name, u.security) for u in told.updates] == [("SUSE-1", True), ("acme", False)]


def test_a_package_that_zypper_may_not_touch_is_a_gap() -> None:
    host = suse(stream(PACKAGE), stream(patch("SUSE-1", "security")))
    locks = "# zypp::Locks\n\ntype: package\nmatch_type: glob\nsolvable_name: kernel-default\n"
    held = FakeHost(host.commands, {**host.files, "/etc/zypp/locks": locks})
    assert reasons(zypper.ask(held)).get("updates") is NoData
    assert "updates" not in reasons(zypper.ask(host))


def test_zypper_calls_only_what_a_repository_with_patches_offers_harmless() -> None:
    listed = stream(package("vim", "update"), package("browser", "vendor"))
    source = '<source url="https://download.example/update" alias="update"/></update>'
    needed = patch("SUSE-1", "security").replace("/>", f">{source}")
    told = zypper.ask(suse(listed, stream(needed), stream(needed)))
    marks = {u.name: u.security if u.HasField("security") else None for u in told.updates}
    assert marks == {"SUSE-1": True, "browser": None, "vim": False}
    assert [u.name for u in told.updates] == ["SUSE-1", "browser", "vim"]
    applied = needed.replace('"needed"', '"applied"')
    told = zypper.ask(suse(listed, stream(), stream(applied)))
    assert [u.name for u in told.updates] == ["browser", "vim"]


def test_zypper_dates_its_lists_by_its_last_look_at_the_repositories_that_patch() -> None:
    def at(alias: str) -> str:
        return f"/var/cache/zypp/raw/{alias}/repodata/repomd.xml"

    enabled = "".join(f'<repo alias="{a}" enabled="1"/>' for a in ("main", "update"))
    old = '<repo alias="old" enabled="0"/><repo alias="d" enabled="1"><url>dvd:/</url></repo>'
    repositories = f"<stream><repo-list>{enabled}{old}</repo-list></stream>"
    looked = datetime(2026, 11, 20, 6, tzinfo=UTC)
    times = {at("main"): looked, at("update"): looked, at("old"): datetime(2025, 1, 1, tzinfo=UTC)}
    host = suse(stream(PACKAGE), stream(patch("SUSE-1", "security")))
    told = zypper.ask(
        FakeHost({**host.commands, f"{ZYPPER} lr -u": repositories}, host.files, modified=times)
    )
    assert told.index_at == looked
    times = {at("main"): datetime(2026, 11, 1, tzinfo=UTC), at("update"): looked}
    told = zypper.ask(
        FakeHost({**host.commands, f"{ZYPPER} lr -u": repositories}, host.files, modified=times)
    )
    assert told.index_at == datetime(2026, 11, 1, tzinfo=UTC)
    told = zypper.ask(FakeHost({**host.commands, f"{ZYPPER} lr -u": repositories}, host.files))
    assert (told.index_at, reasons(told)["index_at"]) == (None, FileMissing)


def test_zypper_with_nothing_to_do_is_zero_where_patches_are_carried() -> None:
    told = zypper.ask(suse(stream(), stream(), stream(patch("SUSE-1", "security", "applied"))))
    assert (told.pending, told.pending_security) == (0, 0)


def test_zypper_without_patches_at_all_does_not_know_of_security() -> None:
    told = zypper.ask(suse(stream(), stream(), stream()))
    assert (told.pending, told.pending_security) == (0, None)


def test_tumbleweed_has_no_patches() -> None:
    told = zypper.ask(suse(stream(PACKAGE), stream(), release="ID=opensuse-tumbleweed\n"))
    assert (told.pending, told.pending_security) == (1, None)


def test_zypper_without_repositories_is_not_zero() -> None:
    host = suse(stream(), stream())
    empty = "<stream><repo-list></repo-list></stream>"
    told = zypper.ask(FakeHost(commands={**host.commands, f"{ZYPPER} lr -u": empty}))
    assert (told.pending, told.pending_security) == (None, None)
    assert reasons(told)["pending"] is NoData


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Output("", "", 7), ToolFailed),
        (Output("", "", 6), NoData),
        (Output(stream(), "", 106), NoData),
        ("", Unparsable),
        ("No updates found.", Unparsable),
        ("<stream></stream>", Unparsable),
        (stream(PACKAGE)[:-5], Unparsable),
        (stream(message='<message type="error">Repository main is invalid.</message>'), NoData),
        (stream(message='<message type="warning">Skipping repository x</message>'), NoData),
    ],
)
def test_zypper_in_trouble_is_not_zero(answer: Answer, reason: type[Exception]) -> None:
    told = zypper.ask(suse(answer, stream()))
    assert (told.pending, told.pending_security) == (None, None)
    assert reasons(told)["pending"] is reason


def arch(output: Answer, *databases: str) -> FakeHost:
    files = {f"/var/lib/pacman/sync/{name}": b"x" for name in databases}
    return FakeHost(commands={"pacman -Qu": output}, files=files)


def test_pacman_counts_what_is_not_held() -> None:
    told = pacman.ask(arch("held 1.0-1 -> 1:2.0-1 [ignored]\nssl 3.0.7-1 -> 3.0.9-1\n"))
    assert told.pending == 1
    assert [u.name for u in told.updates] == ["ssl"]
    assert told.pending_security is None
    assert reasons(told)["pending_security"] is NoData


def test_pacman_is_silent_with_databases() -> None:
    told = pacman.ask(arch(Output("", "", 1), "core.db"))
    assert (told.pending, told.pending_security) == (0, 0)


def test_a_held_package_of_pacman_may_be_a_security_update() -> None:
    told = pacman.ask(arch("held 1.0-1 -> 1:2.0-1 [ignored]\n", "core.db"))
    assert (told.pending, told.pending_security) == (0, None)


def test_pacman_dates_its_lists_by_the_databases_of_the_distribution() -> None:
    at = {
        "core": datetime(2026, 11, 3, tzinfo=UTC),
        "extra": datetime(2026, 11, 9, tzinfo=UTC),
        "chaotic": datetime(2026, 11, 20, tzinfo=UTC),
    }
    times = {f"/var/lib/pacman/sync/{name}.db": when for name, when in at.items()}
    files = dict.fromkeys(times, "x")
    told = pacman.ask(FakeHost({"pacman -Qu": Output("", "", 1)}, files, modified=times))
    assert told.index_at == at["extra"]
    named = [name for name in files if "chaotic" in name]
    own = FakeHost({"pacman -Qu": Output("", "", 1)}, dict.fromkeys(named, "x"), modified=times)
    assert pacman.ask(own).index_at == at["chaotic"]


@pytest.mark.parametrize(
    "host",
    [
        arch(Output("", "", 1)),
        arch(Output("", "", 1), "core.db.sig.part"),
        arch(Output("", "warning: database file for 'core' does not exist", 1), "extra.db"),
        arch(Output("", "error: could not open database", 1), "extra.db"),
        arch("something else", "extra.db"),
    ],
)
def test_pacman_is_not_believed_when_it_cannot_know(host: FakeHost) -> None:
    assert pacman.ask(host).pending is None


OLD = {"booted": True, "checksum": "a", "version": "41.1", "origin": "fedora/41"}
NEW = {"booted": False, "checksum": "b", "version": "41.2", "origin": "fedora/41"}
NEWS = {
    "checksum": "b",
    "version": "41.2",
    "advisories": [["F-1", 1, 4, ["ssl"], {}], ["F-2", 2, 0, ["zip"], {}]],
}


def ostree(deployments: object, cached: object = None) -> Told:
    status = json.dumps({"deployments": deployments, "cached-update": cached})
    return rpm_ostree.ask(FakeHost(commands={"rpm-ostree status --json": status}))


def test_a_staged_image_is_pending_and_needs_a_restart() -> None:
    told = ostree([NEW, OLD], NEWS)
    assert (told.pending, told.pending_security, told.restart_required) == (1, 1, True)
    assert [u.severity for u in told.updates if u.security] == ["critical"]


def test_an_image_that_a_check_found_is_pending_without_a_restart() -> None:
    told = ostree([OLD], NEWS)
    assert (told.pending, told.pending_security, told.restart_required) == (1, 1, False)


def test_no_news_of_images_is_not_up_to_date() -> None:
    told = ostree([OLD])
    assert (told.pending, told.pending_security, told.restart_required) == (None, None, False)


def test_the_image_beside_its_advisories_is_not_one_itself() -> None:
    told = ostree([OLD], NEWS)
    marks = {u.name: u.security if u.HasField("security") else None for u in told.updates}
    assert marks == {"F-1": True, "fedora/41": False}
    assert not ostree([NEW, OLD]).updates[0].HasField("security")


def test_an_image_without_advisories_does_not_tell_of_security() -> None:
    told = ostree([NEW, OLD])
    assert (told.pending, told.pending_security) == (1, None)


@pytest.mark.parametrize("deployments", [None, [], [NEW], {}])
def test_a_status_without_a_booted_image_is_unparsable(deployments: object) -> None:
    with pytest.raises(Unparsable):
        ostree(deployments)


def bootc_host(staged: object, cached: object = None) -> Told:
    image = {"version": "9.1", "imageDigest": "sha256:a"}
    booted = {"image": image, "cachedUpdate": cached}
    status = json.dumps({"status": {"booted": booted, "staged": staged}})
    return bootc.ask(FakeHost(commands={"bootc status --json": status}))


def test_a_staged_bootc_image_is_pending() -> None:
    told = bootc_host({"image": {"version": "9.2", "imageDigest": "sha256:b"}})
    assert (told.pending, told.restart_required) == (1, True)
    assert (told.updates[0].installed, told.updates[0].candidate) == ("9.1", "9.2")


def test_a_newer_bootc_image_that_is_known_is_pending() -> None:
    told = bootc_host(None, {"version": "9.2", "imageDigest": "sha256:b"})
    assert (told.pending, told.restart_required) == (1, False)


def test_no_news_of_bootc_is_not_up_to_date() -> None:
    assert bootc_host(None).pending is None


@pytest.mark.parametrize("printed", ["", "{}", "[]", '{"status": {"booted": null}}'])
def test_bootc_in_another_form_is_unparsable(printed: str) -> None:
    with pytest.raises(Unparsable):
        bootc.parse_status(printed)
