"""The people whose devices these are: read from a file, compared, and taken over as a whole."""
