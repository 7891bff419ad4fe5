"""Headless Chromium, spoken to over two pipes in its own protocol, without a library between.

The Chrome DevTools Protocol with `--remote-debugging-pipe`: JSON messages that end with a NUL. One
page, and an authenticator that is only software (its WebAuthn domain).
"""

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 30.0
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Refused(AssertionError):
    """The browser did not do what it was asked, or nothing came for too long."""


@dataclass
class Page:
    """One tab. `complaints`: what the browser itself wrote into the console."""

    to_browser: int
    from_browser: int
    session: str = ""
    complaints: list[str] = field(default_factory=list)
    _number: int = 0
    _rest: bytes = b""

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        said = {"id": number, "method": method, "params": parameters}
        if self.session:
            said["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(said).encode() + b"\0")
        answer = self._until(lambda message: message.get("id") == number)
        if "error" in answer:
            raise Refused(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, address: str) -> None:
        self._leading_on(lambda: self.ask("Page.navigate", url=address))

    def run(self, script: str) -> Any:
        done = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in done:
            raise Refused(f"{script}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def follow(self, script: str) -> None:
        """Run what leads to another page, and wait until that is there."""
        self._leading_on(lambda: self.run(script))

    def fill_in(self, form: str, **values: str) -> None:
        """Type into a form and send it; `form` is a selector."""
        for name, value in values.items():
            self.run(f"document.querySelector({form!r}).elements[{name!r}].value = {value!r}")
        self.follow(f"document.querySelector({form!r}).requestSubmit()")

    def wait_for(self, script: str) -> Any:
        """What the script gives, once it is true."""
        return self.ask(
            "Runtime.evaluate",
            expression=f"new Promise((done) => {{ const look = () => {{ const found = {script}; "
            "found ? done(found) : setTimeout(look, 50); }; look(); })",
            awaitPromise=True,
            returnByValue=True,
        )["result"].get("value")

    def text(self) -> str:
        return str(self.run("document.body.innerText"))

    def path(self) -> str:
        return str(self.run("location.pathname"))

    def wide(self, width: int) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def picture(self, path: Path) -> None:
        taken = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def _leading_on(self, act: Callable[[], object]) -> None:
        loaded: list[bool] = []
        self._loaded = loaded
        act()
        if not loaded:
            self._until(lambda message: message.get("method") == "Page.loadEventFired")

    def _until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message = self._next()
            if message.get("method") == "Page.loadEventFired" and hasattr(self, "_loaded"):
                self._loaded.append(True)
            if message.get("method") == "Log.entryAdded":
                self.complaints.append(str(message["params"]["entry"]["text"]))
            if is_it(message):
                return message

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self.from_browser], [], [], PATIENCE_SECONDS)
            more = os.read(self.from_browser, 1 << 20) if ready else b""
            if not more:
                raise Refused("the browser says nothing any more")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


def program() -> str:
    found = shutil.which("chromium")
    if found is None:
        raise Refused("Chromium is missing: run `make test-services`, which installs it")
    return found


@contextmanager
def browser(folder: Path, trusted_key: str) -> Iterator[Page]:
    """A page with an authenticator. `trusted_key`: SHA-256 of the server's public key, Base64."""
    read_here, write_there = os.pipe()
    read_there, write_here = os.pipe()
    options = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--remote-debugging-pipe",
        f"--user-data-dir={folder}",
        f"--ignore-certificate-errors-spki-list={trusted_key}",
    ]
    command = f'exec "$0" "$@" 3<&{read_there} 4>&{write_there}'
    process = subprocess.Popen(
        ["/bin/bash", "-c", command, program(), *options],
        pass_fds=(read_there, write_there),
        stderr=subprocess.DEVNULL,
    )
    for theirs in (read_there, write_there):
        os.close(theirs)
    try:
        yield _attached(Page(write_here, read_here))
    finally:
        process.terminate()
        process.wait(timeout=20)
        os.close(write_here)
        os.close(read_here)


def _attached(page: Page) -> Page:
    target = page.ask("Target.createTarget", url="about:blank")["targetId"]
    page.session = page.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "WebAuthn"):
        page.ask(f"{domain}.enable")
    return page
