"""Every rule, in the order in which people read them."""

from collector.model import Rule
from collector.policy.rules import (
    antivirus_active,
    antivirus_definitions_fresh,
    disk_encrypted,
    firewall_blocks_inbound,
    os_restart_done,
    os_security_updates_applied,
    os_supported,
    os_updates_applied,
    screen_locks_automatically,
)

RULES: tuple[Rule, ...] = (
    disk_encrypted.RULE,
    firewall_blocks_inbound.RULE,
    antivirus_active.RULE,
    antivirus_definitions_fresh.RULE,
    screen_locks_automatically.RULE,
    os_supported.RULE,
    os_security_updates_applied.RULE,
    os_updates_applied.RULE,
    os_restart_done.RULE,
)
