"""What is handed out to those who enroll: one string with where the running collector is called."""

import json
from pathlib import Path

from collector.identity.enrollment_string import encode
from protos.posture.v1.posture_service_pb2 import EnrollmentString

SERVING = "serving.json"
LINK = "muster://enroll#"
NAMES = ("check_in", "enroll", "authority_sha256", "name")


class NotServing(Exception):
    """The addresses are not known; str() says why and what to do."""


def serving(folder: Path) -> dict[str, str]:
    """Where the running collector can be called, from the file it keeps while it runs.

    Raises NotServing.
    """
    path = folder / SERVING
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        bytes.fromhex(found["authority_sha256"])
        return {key: str(found[key]) for key in NAMES}
    except FileNotFoundError:
        raise NotServing(
            "the collector is not running, so its addresses are not known: start it with "
            "`muster-collector serve`, then make the token"
        ) from None
    except OSError as error:
        raise NotServing(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError):
        raise NotServing(
            f"{path} is damaged: start the collector again to have it written"
        ) from None


def enrollment_string(secret: str, called: dict[str, str]) -> str:
    """A secret: it is shown once and kept nowhere."""
    content = EnrollmentString(
        enroll_address=called["enroll"],
        check_in_address=called["check_in"],
        token=secret,
        authority_sha256=bytes.fromhex(called["authority_sha256"]),
        collector_name=called["name"],
    )
    return encode(content)


def enrollment_link(string: str) -> str:
    """What the agent takes as well; behind the # it is no part of what a server would see."""
    return f"{LINK}{string}"
