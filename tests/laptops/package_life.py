"""The installed package on a booted laptop: what its unit sees, upgrades, power cuts, removal."""

import time
from datetime import UTC, datetime

from tests.laptops import stories
from tests.laptops.case import Row
from tests.laptops.installing import NEWER
from tests.laptops.running import Laptop
from tests.laptops.stories import held, row

IN_THE_UNIT = "systemd-run --quiet --wait --pipe --unit=muster-agent-{name} -p ProtectHostname=yes"
COMPARED = f"""cd /root
{IN_THE_UNIT.format(name="seen")} /usr/bin/muster-agent check --json > hardened.json || exit 3
muster-agent check --json > plain.json || exit 4
grep -hi "timed.out" hardened.json plain.json && exit 5
diff plain.json hardened.json"""
MOST_COMPARISONS = 4
PROOF = f"""{IN_THE_UNIT.format(name="proof")} /bin/sh -c '
  grep -q "NoNewPrivs:.1" /proc/self/status && ! touch /usr/planted 2>/dev/null && echo held'"""
OPEN_FILES = (
    "find /var/lib/muster-agent ! -type l \\( -type f ! -perm 600 -o -type d ! -perm 700 "
    "-o ! -user root \\) -print"
)
SECRETS = """
journalctl -o cat --no-pager | grep -c -e "muster[1]_" -e "PRIVATE[ ]KEY"
cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | grep -a -c "muster[1]_"
true"""
LEFT = """
find / -xdev \\( -path /proc -o -path /sys -o -path /run/log -o -path /var/log \\) -prune \
  -o -iname "*muster*" -print
systemctl list-unit-files --no-legend "muster*"
systemctl list-timers --all --no-legend | grep muster
true"""
CUTS_SECONDS = (1.5, 4.0)


def package_life(laptop: Laptop) -> list[Row]:
    """The whole of it, in the order of a laptop's life."""
    return [
        *_as_it_stands(laptop),
        *_connected(laptop),
        *_upgraded_while_sending(laptop),
        *[each for seconds in CUTS_SECONDS for each in _cut_in_an_upgrade(laptop, seconds)],
        *_purged(laptop),
    ]


def _as_it_stands(laptop: Laptop) -> list[Row]:
    name, machine = laptop.case.name, laptop.machine
    _, proof = machine.order(PROOF)
    for _ in range(MOST_COMPARISONS):
        status, differs = machine.order(COMPARED, 300)
        if status != 5:
            break
    said = machine.must("ss -H -ltnup | grep -i muster || true")
    return [
        row(name, "the unit is hardened", "held", proof, proof),
        row(name, "the unit sees the same", "0", str(status), differs),
        row(name, "listening ports", "", said, said),
        row(name, "files open to others", "", machine.must(OPEN_FILES), ""),
        row(name, "secrets told", "0 0", " ".join(machine.must(SECRETS).split()), ""),
    ]


def _connected(laptop: Laptop) -> list[Row]:
    """The resident service: it listens on nothing either; its memory is printed."""
    name, machine = laptop.case.name, laptop.machine
    machine.must("systemctl start muster-agent-connected.service && sleep 20")
    said = machine.must("ss -H -ltnup | grep -i muster || true")
    memory = machine.must(
        "for p in $(cat /sys/fs/cgroup/system.slice/muster-agent-connected.service/cgroup.procs); "
        "do grep -h VmRSS /proc/$p/status; done | tr -s ' \\t' ' '"
    )
    print(f"  {name}: the connected service holds {memory}", flush=True)
    machine.must(
        "systemctl stop muster-agent-connected.service && "
        "systemctl start muster-agent.timer muster-agent-boot.timer muster-agent.path"
    )
    return [row(name, "listening ports when connected", "", said, said)]


def _upgraded_while_sending(laptop: Laptop) -> list[Row]:
    """The report waits for an answer, the package is upgraded, and the report arrives."""
    name, machine = laptop.case.name, laptop.machine
    machine.must("systemctl stop muster-agent-report.service")
    laptop.site.network.unplug(laptop.boot.tap)
    begun_at = datetime.now(UTC)
    machine.must("ufw disable")
    machine.must(f"systemctl start --no-block muster-agent-report\n{stories.UNTIL_KEPT}")
    machine.must("dpkg -i /srv/newer.deb 2>&1", 300)
    upgraded_at = datetime.now(UTC)
    laptop.site.network.plug_in(laptop.boot.tap)
    machine.order("systemctl start muster-agent-report.service", 300)
    stories.wait_until_seen_after(laptop, upgraded_at)
    opened = stories.intervals(laptop, 2)[1]
    version = machine.must("dpkg-query -W -f '${Version}' muster-agent")
    return [
        row(name, "upgraded to", f"{NEWER}-1", version, ""),
        row(name, "what it had to send", "fail", opened.finding.status.value, ""),
        held(name, "observed before the upgrade", begun_at, opened.finding.since, upgraded_at),
        row(name, "after an upgrade", "in order", *stories.order(laptop)),
    ]


def _cut_in_an_upgrade(laptop: Laptop, seconds: float) -> list[Row]:
    name = laptop.case.name
    laptop.machine.begin("dpkg -i /srv/older.deb")
    time.sleep(seconds)
    cut_at = datetime.now(UTC)
    laptop.machine.cut_power()
    laptop.power_on_again()
    status, version = laptop.machine.order("muster-agent --version")
    _, state = laptop.machine.order("dpkg -s muster-agent | grep -e Status -e Version")
    laptop.machine.order("systemctl start muster-agent-report.service", 300)
    stories.wait_until_seen_after(laptop, cut_at)
    rows = [
        row(name, f"cut {seconds:g} s into it", "0", str(status), f"{version} {state}"),
        row(name, "reports after the cut", "in order", *stories.order(laptop)),
    ]
    print(f"  {name}: cut after {seconds:g} s: {version}, {' '.join(state.split())}", flush=True)
    laptop.machine.must("dpkg -i /srv/newer.deb 2>&1", 300)
    return rows


def _purged(laptop: Laptop) -> list[Row]:
    name = laptop.case.name
    laptop.machine.must("apt-get purge -y -q muster-agent 2>&1")
    left = laptop.machine.must(LEFT)
    return [row(name, "left after a purge", "", left, left)]
