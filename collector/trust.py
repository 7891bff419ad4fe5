"""Whom the collector believes when it calls others over TLS."""

import ssl
from pathlib import Path


def tls_context(authority: Path | None) -> ssl.SSLContext:
    """Checks certificate and name; an authority that is given is the only one believed."""
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
