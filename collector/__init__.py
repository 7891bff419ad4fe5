"""The collector keeps the inventory, judges each device by the policy, shows who falls short."""

__version__ = "0.1.0"
