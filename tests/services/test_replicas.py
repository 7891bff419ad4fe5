"""Replicas on machines of others: rsyslog over TLS and object stores that store for real (T60)."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from collector.audit.journal import Journal
from collector.audit.replicas.comparing import copy_of, differences, seen_by_log_host
from collector.audit.replicas.feeding import FOLDER, LATE, Feeder, Named, Standing
from collector.audit.replicas.object_store import ObjectStore
from collector.audit.replicas.opening import open_replicas
from collector.audit.replicas.replicating import Replication, feeders_of, replicating
from collector.audit.replicas.witness import Witness
from collector.audit.signing import open_signer, open_verifier
from collector.audit.verifying import verify
from collector.clock import system_clock
from collector.settings import Settings
from tests.collector.audit.log import login
from tests.services.elsewhere import Elsewhere, elsewhere

pytestmark = pytest.mark.skipif(
    os.getuid() != 0,
    reason="makes networks of its own: run make test-services as root",
)


@dataclass
class World:
    """A log and its three replicas, each on a machine that can be cut off."""

    folder: Path
    machines: list[Elsewhere]
    settings: Settings
    log: Journal

    @property
    def notes(self) -> Path:
        return self.folder / FOLDER

    def replicas(self) -> list[Named]:
        return open_replicas(self.settings, self.folder)

    def feeders(self) -> list[Feeder]:
        return feeders_of(self.replicas(), self.folder, self.log.folder, system_clock)

    def feed(self) -> list[Standing]:
        return [feeder.feed() for feeder in self.feeders()]

    def write(self, count: int = 5) -> None:
        self.log.append(*(login() for _ in range(count)))
        self.log.checkpoint(now_if_any=True)

    def lines(self) -> list[str]:
        files = sorted(self.log.folder.glob("*.log"))
        return [line for file in files for line in file.read_text().splitlines()]

    def heard(self) -> list[str]:
        """What the log host has written down, in order, each line once."""
        file = self.machines[0].folder / "messages"
        found = file.read_text().splitlines() if file.exists() else []
        return list(dict.fromkeys(line.strip() for line in found))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    machines = [elsewhere(tmp_path, number) for number in (1, 2, 3)]
    data = tmp_path / "data"
    data.mkdir()
    try:
        for machine in machines:
            machine.disconnect()
            machine.connect()
        replicas = (
            machines[0].start_log_host(),
            machines[1].start_object_store("archive"),
            machines[2].start_object_store("second"),
        )
        log = Journal(data / "audit", open_signer(data), system_clock)
        yield World(data, machines, Settings(replicas), log)
    finally:
        for machine in machines:
            machine.disconnect()


def eventually(holds: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.2)


def fed(world: World) -> bool:
    return all(not standing.trouble for standing in world.feed())


def test_three_machines_hold_every_line(world: World, tmp_path: Path) -> None:
    world.write()
    eventually(lambda: fed(world))
    head = world.log.head()
    for replica in world.replicas():
        assert replica.witness.held().head == head
    assert list(differences(world.replicas(), world.log.folder, world.notes)) == []
    eventually(lambda: world.heard() == world.lines())
    verifier = open_verifier(world.folder / "audit.pub")
    assert seen_by_log_host(world.machines[0].folder / "messages", verifier)
    for replica in world.replicas()[1:]:
        copy = tmp_path / replica.name
        copy.mkdir()
        copy_of(replica, copy)
        result = verify(copy, verifier)
        assert (result.problems, result.head) == ([], head)


def test_one_is_cut_off_and_comes_back_without_a_gap(world: World) -> None:
    world.write()
    eventually(lambda: fed(world))
    for number, machine in enumerate(world.machines):
        machine.cut()
        world.write()
        standings = world.feed()
        assert [bool(each.trouble) for each in standings] == [each == number for each in range(3)]
        assert not any(each.refused for each in standings)
        machine.mend()
        eventually(lambda: fed(world))
    assert {each.held.head for each in world.feed()} == {world.log.head()}
    eventually(lambda: world.heard() == world.lines())
    assert list(differences(world.replicas(), world.log.folder, world.notes)) == []


def test_all_are_cut_off_and_the_log_goes_on(world: World) -> None:
    world.write()
    eventually(lambda: fed(world))
    for machine in world.machines:
        machine.cut()
    for _ in range(3):
        world.write()
    assert all(standing.trouble for standing in world.feed())
    for machine in world.machines:
        machine.mend()
    eventually(lambda: fed(world))
    eventually(lambda: world.heard() == world.lines())
    assert {each.held.head for each in world.feed()} == {world.log.head()}


def test_a_running_collector_keeps_them_within_a_minute(world: World) -> None:
    replication = Replication(world.feeders())
    with replicating(replication):
        world.write()
        head = world.log.head()
        began = time.monotonic()

        def there() -> bool:
            seen = replication.seen()
            return len(seen) == 3 and all(each.standing.held.head == head for each in seen)

        eventually(there)
        assert timedelta(seconds=time.monotonic() - began) < LATE


def test_a_log_host_of_another_authority_is_not_spoken_to(world: World) -> None:
    loghost, archive, _ = world.settings.replicas
    strange = world.machines[2].folder / "ca.pem"
    world.settings = Settings(
        (replace(loghost, authority=strange), replace(archive, authority=strange))
    )
    world.write()
    eventually(lambda: all("certificate" in each.trouble for each in world.feed()))
    assert world.heard() == []


def test_a_log_host_of_another_name_is_not_spoken_to(world: World) -> None:
    loghost = replace(world.settings.replicas[0], server_name="loghost.example")
    world.settings = Settings((loghost,))
    world.write()
    eventually(lambda: "loghost.example" in world.feed()[0].trouble)
    assert world.heard() == []


def test_wrong_keys_of_a_store_are_said_without_the_secret(world: World) -> None:
    archive = world.settings.replicas[1]
    keys = world.folder / "wrong"
    keys.write_text("muster\nwrong-secret\n")
    world.settings = Settings((replace(archive, keys_file=keys),))
    world.write()
    trouble = world.feed()[0].trouble
    assert "answers 403" in trouble
    assert "wrong-secret" not in trouble


def test_a_store_that_lost_a_part_is_named(world: World) -> None:
    world.write()
    eventually(lambda: fed(world))
    kept = world.machines[1].folder / "kept" / "audit" / "muster" / "parts" / "000001"
    for part in kept.iterdir():
        part.unlink()
    found = list(differences(world.replicas(), world.log.folder, world.notes))
    assert [(each.replica, each.away) for each in found] == [("archive", False)]


def test_many_parts_of_a_day_become_few(world: World) -> None:
    verifier = open_verifier(world.folder / "audit.pub")
    store = ObjectStore(world.settings.replicas[1], most_parts=3)
    replica = Named("archive", "s3", Witness(store, verifier, b"the key"))
    feeder = Feeder(replica, world.log.folder, world.folder / "notes", system_clock)
    for _ in range(10):
        world.write(1)
        assert feeder.feed().trouble == ""
    assert list(differences([replica], world.log.folder, world.notes)) == []
    kept = world.machines[1].folder / "kept" / "audit" / "muster" / "parts" / "000001"
    assert len(list(kept.iterdir())) <= 4
