"""dnf 4 and 5: cached metadata or nothing; no security update means nothing without advisories."""

import json
from datetime import UTC, datetime

import pytest

from agent.checks.os_updates import dnf, dnf5
from agent.checks.os_updates.answer import Answer as Told
from agent.host import NoData, NotRecorded, Output, ToolFailed, Unparsable
from tests.fakes import Answer, FakeHost

CHECK = "dnf -C -q check-update"
LIST = "dnf -C -q updateinfo list --updates"
PENDING = Output(
    """
acme-editor.noarch                       1.1-1.fc41                         test
acme-extraordinarily-long-package-name.x86_64
                                         3.0.9-2.fc41                       updates
acme-ssl.noarch                          3.0.9-2.fc41                       test
Obsoleting Packages
acme-old.noarch                          1.0-1.fc41                         test
    acme-older.noarch                    0.9-1.fc41                         @System
""",
    "",
    100,
)
ADVISORIES = """\
TEST-2026-0002 bugfix         acme-editor-1.1-1.fc41.noarch
TEST-2026-0001 Important/Sec. acme-ssl-3.0.9-2.fc41.noarch
"""
NO_CACHE = Output("", "Error: Cache-only enabled but no cache for 'updates'\n", 1)
REPOLIST = "Repo-id : test\nRepo-expire        : 21600 second(s) (last: Sun Nov 22 14:15:57 2026)\n"


def machine(check: Answer, advisories: Answer = ADVISORIES, **files: str) -> FakeHost:
    commands = {CHECK: check, LIST: advisories, "dnf -C repolist -v": REPOLIST}
    return FakeHost(commands=commands, files={f"/{path}": text for path, text in files.items()})


def gaps(answer: Told) -> dict[str, type[Exception]]:
    return {name: type(trouble) for name, trouble in answer.gaps}


def test_packages_are_counted_over_broken_lines_and_without_the_obsoleted() -> None:
    answer = dnf.ask(machine(PENDING))
    assert (answer.pending, answer.pending_security) == (3, 1)
    first = answer.updates[0]
    assert (first.name, first.severity, first.security) == ("acme-ssl.noarch", "important", True)
    assert answer.index_at == datetime(2026, 11, 22, 14, 15, 57, tzinfo=UTC)


def test_no_cache_is_not_zero() -> None:
    answer = dnf.ask(machine(NO_CACHE, ""))
    assert (answer.pending, answer.pending_security) == (None, None)
    assert gaps(answer)["pending"] is NoData


@pytest.mark.parametrize(
    "listed",
    [
        Output(REPOLIST, "Ignoring repositories: updates\n", 0),
        Output("DNF version: 4.14.0\nTotal packages: 0\n", "", 0),
    ],
)
def test_a_repository_that_is_left_out_in_silence_is_not_zero(listed: Output) -> None:
    host = FakeHost({CHECK: Output("", "", 0), LIST: "", "dnf -C repolist -v": listed})
    assert dnf.ask(host).pending is None
    assert gaps(dnf.ask(host))["pending"] is NoData


def test_an_error_is_not_zero() -> None:
    answer = dnf.ask(machine(Output("", "Error: boom", 1)))
    assert (answer.pending, answer.pending_security) == (None, None)
    assert gaps(answer)["pending"] is ToolFailed


@pytest.mark.parametrize("output", [Output("", "", 100), Output("a.noarch 1 r\n", "", 0)])
def test_a_status_against_the_text_is_unparsable(output: Output) -> None:
    assert gaps(dnf.ask(machine(output)))["pending"] is Unparsable


def test_no_advisory_in_repositories_without_advisories_is_unknown() -> None:
    host = machine(Output("", "", 0), "", **{"var/cache/dnf/base.solv": ""})
    answer = dnf.ask(host)
    assert (answer.pending, answer.pending_security) == (0, None)
    assert gaps(answer)["pending_security"] is NoData


