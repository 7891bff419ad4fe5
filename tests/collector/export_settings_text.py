"""Pieces of settings that tests of exports write."""

MAIL = '[mail]\nserver = "localhost:25"\nfrom = "muster@example.org"\nsecurity = "none"\n'
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0u0qkh4a3oT2J7m3b8Vf7v8F8rQ0Q9W1p2d3e4f5g6"
