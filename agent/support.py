"""What IT may see of an agent in trouble: one archive, without key, token, password or a name.

It holds what `doctor` says, what the agent was told by its collector's addresses, which requests
went out and what came of them, and how large its files are. No request's content and no posture.
"""

import io
import json
import platform
import re
import sys
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from importlib import metadata

from agent import __version__, config
from agent.doctor import Item
from agent.exchange import progress
from agent.exchange.receipt import Receipts
from agent.state import State, StateError

MOST_RECEIPTS = 50
EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
PACKAGES = ("grpcio", "protobuf", "cryptography", "psutil", "h2")

CONTENTS = {
    "doctor.json": "what muster-agent doctor says",
    "agent.json": "versions of the agent, of its parts and of the system",
    "enrollment.json": "the collector's name and addresses, the device's id",
    "progress.json": "the last exchanges: when, how they ended, the clock's difference",
    "requests.json": "the last requests: kind, time, size, result; not what was in them",
    "files.json": "names and sizes of the agent's files",
}
Redact = Callable[[str], str]


def archive(items: Iterable[Item], state: State | None, now: datetime, redact: Redact) -> bytes:
    """The bytes of a .zip; what cannot be read stands in it as the reason why."""
    parts: dict[str, object] = {
        "doctor.json": [asdict(item) for item in items],
        "agent.json": _agent(now),
    }
    if state is not None:
        parts["enrollment.json"] = _told(lambda: _enrollment(state))
        parts["progress.json"] = _told(lambda: json.loads(state.read(progress.FILE) or b"{}"))
        parts["requests.json"] = _told(lambda: _requests(state))
        parts["files.json"] = _told(lambda: _files(state))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            words = EMAIL.sub("(e-mail)", json.dumps(content, indent=1, ensure_ascii=False))
            # The device's id stays what it is: IT finds the device by it.
            file.writestr(name, words if name == "enrollment.json" else redact(words))
    return packed.getvalue()


def _told(part: Callable[[], object]) -> object:
    try:
        return part()
    except (StateError, OSError, ValueError) as error:
        return {"not read": str(error)}


def _agent(now: datetime) -> dict[str, object]:
    return {
        "agent": __version__,
        "parts": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "bundled": bool(getattr(sys, "frozen", False)),
        "clock": now.isoformat(),
    }


def _version(name: str) -> str:
    """A bundle carries the packages, not always their metadata."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not told"


def _enrollment(state: State) -> dict[str, str]:
    settled = asdict(config.load(state))
    settled["proxy"] = "(set, not shown)" if settled["proxy"] else ""
    return settled


def _requests(state: State) -> list[dict[str, object]]:
    return [
        {
            "kind": each.kind,
            "sent_at": each.sent_at.isoformat(),
            "bytes": len(each.content),
            "result": each.result,
        }
        for each in Receipts.of(state).last(MOST_RECEIPTS)
    ]


def _files(state: State) -> dict[str, int]:
    return {
        str(path.relative_to(state.folder)): path.stat().st_size
        for path in sorted(state.folder.rglob("*"))
        if path.is_file()
    }
