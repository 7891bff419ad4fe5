"""Copies of the audit log elsewhere, each of which refuses a history that does not go on from its
own."""
