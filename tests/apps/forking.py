"""An application that forks, in each way that there is; the child's pid is the answer."""

import asyncio
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.managers import SyncManager
from multiprocessing.pool import Pool

from aiohttp import web

FORK = multiprocessing.get_context("fork")
KEPT: list[object] = []
"""What would end its children when it is collected."""


async def _executor() -> int:
    executor = ProcessPoolExecutor(1, FORK)
    KEPT.append(executor)
    return await asyncio.get_running_loop().run_in_executor(executor, os.getpid)


async def _pool() -> int:
    pool = Pool(1, context=FORK)
    KEPT.append(pool)
    return pool.apply(os.getpid)


async def _process() -> int:
    process = FORK.Process(target=time.sleep, args=(3600,), daemon=True)
    process.start()
    KEPT.append(process)
    return process.pid or 0


async def _manager() -> int:
    manager = SyncManager(ctx=FORK)
    manager.start()
    KEPT.append(manager)
    return manager._process.pid or 0  # type: ignore[attr-defined]  # it has no public name


async def _fork() -> int:
    if pid := os.fork():
        return pid
    time.sleep(3600)
    os._exit(0)


async def _thread() -> int:
    return await asyncio.to_thread(lambda: asyncio.run(_process()))


WAYS = {
    "executor": _executor,
    "pool": _pool,
    "process": _process,
    "manager": _manager,
    "fork": _fork,
    "thread": _thread,
}


async def _answer(request: web.Request) -> web.Response:
    way = request.query.get("way")
    await asyncio.sleep(float(request.query.get("wait", 0)))
    return web.Response(text=str(await WAYS[way]() if way else os.getpid()))


async def create_app() -> web.Application:
    """Build it."""
    app = web.Application()
    app.router.add_route("*", "/", _answer)
    return app
