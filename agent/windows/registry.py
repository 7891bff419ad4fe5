"""The live registry, in the 64-bit view whatever the agent was built for."""

import sys

from agent.host import RegistryValue, ToolMissing


def value(key: str, name: str) -> RegistryValue:
    """See `agent.host.Host.registry`."""
    if sys.platform != "win32":
        raise ToolMissing(f"{key}: only Windows has a registry")
    raise ToolMissing(name)


def subkeys(key: str) -> tuple[str, ...]:
    """See `agent.host.Host.subkeys`."""
    if sys.platform != "win32":
        raise ToolMissing(f"{key}: only Windows has a registry")
    raise ToolMissing(key)
