"""An app is connected in the terminal, when it has shown that it holds the secret."""

import base64
import re

import pytest
from click.testing import CliRunner

from collector.accounts import recovery, totp
from collector.accounts.sealing import open_seal
from collector.cli import program
from collector.store import accounts, factors
from collector.surroundings import Surroundings
from tests.collector.desk import Desk


def test_nobody_is_told_there_is_no_account(desk: Desk) -> None:
    around = Surroundings(desk.store.path.parent, desk.clock, lambda: "alice")
    result = CliRunner().invoke(program, ["account", "connect-app", "nobody"], obj=around)
    assert result.exit_code == 2
    assert "there is no account nobody" in result.stderr


@pytest.mark.parametrize("right", [True, False])
def test_the_app_is_connected_by_its_code(desk: Desk, right: bool) -> None:
    secret = b"12345678901234567890"
    desk.store.write(lambda c: accounts.add(c, accounts.Account("alice", "h", desk.clock())))
    code = totp.code_at(secret, int(desk.clock().timestamp()) // 30) if right else "000000"
    around = Surroundings(desk.store.path.parent, desk.clock, lambda: "alice", lambda _: secret)
    typed = f"{code}\n" * 3
    result = CliRunner().invoke(
        program, ["account", "connect-app", "alice"], obj=around, input=typed
    )
    held = desk.store.read(lambda c: accounts.get(c, "alice"))
    assert held is not None
    if not right:
        assert result.exit_code == 2
        assert held.totp_sealed is None
        return
    assert result.exit_code == 0, result.output
    assert base64.b32encode(secret).decode() in result.stdout.replace(" ", "")
    assert held.totp_sealed is not None
    assert open_seal(desk.store.path.parent).open(held.totp_sealed, "alice") == secret
    codes = re.findall(r"^  ([a-z2-7-]{28})$", result.stdout, re.MULTILINE)
    assert len(codes) == recovery.HOW_MANY
    assert desk.store.write(lambda c: factors.use_code(c, "alice", recovery.hash_of(codes[0])))
