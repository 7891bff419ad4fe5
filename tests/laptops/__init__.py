"""Real Linux laptops, booted under user-mode Linux, judged by a real collector: `make laptops`."""
