"""An account that is not root sees less and nothing else: what it sees is what root sees."""

import os
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from agent.checks import CHECKS, observe_all
from agent.device import inventory
from agent.host import Denied, Output
from agent.machine import Machine
from agent.observation import observe
from protos.posture.v1.signals_pb2 import Observation, Protection, UnknownReason
from tests.agent.checks.antivirus.test_clamav import CLAMD, FDINFO, MARKS, WATCHER, header
from tests.agent.checks.antivirus.test_clamav import machine as guarding
from tests.agent.checks.disk_encryption.stack import Stack, encrypted_laptop
from tests.agent.checks.firewall.rulesets import JSON, TEXT
from tests.agent.checks.firewall.rulesets import host as firewall
from tests.agent.checks.screen_lock.desk import IDLE, USER_DB, gnome_schemas, live
from tests.agent.checks.screen_lock.gvdb_writer import database
from tests.fakes import FakeHost

NOBODY = 65534
DENIED = UnknownReason.UNKNOWN_REASON_PERMISSION_DENIED
KEYS = ("name", "user", "ports", "device", "protocol", "scope", "desktop", "source")
"""What tells the entries of a list apart."""


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value of a message by its path; a list's entries by what names them."""
    if isinstance(value, Message):
        value = MessageToDict(value, preserving_proto_field_name=True)
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, f"{path}.{name}")
    elif isinstance(value, list):
        for part in value:
            names = (
                [str(part[key]) for key in KEYS if key in part] if isinstance(part, dict) else []
            )
            yield from leaves(part, f"{path}[{','.join(names) or part}]")
    else:
        yield path, value


def only_less(root: Observation, other: Observation) -> None:
    """Raises where the other account saw something that root did not see."""
    signal = root.signal
    if other.HasField("unknown"):
        same = root.HasField("unknown") and root.unknown.reason == other.unknown.reason
        assert same or other.unknown.reason == DENIED, other.unknown
        return
    assert other.WhichOneof("outcome") == root.WhichOneof("outcome"), (root, other)
    of_root, of_other = (dict(leaves(getattr(seen, signal))) for seen in (root, other))
    different = {path: said for path, said in of_other.items() if of_root.get(path, said) != said}
    assert not different, (different, of_root)
    known = {gap.field for gap in root.gaps}
    assert all(gap.reason == DENIED for gap in other.gaps if gap.field not in known), other.gaps
    unseen = set(of_root) - set(of_other)
    assert not unseen or {gap.field for gap in other.gaps} - known, unseen


def as_nobody(question: Callable[[], Any]) -> Any:
    """The answer to a question that another process asks as "nobody", with no environment."""
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(answer)
            os.environ.clear()
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            with os.fdopen(told, "wb") as out:
                out.write(pickle.dumps(question()))
            status = 0
        finally:
            os._exit(status)
    os.close(told)
    with os.fdopen(answer, "rb") as came:
        content = came.read()
    assert os.waitpid(child, 0)[1] == 0
    return pickle.loads(content)


def look() -> list[bytes]:
    host = Machine()
    seen = [one.SerializeToString() for one in observe_all(host)]
    return [*seen, inventory(host).SerializeToString()]


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0,
    reason="only root can look at this machine as root and as another account",
)
@pytest.mark.timeout(120)
def test_on_this_machine_an_account_without_rights_and_home_sees_less_and_nothing_else() -> None:
    *root, of_root = look()
    *other, of_other = as_nobody(look)
    for signal, one, two in zip(CHECKS, root, other, strict=True):
        assert Observation.FromString(two).signal == signal
        only_less(Observation.FromString(one), Observation.FromString(two))
    whole, part = (
        dict(leaves(type(inventory(FakeHost())).FromString(i))) for i in (of_root, of_other)
    )
    assert part.items() <= whole.items()
    assert {".hostname", ".platform", ".os_id"} <= set(part)


NFT_REFUSES = Output("", "Operation not permitted (you must be root)", 1)


class OfOthers(FakeHost):
    """Nobody but root and its owner may read a process's environment."""

    def environment(self, pid: int) -> dict[str, str]:
        raise Denied(f"/proc/{pid}/environ may not be read by this account")


def hosts() -> dict[str, tuple[str, FakeHost, FakeHost]]:
    """A signal, the machine as root sees it, and what of it another account sees."""
    laptop = encrypted_laptop()
    laptop.files["/etc/crypttab"] = "disk_crypt UUID=x none luks\n"
    whole = laptop.host()
    rules = firewall({"nftables": []})
    guarded = guarding(CLAMD, WATCHER, fdinfo=MARKS, daily_cvd=header())
    session = live("gnome-shell", files={USER_DB: database({IDLE: 60}), **gnome_schemas()})
    locked = {
        path: Denied("no") if path.startswith("/home") else content
        for path, content in session.files.items()
    }
    return {
        "disk": (
            "disk_encryption",
            whole,
            replace(
                whole,
                files={**whole.files, "/etc/crypttab": Denied("no")},
                commands={
                    "dmsetup table": Output("", "/dev/mapper/control: Permission denied", 1),
                    **dict.fromkeys(set(whole.commands) - {"dmsetup table"}, Denied("no")),
                },
            ),
        ),
        "firewall": (
            "firewall",
            rules,
            replace(rules, commands={**rules.commands, JSON: NFT_REFUSES, TEXT: NFT_REFUSES}),
        ),
        "antivirus": (
            "antivirus",
            guarded,
            replace(
                guarded,
                files={**guarded.files, FDINFO: Denied("no")},
                folders={},
                running=tuple(replace(one, executable=None) for one in guarded.running),
            ),
        ),
        "screen_lock": (
            "screen_lock",
            session,
            OfOthers(session.commands, locked, running=session.running),
        ),
    }


@pytest.mark.parametrize("machine", hosts())
def test_what_only_root_may_read_is_denied_and_the_rest_is_the_same(machine: str) -> None:
    signal, whole, part = hosts()[machine]
    of_root, of_other = (observe(signal, CHECKS[signal]["linux"], host) for host in (whole, part))
    assert of_root.HasField(signal), of_root  # type: ignore[arg-type]
    only_less(of_root, of_other)
    assert of_other.HasField("unknown") or of_other.gaps


def test_a_disk_that_is_plain_is_told_as_plain_without_any_rights() -> None:
    laptop = Stack()
    laptop.mount("259:3", "/", "ext4", "/dev/nvme0n1p3")
    refused = replace(laptop.host(), commands={})
    seen = observe("disk_encryption", CHECKS["disk_encryption"]["linux"], refused)
    assert [v.protection for v in seen.disk_encryption.volumes if v.name == "/"] == [
        Protection.PROTECTION_PLAIN
    ]
