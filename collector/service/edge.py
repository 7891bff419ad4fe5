"""Whatever comes in, a call ends in an answer or in one status with one clear sentence.

Requests arrive here as bytes: were gRPC to parse them, nonsense would end as an internal error.
Authorisation is in each method, never in a path prefix (grpc-go's CVE-2026-33186).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TypeVar

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message

from collector.store import StoreBusy, StoreError, StoreFull

log = logging.getLogger(__name__)

TIME_LIMIT_SECONDS = 10.0
Context = grpc.aio.ServicerContext[bytes, bytes]
Method = Callable[[bytes, Context], Awaitable[Message]]
Stream = Callable[[bytes, Context], Awaitable[None]]
M = TypeVar("M", bound=Message)

RETRY_AFTER = "retry-after"
"""Trailing metadata beside a refusal that will pass: after how many seconds to try again."""


class Refused(Exception):
    """A call that gets no answer: its status, one sentence, and when another try makes sense."""

    def __init__(
        self, status: grpc.StatusCode, sentence: str, retry_after_seconds: int = 0
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after_seconds = retry_after_seconds


def malformed(sentence: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, sentence)


def slow_down(retry_after_seconds: int) -> Refused:
    return Refused(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        f"too many calls: try again in {retry_after_seconds} s",
        retry_after_seconds,
    )


def parse(kind: type[M], request: bytes) -> M:
    try:
        return kind.FromString(request)
    except DecodeError as error:
        raise malformed(f"the request is not a {kind.DESCRIPTOR.name} message") from error


def service(
    name: str, methods: Mapping[str, Method], streams: Mapping[str, Stream] | None = None
) -> grpc.GenericRpcHandler:
    """One gRPC service whose methods get bytes and give messages or raise `Refused`.

    A method of `streams` writes its messages to the context, for as long as it runs. Each request
    is awaited here and not by gRPC, which would wait for it as long as the connection lasts.
    """
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
        method: grpc.stream_unary_rpc_method_handler(_guarded(answer))
        for method, answer in methods.items()
    }
    for method, write in (streams or {}).items():
        handlers[method] = grpc.stream_stream_rpc_method_handler(_guarded_stream(write))
    return grpc.method_handlers_generic_handler(name, handlers)


def _guarded(method: Method) -> Callable[[AsyncIterator[bytes], Context], Awaitable[bytes]]:
    async def answer(requests: AsyncIterator[bytes], context: Context) -> bytes:
        try:
            async with asyncio.timeout(TIME_LIMIT_SECONDS):
                request = await _only(requests)
                return (await method(request, context)).SerializeToString()
        except Exception as error:  # noqa: BLE001 -- the edge: nothing may end the server
            return await _abort(context, _refusal(error))

    return answer


def _guarded_stream(
    method: Stream,
) -> Callable[[AsyncIterator[bytes], Context], Awaitable[None]]:
    async def write(requests: AsyncIterator[bytes], context: Context) -> None:
        try:
            async with asyncio.timeout(TIME_LIMIT_SECONDS):
                request = await _only(requests)
            await method(request, context)
        except Exception as error:  # noqa: BLE001 -- the edge: nothing may end the server
            await _abort(context, _refusal(error))

    return write


async def _only(requests: AsyncIterator[bytes]) -> bytes:
    async for request in requests:
        return request
    raise malformed("the call holds no request")


async def _abort(context: Context, refused: Refused) -> bytes:
    retry = refused.retry_after_seconds
    trailing = ((RETRY_AFTER, str(retry)),) if retry else ()
    return await context.abort(refused.status, str(refused), trailing)


def _refusal(error: Exception) -> Refused:
    match error:
        case Refused():
            return error
        case TimeoutError():
            log.warning("A call was not answered in time")
            busy = "the collector is too busy to answer: try again later"
            return Refused(grpc.StatusCode.UNAVAILABLE, busy, 60)
        case StoreFull():
            log.error("The store is full: %s", error)
            full = "the collector's disk is full: nothing was stored, IT has to free space there"
            return Refused(grpc.StatusCode.RESOURCE_EXHAUSTED, full, 300)
        case StoreBusy():
            return Refused(grpc.StatusCode.UNAVAILABLE, "the collector's store is busy", 30)
        case StoreError():
            log.error("The store failed: %s", error)
            broken = "the collector cannot store anything now: nothing was stored"
            return Refused(grpc.StatusCode.UNAVAILABLE, broken, 300)
    log.error("A call met a defect", exc_info=error)
    defect = "the collector met a defect of its own; its log says more"
    return Refused(grpc.StatusCode.INTERNAL, defect)
