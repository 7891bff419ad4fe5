"""Tells people by the ways that the operator set: mail, a signed webhook, a chat."""
