"""What stands around every page: headers, hosts, sessions, forms, sizes."""

from typing import cast

import pytest
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from collector.model import Compliance
from collector.store import Store, StoreDamaged
from collector.web.application import STATIC, Reach, application
from collector.web.pages import PAGES
from collector.web.visitors import OPEN_PATHS
from tests.collector.web.conftest import FROM_US, PASSWORD, Browser
from tests.collector.web.fleet import Seen

EVERYWHERE = [
    "/",
    "/login",
    "/healthz",
    "/static/muster.css",
    "/static/none.css",
    "/devices",
    "/devices/none",
    "/nothing/here",
]


def test_every_page_is_listed_and_routed(browser: Browser) -> None:
    routes = application(browser.store, browser.clock, browser.keeping, Reach(["x"])).routes
    paths = {route.path for route in routes if isinstance(route, Route | Mount)}
    assert paths == {page.PATH for page in PAGES} | {"/", "/static"}
    assert paths >= OPEN_PATHS


def test_what_is_open_is_a_short_list() -> None:
    assert [page.PATH for page in PAGES if page.PERMISSION is None] == [
        "/login",
        "/login/passkey",
        "/setup/{token}",
        "/healthz",
        "/look",
        "/login/sso",
        "/login/sso/callback",
    ]


@pytest.mark.parametrize(
    "path",
    [page.PATH for page in PAGES if page.PERMISSION is not None and "GET" in page.METHODS]
    + ["/", "/nothing/here", "/static", "/login/", "/healthz/x", "/docs", "/openapi.json"]
    + ["/metrics", "//devices", "/static/../devices", "/static/..%2fdevices", "/devices/%00"],
)
def test_without_a_session_everything_leads_to_the_login(browser: Browser, path: str) -> None:
    browser.enrol(Seen("lap-1", Compliance.COMPLIANT))
    response = browser.client.get(path)
    assert response.status_code in (303, 404)
    assert "lap-1" not in response.text
    if not path.startswith("/static/"):
        assert response.headers["location"] == "/login"


@pytest.mark.parametrize("logged_in", [False, True])
@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_carries_the_headers(browser: Browser, path: str, logged_in: bool) -> None:
    if logged_in:
        browser.log_in()
    headers = browser.client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["vary"] == "Cookie"
    assert "permissions-policy" in headers


def test_a_defect_tells_nothing_and_still_carries_the_headers(helpdesk: Browser) -> None:
    helpdesk.store.write(lambda c: c.exec_driver_sql("DROP TABLE finding"))
    response = helpdesk.client.get("/devices")
    assert response.status_code == 500
    assert "Traceback" not in response.text
    assert "Try again in a minute" in response.text
    assert "content-security-policy" in response.headers


class DamagedStore:
    """A store whose every answer is that it cannot be read."""

    def read(self, _query: object) -> None:
        raise StoreDamaged("the database is damaged")


def test_the_health_page_says_when_the_store_cannot_be_read(browser: Browser) -> None:
    assert browser.client.get("/healthz").text == "ok\n"
    app = application(cast(Store, DamagedStore()), browser.clock, browser.keeping, Reach(["x"]))
    response = TestClient(app, "https://x").get("/healthz")
    assert response.status_code == 503
    assert "see the collector's log" in response.text


def test_a_request_for_another_host_is_refused(browser: Browser) -> None:
    response = browser.client.get("/login", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "content-security-policy" in response.headers


def test_a_page_that_is_not_there_says_what_to_do(helpdesk: Browser) -> None:
    for path in ("/nothing/here", "/devices/none", "/devices/" + "x" * 5000, "/devices/%00"):
        response = helpdesk.client.get(path)
        assert response.status_code == 404
        assert "look for it by name" in response.text


def test_a_wrong_method_is_refused_in_our_words(helpdesk: Browser) -> None:
    response = helpdesk.client.get("/logout")
    assert response.status_code == 405
    assert "Go back to the devices" in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://collector.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://collector.example"},
    ],
)
def test_a_form_of_another_site_is_refused(helpdesk: Browser, headers: dict[str, str]) -> None:
    form = {"form_token": helpdesk.token("/devices")}
    assert helpdesk.client.post("/logout", data=form, headers=headers).status_code == 403
    helpdesk.get("/devices")


@pytest.mark.parametrize("form", [{}, {"form_token": ""}, {"form_token": "0" * 64}])
def test_a_form_without_its_token_is_refused(helpdesk: Browser, form: dict[str, str]) -> None:
    response = helpdesk.client.post("/logout", data=form, headers=FROM_US)
    assert response.status_code == 403
    assert "Reload it" in response.text
    helpdesk.get("/devices")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data"])
def test_only_forms_change_anything(helpdesk: Browser, content_type: str) -> None:
    body = f'{{"form_token": "{helpdesk.token("/devices")}"}}'
    headers = {**FROM_US, "Content-Type": content_type}
    assert helpdesk.client.post("/logout", content=body, headers=headers).status_code == 403


def test_a_form_with_a_thousand_fields_is_refused(helpdesk: Browser) -> None:
    headers = {**FROM_US, "Content-Type": "application/x-www-form-urlencoded"}
    body = f"form_token={helpdesk.token('/devices')}" + "&a=1" * 1000
    response = helpdesk.client.post("/logout", content=body, headers=headers)
    assert response.status_code == 403
    assert "Reload it" in response.text


def test_an_old_browser_without_fetch_metadata_may_log_in(browser: Browser) -> None:
    form = {"username": "admin", "password": PASSWORD, "form_token": browser.token()}
    headers = {"Origin": "https://collector.example"}
    assert browser.client.post("/login", data=form, headers=headers).status_code == 303


def test_a_body_is_64_kib_at_most(browser: Browser) -> None:
    big = browser.client.post("/login", content=b"x" * 65_537, headers=FROM_US)
    assert big.status_code == 413
    streamed = browser.client.post(
        "/login", content=iter([b"x" * 40_000, b"x" * 40_000]), headers=FROM_US
    )
    assert streamed.status_code == 413
    assert browser.client.post("/login", content=b"x" * 65_536, headers=FROM_US).status_code == 403


@pytest.mark.parametrize("name", ["muster.css", "muster.svg"])
def test_what_lies_beside_the_pages_arrives_whole(browser: Browser, name: str) -> None:
    assert browser.client.get(f"/static/{name}").content == (STATIC / name).read_bytes()
