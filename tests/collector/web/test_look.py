"""Language and colours are a person's own: of the address, as chosen before, else the browser's."""

import pytest

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


def test_the_address_that_lets_a_person_in_is_not_repeated(browser: Browser) -> None:
    assert "some-secret" not in browser.client.get("/setup/some-secret").text
