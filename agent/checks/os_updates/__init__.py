"""The os_updates signal: one module an operating system."""
