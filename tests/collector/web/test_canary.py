"""No secret comes out where it was not asked for: no log, no address, no store holds it.

Each secret is made the way people make it, then sent to every page and route in every place that a
careless person or program could put it, also while the store is broken.
"""

import base64
import json
import logging
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from httpx2 import Response

from collector.accounts import totp
from collector.web.api.routes import routes
from collector.web.cookie import NAME
from collector.web.pages import PAGES
from tests.collector.web.conftest import FROM_US, Browser
from tests.collector.web.sso_visit import JOURNEY, add, visiting
from tests.collector.web.test_entering import WORDS, app_secret, invite

SERVING = """{"check_in": "127.0.0.1:1", "enroll": "127.0.0.1:2", "name": "Muster",
"authority_sha256": "abababababababababababababababababababababababababababababababab"}"""
FIELDS = ("password", "again", "code", "sealed", "credential", "next", "remove", "session", "x")


def secrets_of(browser: Browser) -> dict[str, str]:
    """One of each kind, made through the pages and the API; the person is logged in."""
    link = invite(browser, role="owner")  # type: ignore[arg-type]  # a Role is a text
    browser.send(link, password=WORDS, again=WORDS)
    page = browser.get("/login/app")
    secret = app_secret(page)
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert sealed
    code = totp.code_at(secret, int(browser.clock().timestamp()) // 30)
    shown = browser.send("/login/app", sealed=sealed[1], code=code)
    recovery = re.findall(r"<li><code>([a-z2-7-]+)</code>", shown.text)
    made = browser.send("/account/tokens", label="job", role="owner", days="30")
    token = re.search(r"muster_pat_[\w-]{43}", made.text)
    assert token
    (browser.store.path.parent / "serving.json").write_text(SERVING)
    headers = {"Authorization": f"Bearer {token[0]}", "Content-Type": "application/json"}
    enrolling = browser.client.post("/api/v1/enrollment-tokens", content=b"{}", headers=headers)
    return {
        "setup link": link.rpartition("/")[2],
        "password": WORDS,
        "app": totp.typed(secret).replace(" ", ""),
        "app as shown": totp.typed(secret),
        "code of the app": code,
        "recovery code": recovery[0],
        "personal token": token[0],
        "enrollment string": enrolling.json()["enrollment_string"],
        "enrollment token": enrollment_secret(enrolling.json()["enrollment_string"]),
        "cookie": browser.client.cookies[NAME],
    }


def enrollment_secret(string: str) -> str:
    from collector.identity.enrollment_string import decode

    return decode(string).token


def sent_everywhere(browser: Browser, secret: str, token: str) -> Iterator[Response]:
    """The secret in every address, query, form, body and header."""
    form_token = browser.token("/account")
    api = {"Authorization": f"Bearer {token}"}
    for page in PAGES:
        for path in (page.PATH, re.sub(r"\{\w+\}", quote(secret, safe=""), page.PATH)):
            if page.PATH == "/logout":
                continue
            yield browser.client.get(path, params={"x": secret, "next": secret, "done": secret})
            form = dict.fromkeys(FIELDS, secret) | {"form_token": form_token}
            yield browser.client.post(path, data=form, headers=FROM_US)
            yield browser.client.post(path, content=secret.encode(), headers=FROM_US)
    for route in routes():
        known = route.template.replace("{version}", "1")  # what is taken there is a number
        path = re.sub(r"\{\w+\}", quote(secret, safe=""), known)
        there = re.sub(r"\{\w+\}", "1", route.template)
        body = json.dumps(dict.fromkeys(("x", "days", "role"), secret)).encode()
        as_json = api | {"Content-Type": "application/json"}
        for where in (path, there):
            yield browser.client.request(route.method, where, params={"x": secret}, headers=api)
            yield browser.client.request(route.method, where, content=body, headers=as_json)
            yield browser.client.request(
                route.method, where, headers={"Authorization": f"Bearer {secret}"}
            )
    for name in ("User-Agent", "Referer", "X-Forwarded-For", "Origin", "Host", "X-Api-Key"):
        yield browser.client.get("/devices", headers={name: secret})
        yield browser.client.get("/api/v1/status", headers={**api, name: secret})
    yield browser.client.get(f"/nothing/{quote(secret, safe='')}")
    yield browser.client.get(f"/api/v1/nothing/{quote(secret, safe='')}", headers=api)


def spellings(secret: str) -> set[bytes]:
    """As it is, and as logs and stores may write it."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), raw.hex().encode(), base64.b64encode(raw)}
    if re.fullmatch("[A-Z2-7]{32}", secret):
        found.add(base64.b32decode(secret))
    return found


def kept(browser: Browser) -> dict[str, bytes]:
    """Every file of the data folder."""
    folder = browser.store.path.parent
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def logged(caplog: pytest.LogCaptureFixture) -> bytes:
    """All of every record: the words, what stands beside them, and the traces."""
    formatter = logging.Formatter()
    lines = []
    for record in caplog.records:
        if not record.name.startswith("httpx2"):  # what the client of this test says of itself
            lines += [formatter.format(record), repr(vars(record))]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("broken", [False, True], ids=["whole", "broken"])
def test_no_secret_is_kept_logged_or_given_back(
    browser: Browser, caplog: pytest.LogCaptureFixture, broken: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = secrets_of(browser)
    if broken:
        browser.store.write(lambda c: c.exec_driver_sql("DROP TABLE finding"))
        browser.store.write(lambda c: c.exec_driver_sql("DROP TABLE invitation"))
        browser.store.write(lambda c: c.exec_driver_sql("DROP TABLE recovery_code"))
    answered = {
        (kind, answer.request.method, str(answer.url)[:80])
        for kind, secret in secrets.items()
        for answer in sent_everywhere(browser, secret, secrets["personal token"])
        if holds(given_back(answer), secret)
    }
    browser.store.close()
    places = {**kept(browser), "log": logged(caplog)}
    held = {
        (kind, name)
        for kind, secret in secrets.items()
        for name, content in places.items()
        if holds(content, secret)
    }
    assert (answered, held) == (set(), set())


def given_back(answer: Response) -> bytes:
    """Where the browser is sent; and what is said, by the API and wherever something is wrong."""
    said = answer.url.path.startswith("/api/") or answer.status_code >= 400
    return answer.headers.get("location", "").encode() + (answer.content if said else b"")


def holds(content: bytes, secret: str) -> bool:
    if re.fullmatch("[0-9]{6}", secret):  # six digits stand in many a number and digest
        return re.search(rb"(?<![\w.-])" + secret.encode() + rb"(?![\w.-])", content) is not None
    return any(each in content for each in spellings(secret))


@pytest.mark.parametrize("refused", [False, True], ids=["let in", "refused"])
def test_no_secret_of_single_sign_on_is_kept_logged_or_given_back(
    browser: Browser, caplog: pytest.LogCaptureFixture, refused: bool
) -> None:
    """Its code, the client's secret, and the cookies of the login under way and of the session."""
    caplog.set_level(logging.DEBUG)
    for visit in visiting(browser):
        add(visit, "alice")
        visit.link("alice")
        address = visit.fake.log_in(visit.begin())
        journey = visit.client.cookies[JOURNEY]
        if refused:
            visit.fake.claims["groups"] = ["nobody"]
        answers = [visit.come_back(address), visit.come_back(address)]
        asked = parse_qs(urlsplit(address).query)
        session = {} if refused else {"session": visit.client.cookies[NAME]}
        secrets = {
            "client": "a secret of the client",
            "code": asked["code"][0],
            "state": asked["state"][0],
            "journey": journey,
            **session,
        }
    assert (answers[0].status_code, answers[1].status_code) == (403 if refused else 200, 400)
    browser.store.close()
    places = {**kept(browser), "log": logged(caplog)}
    places |= {str(n): answer.content for n, answer in enumerate(answers)}
    held = {
        (kind, name)
        for kind, secret in secrets.items()
        for name, content in places.items()
        if holds(content, secret)
    }
    assert held == set()
