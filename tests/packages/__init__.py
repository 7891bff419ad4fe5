"""The packages, made and looked into with the tools of their systems."""
