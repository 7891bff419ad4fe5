"""The gRPC ports speak TLS 1.3 and nothing older.

grpcio 1.85.1 has no setting for the lowest version (BoringSSL's default is 1.2). It does have one
for the cipher suites of TLS 1.2, those of 1.3 being fixed: leaving only a suite that needs an RSA
certificate, while the authority makes EC ones, means that a 1.2 handshake finds no cipher in
common. Core reads the variable once, when grpc is first imported.
"""

import os
import sys

VARIABLE = "GRPC_SSL_CIPHER_SUITES"
NONE_OF_OURS = "ECDHE-RSA-AES128-GCM-SHA256"


def require_tls13() -> bool:
    """To be called before grpc is imported; False when it was too late."""
    if os.environ.get(VARIABLE) == NONE_OF_OURS:
        return True
    os.environ[VARIABLE] = NONE_OF_OURS
    return "grpc" not in sys.modules
