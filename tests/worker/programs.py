"""Programs that serve an aiohttp application by themselves, each of another kind, as people write them.

Each is a text that stands in ``web.py`` unless its files say otherwise; ``answers`` is next to it.
"""

# ruff: noqa: E501, a line of a program is easier to read whole
from dataclasses import dataclass, field

ANSWERS = """
import asyncio, json, logging, os, socket, sys
from pathlib import Path
from aiohttp import web
PORT = int(os.environ.get("PORT", 0))

async def state(request):
    await asyncio.sleep(float(request.query.get("wait", 0)))
    main, loop = sys.modules["__main__"], asyncio.get_running_loop()
    return web.json_response({
        "argv": sys.argv, "path": sys.path[0], "cwd": os.getcwd(), "file": main.__file__, "name": main.__name__,
        "package": main.__package__, "spec": main.__spec__ and main.__spec__.name, "doc": main.__doc__,
        "logging": logging.getLogger().level, "loop": type(loop).__module__, "made": request.app.get("made"),
        "started": request.app.get("started"), "host": request.host, "body": (await request.text()),
    })

async def start(app):
    app["started"] = "it has"

async def clean(app):
    Path("cleaned").write_text("it is")

def bound():
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", PORT))
    return sock

def application(**made):
    app = web.Application()
    app["made"] = made
    app.on_startup.append(start)
    app.on_cleanup.append(clean)
    app.add_routes([web.get("/", state), web.post("/", state)])
    return app
"""
HEAD = "import asyncio, os, signal, sys\nfrom aiohttp import web\nfrom answers import PORT, application, bound\n"


@dataclass(frozen=True)
class Program:
    """One of them.

    Attributes:
        text: behind `HEAD`, in web.py.
        words: as typed behind ``python``.
        files: others.
        is_shared: whether a template can stop it before it serves, so that workers go on from there.
    """

    text: str
    words: tuple[str, ...] = ("web.py",)
    files: dict[str, str] = field(default_factory=dict)
    is_shared: bool = True


RUNNER = """
async def main():
    runner = web.AppRunner(application(), handle_signals={handle})
    await runner.setup()
    site = web.{site}
    await site.start()
    try:
        {wait}
    finally:
        await runner.cleanup()
asyncio.run(main())
"""
FOR_EVER = "await asyncio.sleep(3600)"
TCP = "TCPSite(runner, '127.0.0.1', PORT)"


def _runner(site: str = TCP, wait: str = FOR_EVER, handle: bool = False) -> Program:
    return Program(RUNNER.format(site=site, wait=wait, handle=handle), is_shared=False)


