"""Tests of drill/aiohttp_fleet_drill/response_parser.py: each answer is fed byte by byte, as a bad network might."""

import pytest
from aiohttp_fleet_drill.response_parser import Response

HEAD = b"HTTP/1.1 200 OK\r\n"


def _fed(data: bytes) -> tuple[Response, int]:
    """Return the answer and after how many bytes it was whole, 0 for never."""
    answer = Response()
    return answer, next((at + 1 for at in range(len(data)) if answer.feed(data[at : at + 1])), 0)


def test_a_length_ends_the_body() -> None:
    """Not a byte earlier; the connection stays."""
    data = HEAD + b"content-LENGTH: 5\r\n\r\nhello"
    answer, whole = _fed(data)
    assert (whole, answer.status, answer.body, answer.keeps) == (len(data), 200, b"hello", True)


def test_the_last_chunk_ends_a_body_in_chunks() -> None:
    """With extensions and trailers, and line ends inside a chunk."""
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n4;x=y\r\n\r\n\r\n\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
    answer, whole = _fed(data)
    assert (whole, answer.keeps) == (len(data), True)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_some_have_no_body(status: bytes) -> None:
    """Whatever their length says."""
    answer, whole = _fed(b"HTTP/1.1 " + status + b"\r\nContent-Length: 7\r\n\r\n")
    assert whole
    assert answer.keeps


def test_without_either_the_end_of_the_connection_ends_it() -> None:
    """So it does not stay open."""
    answer, whole = _fed(HEAD + b"\r\nhello")
    assert (whole, answer.until_close, answer.keeps) == (0, True, False)


@pytest.mark.parametrize("head", [HEAD + b"Connection: Close\r\n", b"HTTP/1.0 200 OK\r\n"])
def test_the_connection_may_be_closed_after_it(head: bytes) -> None:
    """When it says so, or is older."""
    answer, whole = _fed(head + b"Content-Length: 0\r\n\r\n")
    assert whole
    assert not answer.keeps


@pytest.mark.parametrize("data", [b"SSH-2.0\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\noops\r\n"])
def test_anything_else_is_no_http(data: bytes) -> None:
    """It raises instead of waiting."""
    with pytest.raises(ValueError):
        _fed(data)
