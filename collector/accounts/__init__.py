"""Who may look: the local administrator, the password and the session."""
