"""Bounds on one request: a deadline for the whole of it, and a cap on what its body may unpack to."""

import asyncio
import zlib
from collections.abc import AsyncIterable

import httpx

from reconciler.live.failures import AnswerTooLarge, DeadlineExceeded
from reconciler.live.transports.layer import Layer

CAP_BYTES = 64 << 20
_GZIP_WBITS = 31
# They describe the body as it travelled; it is handed on whole and unpacked.
_OF_THE_JOURNEY = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


class Bounded(Layer):
    """Hands on fully read, unpacked responses.

    httpx's own timeouts are for each read, so a body that drips would never end; its own decoders unpack whatever
    they get, so a few kilobytes could fill the memory.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, timeout_s: float, cap_bytes: int = CAP_BYTES) -> None:
        super().__init__(inner)
        self._timeout_s = timeout_s
        self._cap_bytes = cap_bytes

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask and read to the end, or raise DeadlineExceeded, AnswerTooLarge or httpx.DecodingError."""
        try:
            async with asyncio.timeout(self._timeout_s):
                response = await self._inner.handle_async_request(request)
                try:
                    body = await self._read(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise DeadlineExceeded(self._timeout_s) from None
        headers = [header for header in response.headers.raw if header[0].lower() not in _OF_THE_JOURNEY]
        return httpx.Response(response.status_code, headers=headers, content=body, request=request)

    async def _read(self, response: httpx.Response) -> bytes:
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        chunks = response.stream
        if not isinstance(chunks, httpx.AsyncByteStream):
            message = "a synchronous body in an asynchronous transport"
            raise TypeError(message)
        if encoding in {"gzip", "x-gzip"}:
            return await self._unpacked(chunks)
        if encoding not in {"identity", ""}:
            message = "answered in an encoding that was not asked for"
            raise httpx.DecodingError(message)
        return await self._plain(chunks)

    async def _plain(self, chunks: AsyncIterable[bytes]) -> bytes:
        parts, size = [], 0
        async for chunk in chunks:
            size += len(chunk)
            if size > self._cap_bytes:
                raise AnswerTooLarge(self._cap_bytes)
            parts.append(chunk)
        return b"".join(parts)

    async def _unpacked(self, chunks: AsyncIterable[bytes]) -> bytes:
        unpacker, body, is_begun = zlib.decompressobj(_GZIP_WBITS), bytearray(), False
        async for chunk in chunks:
            rest = chunk
            while rest:
                if unpacker.eof:  # gzip allows one member after the other
                    unpacker = zlib.decompressobj(_GZIP_WBITS)
                try:
                    body += unpacker.decompress(rest, self._cap_bytes + 1 - len(body))
                except zlib.error:
                    message = "answered with a body that claims to be gzip and is not"
                    raise httpx.DecodingError(message) from None
                if len(body) > self._cap_bytes:
                    raise AnswerTooLarge(self._cap_bytes)
                rest, is_begun = unpacker.unused_data, True
        if is_begun and not unpacker.eof:
            message = "answered with a gzip body that was cut off"
            raise httpx.DecodingError(message)
        return bytes(body)