PROGRAMS = {
    "run_app at module level": Program("web.run_app(application(), port=PORT)\n"),
    "run_app below the guard": Program("if __name__ == '__main__':\n    web.run_app(application(), port=PORT)\n"),
    "run_app in main()": Program("def main():\n    web.run_app(application(), port=PORT)\nmain()\n"),
    "its own name for run_app": Program("from aiohttp.web import run_app as go\ngo(application(), port=PORT)\n"),
    "a coroutine for run_app": Program("async def make():\n    return application(a=1)\nweb.run_app(make(), port=PORT)\n"),
    "argparse at module level": Program(
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--x')\nparser.add_argument('file')\n"
        "args = parser.parse_args()\nweb.run_app(application(x=args.x, file=args.file), port=PORT)\n",
        ("web.py", "--x", "a b", "app.yaml"),
    ),
    "strict sys.argv": Program("a, b = sys.argv[1:]\nweb.run_app(application(a=a), port=int(b) + PORT)\n", ("web.py", "x", "0")),
    "a docstring and a future import": Program(
        "", files={"web.py": '"""Doc."""\nfrom __future__ import annotations\n' + HEAD + "web.run_app(application(), port=PORT)\n"}
    ),
    "a name with a dash": Program("", ("my-app.py",), {"my-app.py": HEAD + "web.run_app(application(), port=PORT)\n"}),
    "a script of another directory": Program(
        "", ("app/main.py",),
        {"app/main.py": HEAD + "import sibling\nweb.run_app(application(s=sibling.A), port=PORT)\n", "app/sibling.py": "A = 1\n",
         "app/answers.py": ANSWERS},
    ),
    "a module": Program("", ("-m", "shop", "--x"), {"shop.py": HEAD + "web.run_app(application(), port=PORT)\n"}),
    "a package": Program(
        "", ("-m", "shop", "x"),
        {"shop/__init__.py": "", "shop/__main__.py": "from .server import main\nmain()\n",
         "shop/server.py": HEAD + "def main():\n    web.run_app(application(), port=PORT)\n"},
    ),
    "aiohttp's command line": Program(
        "", ("-m", "aiohttp.web", "-H", "127.0.0.1", "-P", "@PORT@", "cli_app:init", "rest"),
        {"cli_app.py": HEAD + "def init(argv):\n    return application(argv=argv)\n"},
        is_shared=False,
    ),
    "settings of run_app": Program(
        "web.run_app(application(), port=PORT, shutdown_timeout=5, keepalive_timeout=10, access_log=None, print=None)\n"
    ),
    "logging set up by main()": Program(
        "import logging\ndef main():\n    logging.basicConfig(level=logging.DEBUG)\n    web.run_app(application(), port=PORT)\nmain()\n"
    ),
    "a file of the working directory": Program(
        "web.run_app(application(text=open('config.txt').read()), port=PORT)\n", files={"config.txt": "read"}
    ),
    "uvloop installed": Program("import uvloop\nuvloop.install()\nweb.run_app(application(), port=PORT)\n"),
    "a loop of its own": Program(
        "loop = asyncio.new_event_loop()\nasyncio.set_event_loop(loop)\n"
        "made = loop.run_until_complete(asyncio.sleep(0, 'connected'))\nfuture = loop.create_future()\n"
        "loop.call_later(0.01, future.set_result, 'ticked')\napp = application(made=made)\n"
        "async def tick(app):\n    app['started'] = await future\n"
        "app.on_startup.append(tick)\nweb.run_app(app, port=PORT, loop=loop)\n",
        is_shared=False,
    ),
    "the loop that is there": Program(
        "import warnings\nwarnings.simplefilter('ignore')\nloop = asyncio.get_event_loop_policy().get_event_loop()\n"
        "made = loop.run_until_complete(asyncio.sleep(0, 'connected'))\nweb.run_app(application(made=made), port=PORT, loop=loop)\n",
        is_shared=False,
    ),
    "a pool that forks": Program(
        "from concurrent.futures import ProcessPoolExecutor\n"
        "async def pool(app):\n    with ProcessPoolExecutor(1) as executor:\n"
        "        app['started'] = await asyncio.get_running_loop().run_in_executor(executor, abs, -3)\n        yield\n"
        "app = application()\napp.cleanup_ctx.append(pool)\nweb.run_app(app, port=PORT)\n"
    ),
    "a port of its own in on_startup": Program(
        "async def metrics(app):\n    app['started'] = len((await asyncio.start_server(print, '127.0.0.1', 0)).sockets)\n"
        "app = application()\napp.on_startup.append(metrics)\nweb.run_app(app, port=PORT)\n"
    ),
    "a thread that stays": Program(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n"
        "web.run_app(application(), port=PORT)\n",
        is_shared=False,
    ),
    "objects of __main__ that are pickled": Program(
        "import pickle\nclass Point:\n    pass\nmade = type(pickle.loads(pickle.dumps(Point()))) is Point\n"
        "web.run_app(application(made=made), port=PORT)\n"
    ),
    "AppRunner, ended by a signal": _runner(),
    "AppRunner, with a handler of its own": _runner(
        wait="stop = asyncio.Event(); asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set); await stop.wait()"
    ),
    "AppRunner on uvloop, with an earlier handler": Program(
        "import uvloop\nasync def main():\n    stop = asyncio.Event()\n"
        "    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)\n"
        "    runner = web.AppRunner(application())\n    await runner.setup()\n"
        f"    await web.{TCP}.start()\n    await stop.wait()\n    await runner.cleanup()\nuvloop.run(main())\n",
        is_shared=False,
    ),
    "AppRunner, that handles signals": _runner(handle=True),
    "AppRunner and a UnixSite": _runner("UnixSite(runner, f'{os.getcwd()}/its.sock') if not PORT else web.TCPSite(runner, port=PORT)"),
    "AppRunner and a SockSite": _runner("SockSite(runner, bound())"),
    "AppRunner, ended by an exception": _runner(wait=f"signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); {FOR_EVER}"),
    "AppRunner, ended by an earlier exception": Program(
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n" + RUNNER.format(site=TCP, wait=FOR_EVER, handle=False),
        is_shared=False,
    ),
    "AppRunner, ended by a cancellation of all tasks": _runner(
        wait="loop = asyncio.get_running_loop()\n"
        "        loop.add_signal_handler(signal.SIGTERM, lambda: [task.cancel() for task in asyncio.all_tasks()])\n"
        f"        {FOR_EVER}"
    ),
    "AppRunner, its addresses": _runner(wait=f"assert runner.addresses[0][1] == PORT and len(runner.sites) == 1; {FOR_EVER}"),
    "a subclass of AppRunner": Program(
        RUNNER.format(site=TCP, wait=FOR_EVER, handle=False).replace("web.AppRunner(", "Mine(")
        .replace("\nasync def", "\nclass Mine(web.AppRunner):\n    pass\nasync def", 1),
        is_shared=False,
    ),
    "a runner on run_forever": Program(
        "loop = asyncio.new_event_loop()\nasyncio.set_event_loop(loop)\nrunner = web.AppRunner(application())\n"
        "loop.run_until_complete(runner.setup())\nloop.run_until_complete(web.TCPSite(runner, '127.0.0.1', PORT).start())\n"
        "try:\n    loop.run_forever()\nfinally:\n    loop.run_until_complete(runner.cleanup())\n",
        is_shared=False,
    ),
    "_run_app and another coroutine": Program(
        "async def other():\n    await asyncio.sleep(3600)\n"
        "async def main():\n    await asyncio.gather(web._run_app(application(), port=PORT), other())\nasyncio.run(main())\n",
        is_shared=False,
    ),
    "a low-level server on a loop": Program(
        "async def answer(request):\n    await asyncio.sleep(float(request.query.get('wait', 0)))\n"
        "    return web.json_response({'low': request.path}) if request.path == '/' else web.Response(status=404)\n"
        "async def main(loop):\n    await loop.create_server(web.Server(answer), '127.0.0.1', PORT)\n"
        "    await asyncio.sleep(100 * 3600)\n"
        "loop = asyncio.new_event_loop()\n"
        "try:\n    loop.run_until_complete(main(loop))\nexcept KeyboardInterrupt:\n    pass\n"
        "finally:\n    open('cleaned', 'w').close()\nloop.close()\n",
        is_shared=False,
    ),
    "a runner's server on a loop": Program(
        "async def main():\n    runner = web.AppRunner(application())\n    await runner.setup()\n"
        "    server = await asyncio.get_running_loop().create_server(protocol_factory=runner.server, host='127.0.0.1', port=PORT)\n"
        "    try:\n        async with server:\n            await server.serve_forever()\n"
        "    finally:\n        await runner.cleanup()\nasyncio.run(main())\n",
        is_shared=False,
    ),
    "a wrapper that serves": Program(
        "class Bolt:\n    def __init__(self):\n        self.web_app = application()\n"
        "    def start(self, port):\n        web.run_app(self.web_app, host='0.0.0.0', port=port)\nBolt().start(PORT)\n"
    ),
    "web.Application replaced by tracing": Program(
        "app = application()\nclass Traced(web.Application):\n    pass\nweb.Application = Traced\nweb.run_app(app, port=PORT)\n"
    ),
}  # fmt: skip
