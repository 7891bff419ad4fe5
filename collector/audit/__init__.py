"""The audit log: who did or tried what, chained and signed so that no change goes unseen."""
