"""Puts the replicas of the settings together; each kind is imported only where one is set."""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from collector.audit.replicas.feeding import FOLDER, Named, note_of, read_note
from collector.audit.replicas.shelf import Lost, Shelf, Unreachable
from collector.audit.replicas.witness import Held, Witness
from collector.audit.signing import PUBLIC_FILE, open_verifier
from collector.audit.verifying import Kept
from collector.s3.settings import S3Settings
from collector.settings import (
    DirectorySettings,
    ReplicaSettings,
    Settings,
    SyslogSettings,
)


def open_replicas(settings: Settings, folder: Path) -> list[Named]:
    """Every replica that is set for this data folder. Raises ConfigError or KeyFileError."""
    if not settings.replicas:
        return []
    verifier = open_verifier(folder / PUBLIC_FILE)
    public_key = (folder / PUBLIC_FILE).read_bytes()
    return [
        Named(each.name, kind_of(each), Witness(_shelf(each, folder), verifier, public_key))
        for each in settings.replicas
    ]


def kind_of(settings: ReplicaSettings) -> str:
    match settings:
        case DirectorySettings():
            return "directory"
        case SyslogSettings():
            return "syslog"
        case S3Settings():
            return "s3"


@dataclass(frozen=True, slots=True)
class Word:
    """What one replica says of where the log stood; `checkpoint` is signed by the log's key.

    `trouble` says why it could not be asked; for one that cannot answer (a log host) it is empty,
    `asked` is False, and the checkpoint is what we noted ourselves.
    """

    name: str
    checkpoint: Kept | None
    asked: bool
    trouble: str = ""


def known_checkpoints(replicas: list[Named], folder: Path) -> Iterator[Word]:
    """What each says now and what it acknowledged before both count: the later one is given."""
    for each in replicas:
        noted = read_note(note_of(folder / FOLDER, each.name)).held
        readable, trouble = each.witness.shelf.readable, ""
        try:
            held = each.witness.held()
        except (Unreachable, Lost) as error:
            held, trouble = noted, str(error)
        sound = [one for one in (noted, held) if each.witness.vouches(one)]
        later = max(sound, key=lambda one: one.checkpoint_records, default=Held())
        kept = Kept(later.checkpoint, each.name) if later.checkpoint else None
        yield Word(each.name, kept, readable and not trouble, trouble)


def _shelf(settings: ReplicaSettings, folder: Path) -> Shelf:
    match settings:
        case DirectorySettings():
            from collector.audit.replicas.directory import Directory

            return Directory(settings.path)
        case SyslogSettings():
            from collector.audit.replicas.loghost import LogHost

            state_file = folder / FOLDER / f"{settings.name}.sent.json"
            return LogHost(settings, state_file, _own_name())
        case S3Settings():
            from collector.audit.replicas.object_store import ObjectStore

            return ObjectStore(settings)


def _own_name() -> str:
    """As RFC 5424 takes it: printable, without blanks."""
    return re.sub(r"[^!-~]", "_", socket.gethostname())[:255] or "-"
