import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from collector.model import Compliance, EvidenceLine, Status, Waiver
from collector.policy import RULES
from collector.store import accounts, certificates, devices, policies
from tests.collector.granting import grant
from tests.collector.web.conftest import Browser
from tests.collector.web.fleet import DISKS, FIREWALL, LAPTOP, Seen, device_id

PLAIN = (Status.FAIL, "/ is not encrypted.")
BAD = Seen(
    "zeta",
    Compliance.NON_COMPLIANT,
    {
        FIREWALL: (Status.UNKNOWN, "nft is not installed."),
        DISKS: PLAIN,
        "screen_locks_automatically": (Status.FAIL, "alice: the screen never locks."),
        "os_updates_applied": (Status.NOT_APPLICABLE, "Not asked of this kind of machine."),
    },
)
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:/*--></title></style></textarea></script><svg/onload=alert(1)>",
    "{{7*7}}",
    "{% raw %}${7*7}#{7*7}%s%n{0.__class__}",
    "' onmouseover='alert(1)",
    "a\u202eb\u0000c",
]


PLAIN_TAGS = {
    *("html", "head", "meta", "title", "link", "body", "header", "main", "footer", "nav"),
    *("section", "article", "aside", "h1", "h2", "h3", "h4", "p", "a", "span", "small", "b"),
    *("ul", "ol", "li", "dl", "dt", "dd", "div", "table", "caption", "thead", "tbody", "tr", "th"),
    *("td", "time", "code", "pre", "details", "summary", "svg", "path", "circle", "img"),
    *("form", "input", "select", "option", "label", "button", "script", "strong"),
}
OURS = {"img": "/static/muster.svg", "script": "/static/live.js"}
"""What each tag with an address of its own may load."""


def tags(page: str) -> list[str]:
    """The page's elements; one with a script's attribute or a strange address fails here."""
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append(tag)
            for name, value in attrs:
                assert not name.startswith("on")
                assert name not in ("style", "srcdoc", "formaction")
                if name in ("href", "action"):
                    assert (value or "").startswith(("/", "#"))
                if name == "src":
                    assert value == OURS[tag]
            if tag == "script":
                assert [name for name, _ in attrs] == ["src", "type"]

    Reader().feed(page)
    return found


def show(helpdesk: Browser, seen: Seen) -> str:
    helpdesk.enrol(seen)
    return helpdesk.get(f"/devices/{device_id(seen.hostname)}")


def test_one_sentence_says_the_state_since_when_and_why(helpdesk: Browser) -> None:
    page = show(helpdesk, BAD)
    assert "Not compliant since Tuesday 17 November. / is not encrypted; and 1 more." in page


def test_a_silent_device_says_so_and_keeps_its_findings(helpdesk: Browser) -> None:
    page = show(helpdesk, replace(BAD, quiet=timedelta(days=10)))
    assert "Silent since Thursday 12 November" in page
    assert "It was non-compliant then." in page
    assert "/ is not encrypted." in page


def test_a_compliant_device_has_nothing_to_do(helpdesk: Browser) -> None:
    page = show(helpdesk, Seen("good", Compliance.COMPLIANT))
    assert "Compliant since Tuesday 17 November." in page
    assert "What to do" not in page


def test_findings_come_fail_unknown_pass_not_applicable(helpdesk: Browser) -> None:
    page = show(helpdesk, BAD)
    kinds = [part.split('"')[0] for part in page.split('<article class="finding ')[1:]]
    assert len(kinds) == len(RULES)
    assert list(dict.fromkeys(kinds)) == ["fail", "unknown", "pass", "not_applicable"]
    assert page.count("<h4>What to do</h4>") == 3


def test_a_failure_says_what_to_do_on_this_system_and_what_was_seen(helpdesk: Browser) -> None:
    page = show(helpdesk, BAD)
    assert "LUKS" in page
    assert "FileVault" not in page
    assert "<code>/proc/mounts</code></dt><dd>/dev/sda2 on /</dd>" in page
    assert ">Critical<" in page


def test_the_words_are_read_in_the_language_that_the_address_names(helpdesk: Browser) -> None:
    helpdesk.enrol(BAD)
    page = helpdesk.get("/devices/id-zeta?lang=fr")
    assert '<h3 lang="fr">Tous les volumes des disques sont chiffrés</h3>' in page
    assert "<h4>Que faire</h4>" in page
    assert "Sauvegardez vos données" in page
    assert "Un appareil perdu ou volé" in page
    assert "/ is not encrypted." in page
    assert 'href="/devices/id-zeta?lang=en"' in page
    assert re.search(r'lang=fr" hreflang="fr" title="Français" aria-current="true">FR</a>', page)
    assert set(tags(page)) <= PLAIN_TAGS


@pytest.mark.parametrize(
    ("address", "accepted", "language"),
    [
        ("", "fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("", "de, en-GB;q=0.5, fr;q=0.2", "en"),
        ("", "de", "en"),
        ("", "fr;q=0, *;q=0.1", "en"),
        ("", "fr;q=nan, en;q=0.1", "en"),
        ("", ",;q=,;;=fr;q=-1" * 50, "en"),
        ("?lang=en", "fr", "en"),
        ("?lang=FR", "en", "fr"),
        ("?lang=%22%3E%3Cscript%3E", "fr", "fr"),
        ("?lang=xx&lang=", "", "en"),
    ],
)
def test_else_the_browsers_language_counts_and_then_the_policys(
    helpdesk: Browser, address: str, accepted: str, language: str
) -> None:
    helpdesk.enrol(BAD)
    path, headers = f"/devices/id-zeta{address}", {"Accept-Language": accepted}
    page = helpdesk.client.get(path, headers=headers).text
    assert f'<div class="todo" lang="{language}">' in page


def test_a_policy_in_french_is_read_in_french(helpdesk: Browser) -> None:
    helpdesk.enrol(BAD)
    at, text = helpdesk.clock(), 'language = "fr"'
    helpdesk.store.write(lambda c: policies.add(c, text, at, "alice"))
    assert "Que faire" in helpdesk.get("/devices/id-zeta")


def test_a_waiver_shows_its_reason_and_its_end(helpdesk: Browser) -> None:
    now = helpdesk.clock()
    waiver = Waiver(device_id("zeta"), DISKS, "A loan", "alice", now, now + timedelta(days=9))
    helpdesk.enrol(BAD)
    helpdesk.store.write(lambda c: grant(c, waiver))
    page = helpdesk.get("/devices/id-zeta")
    assert "Waived until Tuesday 1 December" in page
    assert "Waived until Tuesday 1 December: A loan (granted by bob)." in page


def test_an_unknown_that_is_waived_says_until_when(helpdesk: Browser) -> None:
    now = helpdesk.clock()
    waiver = Waiver(device_id("zeta"), FIREWALL, "A loan", "alice", now, now + timedelta(days=9))
    helpdesk.enrol(BAD)
    helpdesk.store.write(lambda c: grant(c, waiver))
    page = helpdesk.get("/devices/id-zeta")
    assert "Waived until Tuesday 1 December: A loan (granted by bob)." in page


def test_check_in_health_says_when_the_next_one_is_expected(helpdesk: Browser) -> None:
    page = show(helpdesk, BAD)
    assert "in 40 minutes" in page
    assert "Certificate ends" in page
    assert "0.1.0" in page


def test_the_report_in_force_and_the_latest_check_in_are_told_apart(helpdesk: Browser) -> None:
    page = show(helpdesk, BAD)
    assert "the report in force, number 7," in page
    assert "nothing has changed" not in page
    helpdesk.store.write(lambda c: devices.touch(c, "id-zeta", 9, helpdesk.clock()))
    page = helpdesk.get("/devices/id-zeta")
    assert "the report in force, number 7," in page
    assert "The latest check-in, number 9, said that nothing has changed." in page


def test_a_revoked_certificate_says_why(helpdesk: Browser) -> None:
    helpdesk.enrol(BAD)
    now = helpdesk.clock()
    helpdesk.store.write(lambda c: certificates.revoke_all(c, "id-zeta", now, "laptop lost"))
    assert "Revoked: laptop lost" in helpdesk.get("/devices/id-zeta")


def test_a_quarantine_is_said_at_the_top(helpdesk: Browser) -> None:
    helpdesk.enrol(BAD)
    because, now = "two holders of one key", helpdesk.clock()
    helpdesk.store.write(lambda c: devices.quarantine(c, "id-zeta", because, now))
    assert "In quarantine: two holders of one key." in helpdesk.get("/devices/id-zeta")


def test_what_was_sent_is_shown_whole_under_the_contracts_names(helpdesk: Browser) -> None:
    page = show(helpdesk, BAD)
    assert "&#34;cpu_cores&#34;: 8" in page
    assert "the report in force, number 7," in page


def test_bytes_that_cannot_be_decoded_are_shown_as_bytes(helpdesk: Browser) -> None:
    assert "cannot be decoded" in show(helpdesk, replace(BAD, posture=b"\xff\xff\xff"))


def test_a_device_that_never_reported_says_so(helpdesk: Browser) -> None:
    helpdesk.store.write(lambda c: devices.add(c, "new", LAPTOP, helpdesk.clock()))
    page = helpdesk.get("/devices/new")
    assert "No report has come yet, so nothing is known." in page


@pytest.mark.parametrize("text", NASTY)
def test_what_a_device_says_is_text_and_nothing_else(helpdesk: Browser, text: str) -> None:
    """Stored cross-site scripting and template injection, in every text a device controls."""
    row = replace(LAPTOP, os_name=text, manufacturer=text, model=text, serial=text)
    seen = Seen(
        text,
        Compliance.NON_COMPLIANT,
        {DISKS: (Status.FAIL, text)},
        (EvidenceLine(text, text),),
        replace(row, agent_version=text),
    )
    helpdesk.enrol(replace(seen, posture=b""))
    helpdesk.store.write(lambda c: devices.quarantine(c, device_id(text), text, helpdesk.clock()))
    for page in (
        helpdesk.get("/devices"),
        helpdesk.client.get("/devices", params={"q": text}).text,
        helpdesk.get(f"/devices/{device_id(text)}"),
    ):
        assert set(tags(page)) <= PLAIN_TAGS
        assert ">49<" not in page
        if "{" in text:
            assert text in page


def test_the_name_of_an_account_is_read_by_those_only_who_may_see_people(
    helpdesk: Browser,
) -> None:
    from tests.collector.web.api.test_reading import posture_of

    said = {"screen_locks_automatically": (Status.FAIL, "The screen stays open for alice.")}
    seen = (EvidenceLine("gsettings of alice", "in /home/alice"),)
    helpdesk.enrol(Seen("lap", Compliance.NON_COMPLIANT, said, seen, posture=posture_of("alice")))
    for role, expected in (("helpdesk", True), ("viewer", False)):
        helpdesk.store.write(lambda c, role=role: accounts.set_role(c, "admin", role))
        for path in ("/devices", "/devices/id-lap"):
            assert ("alice" in helpdesk.get(path)) is expected, (role, path)
