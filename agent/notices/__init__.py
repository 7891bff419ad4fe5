"""Whoever uses the device hears of a new failure once, on the screen, and not at night."""
