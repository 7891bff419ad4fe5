"""The ways a pack goes: each takes it whole under its own name, or says why not."""
