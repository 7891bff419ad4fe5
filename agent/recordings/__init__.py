"""A machine's answers in a folder: taken down from one host, replayed as another."""
