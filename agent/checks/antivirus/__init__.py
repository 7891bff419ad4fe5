"""The antivirus signal: one module an operating system."""
