"""The units say what they may do, and that stays little: `systemd-analyze security`, offline."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.packages.installed.built import ROOT, package

MOST = {
    "muster-agent-report.service": 3.9,
    "muster-agent-connected.service": 3.9,
    "muster-collector.service": 1.4,
}
"""As in docs/packages.md: 0 is nothing allowed, 10 everything."""


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units of both packages in a root of their own."""
    root = tmp_path_factory.mktemp("units")
    for half in ("agent", "collector"):
        made = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", str(package(half, "deb"))],
            check=True, capture_output=True,
        )  # fmt: skip
        taken = ["tar", "x", "-C", str(root), "--wildcards", "./usr/lib/systemd/*"]
        subprocess.run(taken, input=made.stdout, check=True)
    return root


@pytest.mark.parametrize("unit", MOST)
def test_a_service_is_not_allowed_more_than_is_written_down(unit: str, units: Path) -> None:
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--root={units}", unit],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    assert found, said
    print(f"\n{unit}: {found[1]}")
    assert float(found[1]) <= MOST[unit]
    assert f"| `{unit}` | {MOST[unit]} |" in (ROOT / "docs/packages.md").read_text()


@pytest.mark.parametrize("unit", ["muster-agent-report.service", "muster-agent-connected.service"])
def test_the_agent_looks_after_the_firewall_was_loaded(unit: str, units: Path) -> None:
    text = (units / "usr/lib/systemd/system" / unit).read_text()
    (after,) = re.findall(r"^After=(.*ufw.*)$", text, re.MULTILINE)
    assert {"ufw.service", "firewalld.service", "nftables.service"} <= set(after.split())
    assert "ConditionPathExists=/var/lib/muster-agent/agent.toml" in text


def test_nothing_that_blinds_a_check_is_set(units: Path) -> None:
    text = (units / "usr/lib/systemd/system/muster-agent-.service.d/hardening.conf").read_text()
    said = [line for line in text.splitlines() if not line.startswith("#")]
    blind = ("ProtectKernelModules", "ProtectHome", "PrivateDevices", "ProtectClock", "StateDir")
    assert [line for line in said if line.startswith(blind)] == []
    assert "NoNewPrivileges=yes" in said
    assert "ProtectSystem=strict" in said
