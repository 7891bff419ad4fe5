"""The macOS side: property lists, preferences and who sits at the console."""
