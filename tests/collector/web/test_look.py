"""Language and colours are a person's own: of the address, as chosen before, else the browser's."""

import pytest

from collector.store import accounts
from tests.collector.web.conftest import Browser

COOKIE = "__Host-muster-look"


def html_of(browser: Browser, path: str = "/login", **headers: str) -> str:
    page = browser.client.get(path, headers=headers).text
    return page[page.index("<html") : page.index(">", page.index("<html"))]


@pytest.mark.parametrize(
    ("accepted", "language"), [("fr-CA, en;q=0.5", "fr"), ("de, en;q=0.5", "en"), ("de", "en")]
)
def test_a_page_speaks_the_language_of_the_browser(
    browser: Browser, accepted: str, language: str
) -> None:
    assert f'lang="{language}"' in html_of(browser, **{"Accept-Language": accepted})


def test_what_a_person_chose_is_kept_over_what_the_browser_says(browser: Browser) -> None:
    browser.send("/look", "/login", language="fr", next="/login")
    browser.send("/look", "/login", theme="dark", next="/login")
    assert 'lang="fr" data-theme="dark"' in html_of(browser, **{"Accept-Language": "en"})
    assert 'lang="en"' in html_of(browser, "/login?lang=en")
    browser.send("/look", "/login", theme="", next="/login")
    assert "data-theme" not in html_of(browser)


@pytest.mark.parametrize("cookie", ["xx.black", "fr.<b>", "", ".", "fr" * 900])
def test_a_cookie_that_means_nothing_is_as_if_it_were_not_there(
    browser: Browser, cookie: str
) -> None:
    browser.client.cookies.set(COOKIE, cookie)
    assert "data-theme" not in html_of(browser)


@pytest.mark.parametrize("path", ["//example.net", "/\\example.net", "https://example.net", ""])
def test_the_switch_leads_to_no_other_site(browser: Browser, path: str) -> None:
    assert browser.send("/look", "/login", theme="dark", next=path).headers["location"] == "/"


def test_the_language_is_kept_with_the_account_in_whatever_browser(helpdesk: Browser) -> None:
    french = {"Accept-Language": "fr"}
    assert 'lang="fr"' in html_of(helpdesk, "/account", **french)
    sent = helpdesk.send("/account/language", "/account", language="en")
    assert sent.headers["location"] == "/account?done=language"
    helpdesk.client.cookies.delete(COOKIE)
    assert 'lang="en"' in html_of(helpdesk, "/account?done=language", **french)
    assert 'lang="fr"' in html_of(helpdesk, "/account?lang=fr")
    helpdesk.send("/look", "/account", language="fr", next="/account")
    helpdesk.client.cookies.delete(COOKIE)
    helpdesk.client.cookies.set(COOKIE, "en.")
    assert 'lang="fr"' in html_of(helpdesk, "/account")
    kept = helpdesk.store.read(lambda c: accounts.get(c, "admin"))
    assert kept is not None
    assert kept.language == "fr"
    helpdesk.client.cookies.delete(COOKIE)
    helpdesk.send("/account/language", "/account", language="xx")
    assert 'lang="en"' in html_of(helpdesk, "/account", **{"Accept-Language": "en"})


def test_the_colours_alone_choose_no_language_for_the_account(helpdesk: Browser) -> None:
    helpdesk.send("/look", "/account", theme="dark", next="/account")
    kept = helpdesk.store.read(lambda c: accounts.get(c, "admin"))
    assert kept is not None
    assert kept.language == ""


def test_the_address_that_lets_a_person_in_is_not_repeated(browser: Browser) -> None:
    assert "some-secret" not in browser.client.get("/setup/some-secret").text


@pytest.mark.parametrize("path", ["/login", "/setup/x"])
def test_every_page_says_by_its_name_which_collector_it_is_of(browser: Browser, path: str) -> None:
    """A test must not be taken for production: its name says what it is."""
    object.__setattr__(browser.keeping, "name", "Example (test)")
    page = browser.client.get(path).text
    assert " · Example (test)</title>" in page
    assert "<span>Example (test)</span></a>" in page
