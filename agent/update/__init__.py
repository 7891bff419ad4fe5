"""The agent replaces itself only by what the operator signed, and goes back when it cannot report.

Off unless the package carries the settings for it; on Linux the package manager does this.
"""
