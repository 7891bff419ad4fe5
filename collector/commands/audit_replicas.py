"""What the audit commands say of the replicas; each that cannot be asked is named and no more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from collector.audit.alone import leading
from collector.audit.journal import FOLDER
from collector.audit.mending import copies_differ
from collector.audit.replicas.comparing import copy_of, differences, seen_by_log_host
from collector.audit.replicas.feeding import DOWN, LATE, Named, lag_of, note_of, read_note
from collector.audit.replicas.feeding import FOLDER as NOTES
from collector.audit.replicas.opening import kind_of, known_checkpoints, open_replicas
from collector.audit.replicas.shelf import Lost, Unreachable
from collector.audit.signing import Verifier
from collector.audit.verifying import Kept
from collector.config import ConfigError
from collector.identity.key_files import KeyFileError
from collector.settings import Settings, read_settings
from collector.surroundings import BadInput, Surroundings, Trouble
from collector.terminal import fitted, indented, plain, sentence


@dataclass(frozen=True, slots=True)
class Known:
    """What is known elsewhere of the log: by whom, which checkpoints, and what does not fit."""

    names: tuple[str, ...] = ()
    checkpoints: tuple[Kept, ...] = ()
    problems: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    kind: str
    lag: timedelta
    records: int
    checkpoint: str
    checkpoint_at: str
    trouble: str


@dataclass(frozen=True, slots=True)
class Seen:
    lines: tuple[Line, ...]
    wanted: int

    def as_fields(self) -> dict[str, object]:
        listed = [
            {
                "name": each.name,
                "kind": each.kind,
                "lag_seconds": int(each.lag.total_seconds()),
                "records": each.records,
                "checkpoint": each.checkpoint,
                "checkpoint_at": each.checkpoint_at,
                "state": state_of(each),
                "trouble": each.trouble,
            }
            for each in self.lines
        ]
        return {"replicas": listed, "wanted": self.wanted}


def known_elsewhere(around: Surroundings | None, verifier: Verifier, seen: Sequence[Path]) -> Known:
    """Asks every replica of this collector (None: of a copy there are none), and reads what log
    hosts wrote."""
    replicas = _replicas(around) if around else []
    folder = around.folder if around else Path()
    names, checkpoints, unheard = [], [], []
    for word in known_checkpoints(replicas, folder):
        checkpoints += [word.checkpoint] if word.checkpoint else []
        if word.asked and word.checkpoint:
            names.append(word.name)
        elif word.trouble:
            unheard.append(f"replica {word.name} could not be asked: {word.trouble}")
        elif not word.asked and not seen:
            unheard.append(
                f"replica {word.name} is a log host, which gives nothing back: compare what it "
                "wrote with --seen FILE"
            )
    audit = leading(folder / FOLDER)
    found = differences(replicas, audit, folder / NOTES)
    problems = [str(each) for each in found if not each.away]
    if around:
        problems += copies_differ(audit, around.journal().folders)
        unheard += [_left_out(each) for each in around.journal().left_out().values()]
    for file in seen:
        signed = seen_by_log_host(file, verifier)
        if not signed:
            raise BadInput(f"{plain(str(file))} holds no checkpoint of this log")
        names.append(file.name)
        checkpoints += [Kept(each, file.name) for each in signed]
    return Known(tuple(names), tuple(checkpoints), tuple(problems), tuple(unheard))


def _left_out(folder: Path) -> str:
    return (
        f"{plain(str(folder))} is left out, since it could not be written: what came after is in "
        "the other folder alone, and is copied once it can be written again"
    )


def fetch(around: Surroundings, name: str, folder: Path) -> None:
    """Write all that the replica holds into this folder."""
    replicas = {each.name: each for each in _replicas(around)}
    if name not in replicas:
        raise BadInput(f"no replica is called {plain(name)!r} (see audit replicas)")
    replica = replicas[name]
    if not replica.witness.shelf.readable:
        raise BadInput(f"{name} is a log host, which gives nothing back: copy its file and --seen")
    try:
        copied = copy_of(replica, folder)
    except (Unreachable, Lost) as error:
        raise Trouble(f"replica {name}: {plain(str(error))}") from error
    if not copied:
        raise Trouble(f"replica {name} holds nothing yet")


def seen_here(around: Surroundings) -> Seen:
    """As the running collector noted it, with the lag of this moment."""
    settings, now = _settings(around), around.clock()
    lines = []
    for each in settings.replicas:
        standing = read_note(note_of(around.folder / NOTES, each.name))
        held = standing.held
        checkpoint = f"{held.checkpoint_records}:{held.checkpoint_hash}"
        lines.append(
            Line(
                each.name,
                kind_of(each),
                lag_of(around.folder / FOLDER, standing, now),
                held.records,
                checkpoint if held.checkpoint_records else "",
                held.checkpoint_at,
                standing.trouble,
            )
        )
    return Seen(tuple(lines), settings.wanted)


def table(seen: Seen) -> Iterator[str]:
    if seen.lines:
        yield f"{'NAME':18}{'KIND':11}{'STATE':9}{'BEHIND':>8}  {'RECORDS':>9}  CHECKPOINT"
    for each in seen.lines:
        behind = f"{int(each.lag.total_seconds())} s"
        signed = (
            f"{datetime.fromisoformat(each.checkpoint_at):%Y-%m-%d %H:%M}"
            if each.checkpoint_at
            else "none"
        )
        yield (
            f"{fitted(each.name, 17)} {each.kind:11}{state_of(each):9}{behind:>8}  "
            f"{each.records:>9}  {signed}"
        )
        yield from indented(each.trouble)
    if len(seen.lines) < seen.wanted:
        yield from sentence(
            f"{len(seen.lines)} of the {seen.wanted} replicas that the policy asks for: add the "
            "others to collector.toml in the data folder (docs/audit.md) and start anew."
        )


def state_of(line: Line) -> str:
    if line.lag >= DOWN or line.trouble:
        return "down"
    return "late" if line.lag > LATE else "good"


def _replicas(around: Surroundings) -> list[Named]:
    try:
        return open_replicas(_settings(around), around.folder)
    except ConfigError as error:
        raise BadInput(str(error)) from error
    except KeyFileError as error:
        raise Trouble(str(error)) from error


def _settings(around: Surroundings) -> Settings:
    try:
        return read_settings(around.folder)
    except ConfigError as error:
        raise BadInput(str(error)) from error
