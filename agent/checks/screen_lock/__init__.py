"""The screen_lock signal: one module an operating system."""
