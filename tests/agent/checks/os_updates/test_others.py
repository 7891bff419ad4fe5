"""zypper, pacman, rpm-ostree and bootc: silence is believed only with a source behind it."""

import json

import pytest

from agent.checks.os_updates import bootc, pacman, rpm_ostree, zypper
from agent.checks.os_updates.answer import Answer as Told
from agent.host import NoData, Output, ToolFailed, Unparsable
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
    assert pacman.ask(arch(Output("", "", 1), "core.db")).pending == 0


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
