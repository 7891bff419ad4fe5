"""The gRPC edge: who is calling is settled here, and no request can end the server."""
