"""Who is who: the collector's own authority, what it signs, and how a device comes by it."""
