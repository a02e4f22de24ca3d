"""The program of aiohttp's documented recipe; what is not in it is the mode, without which nginx may not connect."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from scripts.benchmark.app import create_app

parser = argparse.ArgumentParser()
parser.add_argument("--path")
path = parser.parse_args().path


async def open_to_nginx(app: web.Application) -> AsyncIterator[None]:
    """Set the socket's mode as soon as it is there."""

    async def wait() -> None:
        while not Path(path).exists():
            await asyncio.sleep(0.05)
        Path(path).chmod(0o777)

    task = asyncio.create_task(wait())
    yield
    await task


app = create_app()
app.cleanup_ctx.append(open_to_nginx)
web.run_app(app, path=path)
