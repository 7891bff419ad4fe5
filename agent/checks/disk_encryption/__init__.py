"""The disk_encryption signal: one module an operating system."""
