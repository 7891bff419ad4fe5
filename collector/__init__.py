"""The collector keeps the inventory, judges every device against the policy, and shows who falls short."""

__version__ = "0.1.0"
