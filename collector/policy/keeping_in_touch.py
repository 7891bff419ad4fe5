"""How agents keep in touch: each at its own interval alone, or over a stream that they hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ContactMode(StrEnum):
    """SCHEDULED holds nothing between check-ins; CONNECTED hears within seconds."""

    SCHEDULED = "scheduled"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class ContactSettings:
    """`groups`: the mode of devices in a group, by its name, instead of `mode`."""

    mode: ContactMode = ContactMode.SCHEDULED
    groups: Mapping[str, ContactMode] = field(default_factory=dict)

    def mode_of(self, groups: Iterable[str]) -> ContactMode:
        """Of a device in these groups; where they disagree, connected.

        >>> ContactSettings(groups={"desk": ContactMode.CONNECTED}).mode_of(["desk", "loan"])
        <ContactMode.CONNECTED: 'connected'>
        """
        said = {self.groups[name] for name in groups if name in self.groups}
        if not said:
            return self.mode
        return ContactMode.CONNECTED if ContactMode.CONNECTED in said else ContactMode.SCHEDULED
