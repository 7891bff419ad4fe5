"""The REST API: the same objects and rules as the pages, for programs that come with a token."""