def test_no_advisory_in_repositories_that_carry_some_is_zero() -> None:
    host = machine(Output("", "", 0), "", **{"var/cache/dnf/test-updateinfo.solvx": ""})
    assert dnf.ask(host).pending_security == 0


@pytest.mark.parametrize("repository", ["gone", "epel"])
def test_advisories_of_a_repository_switched_off_or_of_others_are_no_answer(
    repository: str,
) -> None:
    """As on a machine whose subscription has expired."""
    cached = {f"/var/cache/dnf/{repository}-updateinfo.solvx": ""}
    enabled = f"{REPOLIST}\nRepo-id            : epel\n"
    only_others = "FEDORA-EPEL-2026-1 bugfix acme-editor-1.1-1.el9.noarch\n"
    for listed in ("", only_others):
        commands: dict[str, Answer] = {CHECK: "", LIST: listed, "dnf -C repolist -v": enabled}
        assert dnf.ask(FakeHost(commands, cached)).pending_security is None


@pytest.mark.parametrize(
    ("path", "content", "named"),
    [
        ("etc/dnf/dnf.conf", "[main]\nbest=True\nexcludepkgs=kernel*, glibc\n", "glibc, kernel*"),
        ("etc/yum.conf", "[main]\nexclude = kernel*\n", "kernel*"),
        ("etc/dnf/plugins/versionlock.list", "# Added\nkernel-0:6.1-1.*\n", "kernel-0:6.1-1.*"),
        ("etc/dnf/versionlock.toml", 'version = "1.0"\n[[packages]]\nname = "bash"\n', "bash"),
        ("etc/dnf/dnf.conf", "[main]\n# exclude=kernel*\nexcludepkgs=\n", ""),
    ],
)
def test_what_dnf_is_told_to_leave_out_is_a_gap(path: str, content: str, named: str) -> None:
    answer = dnf.ask(machine(PENDING, **{path: content}))
    assert answer.pending_security == 1
    said = [str(trouble) for name, trouble in answer.gaps if name == "updates"]
    assert [f"leave out {named}, so" in words for words in said] == ([True] if named else [])


def test_advisories_of_a_third_party_do_not_speak_for_centos() -> None:
    host = FakeHost(
        commands={CHECK: "", LIST: ""},
        files={
            "/var/cache/dnf/epel-updateinfo.solvx": "",
            "/etc/os-release": 'ID="centos"\nVERSION_ID="9"\n',
        },
    )
    assert dnf.ask(host).pending_security is None


def test_where_nothing_was_recorded_the_question_stays_open() -> None:
    with pytest.raises(NotRecorded):
        dnf.ask(machine(NotRecorded("x"), NotRecorded("y")))


def test_an_unknown_kind_of_advisory_is_unparsable() -> None:
    with pytest.raises(Unparsable):
        dnf.parse_updateinfo("A-1 Something/Else. acme-1-1.noarch")


def dnf5_machine(check: Answer, advisories: Answer) -> FakeHost:
    return FakeHost(
        commands={
            "dnf5 -C check-upgrade": check,
            "dnf5 -C advisory list --updates --json": advisories,
        },
        files={
            "/var/cache/libdnf5/updates-0123/repodata/repomd.xml": (
                '<data type="updateinfo"><timestamp>1795356934</timestamp></data>'
            )
        },
    )


def advisory(nevra: str, kind: str = "security") -> dict[str, str]:
    return {"name": "FEDORA-2026-1", "type": kind, "severity": "Important", "nevra": nevra}


def test_dnf5_counts_only_packages_that_are_installed() -> None:
    listed = json.dumps(
        [
            advisory("acme-ssl-3.0.9-2.fc41.noarch"),
            advisory("glib2-debuginfo-2.80.2-1.fc40.x86_64"),
            advisory("acme-editor-1.1-1.fc41.noarch", "bugfix"),
        ]
    )
    answer = dnf5.ask(dnf5_machine(PENDING, listed))
    assert (answer.pending, answer.pending_security) == (3, 1)
    assert answer.index_at == datetime(2026, 11, 22, 14, 15, 34, tzinfo=UTC)


