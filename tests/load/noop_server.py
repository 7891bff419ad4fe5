"""The collector's check-in port with a handler that does nothing: the floor of `make bench`.

Usage: noop_server.py DATA_FOLDER. Prints its port and serves until it is ended.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from collector.service.tls13 import require_tls13

require_tls13()

import grpc  # noqa: E402 -- grpc reads its environment once, when it is imported
import grpc.aio  # noqa: E402

from collector.config import Address  # noqa: E402
from collector.identity.key_files import open_authority, open_server  # noqa: E402
from collector.service.listening import Port, serve_check_in  # noqa: E402
from protos.posture.v1 import posture_service_pb2 as messages  # noqa: E402

ANSWER = messages.CheckInResponse(
    receipt=messages.RECEIPT_UNCHANGED, accepted_sequence=1, next_check_in_seconds=3600
).SerializeToString()


async def check_in(request: bytes, context: object) -> bytes:
    return ANSWER


async def main(folder: Path) -> None:
    now = datetime.now(UTC)
    authority = open_authority(folder, "Muster", now)
    identity = open_server(folder, authority, (), now)
    method = grpc.unary_unary_rpc_method_handler(check_in)
    handler = grpc.method_handlers_generic_handler("posture.v1.PostureService", {"CheckIn": method})
    port = Port(Address("127.0.0.1", 0), "--check-in")
    server, number = serve_check_in(port, handler, authority, identity)
    await server.start()
    print(number, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1])))
