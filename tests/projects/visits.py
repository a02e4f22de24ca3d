"""What a client does on each project, and what it sees: the same script against the fleet and bare aiohttp."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
from yarl import URL

IGNORED = ("date", "server", "connection", "keep-alive", "etag", "accept-ranges")
"""Headers that are the server's own, not the application's."""
LARGE = bytes(range(256)) * 4096
"""One mebibyte, more than nginx keeps in memory of a body."""

Seen = list[object]
Visit = Callable[[aiohttp.ClientSession], Awaitable[Seen]]


def visit(script: Visit, port: int) -> Seen:
    """Run a script against the site at ``port`` and return what it saw, the port blotted out."""

    async def go() -> Seen:
        timeout = aiohttp.ClientTimeout(30)
        async with aiohttp.ClientSession(URL(f"http://127.0.0.1:{port}"), timeout=timeout) as session:
            return await script(session)

    return [str(item).replace(str(port), "PORT") for item in asyncio.run(go())]


async def _answer(session: aiohttp.ClientSession, method: str, path: str, **more: object) -> Seen:
    async with session.request(method, path, allow_redirects=False, **more) as answer:  # type: ignore[arg-type]
        headers = sorted((k.lower(), v) for k, v in answer.headers.items() if k.lower() not in IGNORED)
        return [method, path, answer.status, headers, await answer.read()]


async def single(session: aiohttp.ClientSession) -> Seen:
    """Pages, errors, a form, a cookie, a redirect, and what the application sees of us."""
    forged = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"}
    return [
        *await _answer(session, "GET", "/"),
        *await _answer(session, "HEAD", "/"),
        *await _answer(session, "GET", "/items/1"),
        *await _answer(session, "GET", "/items/9"),
        *await _answer(session, "DELETE", "/items/1"),
        *await _answer(session, "POST", "/cart", data={"item": "chair"}),
        *await _answer(session, "GET", "/me?a=%20b&c"),
        *await _answer(session, "GET", "/me", headers=forged),
        *await _answer(session, "GET", "/broken"),
    ]


async def package(session: aiohttp.ClientSession) -> Seen:
    """Rendered pages, from the database, many at once."""
    pages = await asyncio.gather(*(_answer(session, "GET", f"/articles/{n % 3 + 1}") for n in range(24)))
    return [*await _answer(session, "GET", "/"), *pages]


async def chat(session: aiohttp.ClientSession) -> Seen:
    """Talk, send something large, ping, and be shown the door."""
    async with session.ws_connect("/ws", max_msg_size=0) as ws:
        await ws.send_str("hello")
        seen: Seen = [(await ws.receive()).data]
        await ws.send_bytes(LARGE)
        seen.append((await ws.receive()).data == LARGE)
        await ws.ping()
        await ws.send_str("bye")
        closed = await ws.receive()
        seen += [closed.type, closed.data, closed.extra, ws.close_code]
    return [*seen, *await _answer(session, "GET", "/alive"), *await _answer(session, "GET", "/ws")]


async def parts(session: aiohttp.ClientSession) -> Seen:
    """Static files, ranges and validators, uploads in every form, a stream."""
    css = await _answer(session, "GET", "/static/style.css")
    form = aiohttp.FormData()
    form.add_field("file", LARGE, filename="large.bin")

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(LARGE), 65536):
            yield LARGE[start : start + 65536]

    modified = next(value for name, value in css[3] if name == "last-modified")  # type: ignore[attr-defined]
    return [
        *css,
        *await _answer(session, "GET", "/static/style.css", headers={"Range": "bytes=0-3"}),
        *await _answer(session, "GET", "/static/style.css", headers={"If-Modified-Since": modified}),
        *await _answer(session, "GET", "/static/none.css"),
        *await _answer(session, "GET", "/admin/files/logo.svg"),
        *await _answer(session, "POST", "/admin/upload", data=form),
        *await _answer(session, "POST", "/raw", data=LARGE),
        *await _answer(session, "POST", "/raw", data=pieces()),
        *await _answer(session, "GET", "/admin/export"),
    ]
