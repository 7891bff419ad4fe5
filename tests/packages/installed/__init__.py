"""What is built for installing, used as installed: `make test-packages`."""
