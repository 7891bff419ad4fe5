"""Where an S3-compatible store is, as one table of the settings says it."""

import re
from dataclasses import dataclass
from pathlib import Path

from collector.settings_table import Table

BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PREFIX = re.compile(r"([A-Za-z0-9_-]+/)*")


@dataclass(frozen=True, slots=True)
class S3Settings:
    """`keys_file` holds two lines: the id of the access key, and its secret."""

    name: str
    url: str
    bucket: str
    prefix: str
    region: str
    keys_file: Path
    authority: Path | None = None


def read_s3(table: Table, name: str) -> S3Settings:
    """Raises ConfigError."""
    bucket, prefix = table.text("bucket"), table.text("prefix", "")
    if not BUCKET.fullmatch(bucket):
        raise table.wrong("bucket", "is not the name of a bucket")
    if not PREFIX.fullmatch(prefix):
        raise table.wrong("prefix", "write words with / after each, for example muster/")
    return S3Settings(
        name,
        table.url("url"),
        bucket,
        prefix,
        table.text("region", "us-east-1"),
        table.secret("keys_file"),
        table.maybe_path("authority"),
    )
