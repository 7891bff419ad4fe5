"""What is said between this device and its collector, and what is kept of it."""
