"""When the weekly packs are made: `[export]` in collector.toml."""

from pathlib import Path

from collector.settings import read_settings
from collector.weekly import Weekly


def weekly_of(folder: Path) -> Weekly:
    """Raises ConfigError."""
    return read_settings(folder).exports.weekly
