"""Every rule, in the order in which people read them."""

from collector.model import Rule

RULES: tuple[Rule, ...] = ()