def test_the_index_is_as_old_as_the_oldest_repository_that_counts() -> None:
    two = REPOLIST + "Repo-expire        : 1 second(s) (last: Thu Oct  1 08:00:00 2026)\n"
    host = FakeHost({CHECK: PENDING, LIST: ADVISORIES, "dnf -C repolist -v": two})
    assert dnf.ask(host).index_at == datetime(2026, 10, 1, 8, tzinfo=UTC)
    newer = dnf5_machine(PENDING, "[]")
    old = '<data type="updateinfo"><timestamp>1790000000</timestamp></data>'
    path = "/var/cache/libdnf5/fedora-9/repodata/repomd.xml"
    third = {"/var/cache/libdnf5/extra-1/repodata/repomd.xml": "<timestamp>1700000000</timestamp>"}
    both = FakeHost(newer.commands, {**newer.files, **third, path: old})
    assert dnf5.ask(both).index_at == datetime.fromtimestamp(1790000000, UTC)


def test_dnf5_with_nothing_to_do_is_zero_where_advisories_are_carried() -> None:
    answer = dnf5.ask(dnf5_machine("", "[]"))
    assert (answer.pending, answer.pending_security) == (0, 0)


@pytest.mark.parametrize("printed", ["", "{}", "[1]", '[{"name": "x"}]', "Name Type Severity"])
def test_dnf5_in_another_form_is_unknown(printed: str) -> None:
    answer = dnf5.ask(dnf5_machine(PENDING, printed))
    assert (answer.pending, answer.pending_security) == (3, None)
    assert gaps(answer)["pending_security"] is Unparsable


def test_dnf5_without_a_cache_is_not_zero() -> None:
    answer = dnf5.ask(dnf5_machine(NO_CACHE, "[]"))
    assert (answer.pending, answer.pending_security) == (None, None)


def test_a_repository_that_is_left_out_makes_the_counts_unknown() -> None:
    left_out = "Failed to synchronize cache for repo 'updates', ignoring this repo."
    output = Output("", left_out, 0)
    for answer in (dnf.ask(machine(output)), dnf5.ask(dnf5_machine(output, "[]"))):
        assert (answer.pending, answer.pending_security) == (None, None)
        assert gaps(answer)["pending"] is NoData


def marks(answer: Told) -> dict[str, bool | None]:
    return {u.name: u.security if u.HasField("security") else None for u in answer.updates}


def test_an_update_of_a_repository_without_advisories_is_not_called_harmless() -> None:
    answer = dnf.ask(machine(PENDING, **{"var/cache/dnf/test-updateinfo.solvx": ""}))
    assert marks(answer) == {
        "acme-ssl.noarch": True,
        "acme-extraordinarily-long-package-name.x86_64": None,
        "acme-editor.noarch": False,
    }
    assert [u.name for u in answer.updates][1].startswith("acme-extra")


def test_where_the_cache_cannot_be_seen_no_update_is_called_harmless() -> None:
    assert set(marks(dnf.ask(machine(PENDING))).values()) == {True, None}


def test_dnf5_marks_by_the_repository_an_update_comes_from() -> None:
    listed = json.dumps([advisory("acme-ssl-3.0.9-2.fc41.noarch")])
    host = dnf5_machine(PENDING, listed)
    plain = {"/var/cache/libdnf5/test-0123456789abcdef/repodata/repomd.xml": "<data/>"}
    answer = dnf5.ask(FakeHost(host.commands, {**host.files, **plain}))
    assert marks(answer) == {
        "acme-ssl.noarch": True,
        "acme-editor.noarch": None,
        "acme-extraordinarily-long-package-name.x86_64": False,
    }
