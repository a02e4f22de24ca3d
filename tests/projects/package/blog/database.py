"""A pool of connections to sqlite, opened at the start and closed at the end."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

SIZE = 3
ARTICLES = [(1, "First <post>", "It works."), (2, "Second", "It still does.")]


class Pool:
    """Connections that handlers take turns with."""

    def __init__(self) -> None:
        self._free: asyncio.Queue[sqlite3.Connection] = asyncio.Queue()

    def open(self) -> None:
        """Connect."""
        for _ in range(SIZE):
            connection = sqlite3.connect(":memory:", check_same_thread=False)
            connection.execute("create table articles (id integer primary key, title text, text text)")
            connection.executemany("insert into articles values (?, ?, ?)", ARTICLES)
            self._free.put_nowait(connection)

    async def fetch(self, query: str, *values: object) -> list[Any]:
        """Run a query in a thread."""
        connection = await self._free.get()
        try:
            return await asyncio.to_thread(lambda: connection.execute(query, values).fetchall())
        finally:
            self._free.put_nowait(connection)

    async def close(self) -> None:
        """Disconnect."""
        for _ in range(SIZE):
            (await self._free.get()).close()


POOL = web.AppKey("POOL", Pool)


async def database(app: web.Application) -> AsyncIterator[None]:
    """Have a pool for as long as the application runs."""
    app[POOL] = pool = Pool()
    pool.open()
    yield
    await pool.close()
