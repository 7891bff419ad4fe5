"""The Windows side of the door: the registry, and CIM through one PowerShell process."""
