"""The firewall signal: one module an operating system."""
