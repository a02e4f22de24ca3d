"""Tests of drill/aiohttp_fleet_drill/connection.py: each response arrives byte by byte, as on a bad network."""

import asyncio

import pytest
from aiohttp_fleet_drill.connection import Connection
from aiohttp_fleet_drill.requests import Request

HEAD = b"HTTP/1.1 200 OK\r\n"
ECHO = Request("POST", "/", b"hello", echoed=True)


def _received(response: bytes, request: Request = ECHO, close: bool = False) -> tuple[str, bool]:
    """Return what is wrong with a response, and whether its connection can be used again."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n" + request.body)
        for byte in response:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        if close:
            writer.close()
        else:
            await reader.read()  # until the client closes the connection
            writer.close()

    async def send() -> tuple[str, bool]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            address = server.sockets[0].getsockname()
            _, connection = await asyncio.get_running_loop().create_connection(Connection, *address)
            problem = await connection.send(request)
            again = connection.is_open
            connection.close()
        return problem, again

    return asyncio.run(asyncio.wait_for(send(), 20))


def test_a_length_ends_the_body() -> None:
    """The connection stays open."""
    assert _received(HEAD + b"content-LENGTH: 5\r\n\r\nhello") == ("", True)


def test_the_last_chunk_ends_a_body_in_chunks() -> None:
    """With extensions and trailers, and line ends inside a chunk; the body is that of all chunks."""
    request = Request("POST", "/", b"\r\n\r\n0123456789", echoed=True)
    chunks = b"4;x=y\r\n\r\n\r\n\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
    assert _received(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks, request) == ("", True)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_some_responses_have_no_body(status: bytes) -> None:
    """Whatever their length says."""
    response = b"HTTP/1.1 " + status + b"\r\nContent-Length: 7\r\n\r\n"
    assert _received(response, Request("GET", "/")) == ("", True)


def test_without_a_length_the_end_of_the_connection_ends_the_body() -> None:
    """So the connection cannot be used again."""
    assert _received(HEAD + b"\r\nhello", close=True) == ("", False)


@pytest.mark.parametrize("head", [HEAD + b"Connection: Close\r\n", b"HTTP/1.0 200 OK\r\n"])
def test_a_response_may_end_the_connection(head: bytes) -> None:
    """When it says so, or is of HTTP/1.0."""
    assert _received(head + b"Content-Length: 5\r\n\r\nhello") == ("", False)


@pytest.mark.parametrize("response", [b"SSH-2.0\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\noops\r\n"])
def test_anything_else_is_not_http(response: bytes) -> None:
    """It fails at once instead of after a timeout."""
    assert _received(response) == ("not HTTP", False)


def test_a_response_of_another_length_is_cut() -> None:
    """Closed before its last byte."""
    problem = _received(HEAD + b"Content-Length: 6\r\n\r\nhello", close=True)
    assert problem == ("closed in the middle of the response", False)
