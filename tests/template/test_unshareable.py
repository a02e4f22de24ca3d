"""Tests of aiohttp_fleet/template/unshareable.py and import_watch.py: what an import does that workers cannot share."""

import pytest

from aiohttp_fleet.template.messages import LIBRARIES, NOTHING, WHOLE
from tests.template.conftest import Shop

FOUND = {
    "a thread": ("import threading, time\nthreading.Thread(target=time.sleep, args=[99], daemon=True).start()\n",
                 "shop starts a thread"),
    "a child": ("import subprocess\nchild = subprocess.Popen(['sleep', '20'])\n", "shop starts a process"),
    "a socket": ("import socket\nkept = socket.socket()\n", "shop opens a descriptor (socket)"),
    "an event loop": ("import asyncio\nkept = asyncio.new_event_loop()\n", "opens a descriptor"),
    "an epoll": ("import select\nkept = select.epoll()\n", "the application opens a descriptor (eventpoll)"),
    "a pipe": ("import os\nkept = os.pipe()\n", "the application opens a descriptor (pipe)"),
    "the current loop": ("import asyncio\nkept = asyncio.get_event_loop()\n", "keeps the event loop that is there"),
    "a future": ("import asyncio\nkept = asyncio.get_event_loop().create_future()\n", "keeps the event loop"),
    "a task": ("import asyncio\nasync def work(): pass\nasyncio.get_event_loop().create_task(work())\n",
               "keeps the event loop"),
    "a temporary directory": ("import tempfile\nkept = tempfile.TemporaryDirectory()\n",
                              "shop makes a temporary file"),
    "a temporary file": ("import tempfile\nkept = tempfile.NamedTemporaryFile()\n", "shop makes a temporary file"),
    "a timer": ("import signal\nsignal.setitimer(signal.ITIMER_REAL, 99)\n", "sets a timer"),
    "its pid": ("import os\nNODE = f'host-{os.getpid()}'\n", "shop keeps the number of its process"),
    "a number of its own": ("import os\nN = os.environ['WORKER_NUMBER']\n", "shop asks for WORKER_NUMBER"),
    "a number by default": ("import os\nN = os.getenv('WORKER_NUMBER', '1')\n", "shop asks for WORKER_NUMBER"),
    "is one in the environment": ("import os\nIS = 'WORKER_NUMBER' in os.environ\n", "shop asks for WORKER_NUMBER"),
    "an error": ("raise RuntimeError('no')\n", "cannot be imported by a template (shop: it failed to import"),
}  # fmt: skip
SHARED = {
    "nothing": "",
    "a thread that has ended": "import threading\nt = threading.Thread(target=int)\nt.start()\nt.join()\n",
    "a child that has ended": "import subprocess\nsubprocess.run(['true'])\n",
    "a loop that is closed": "import asyncio\nasyncio.new_event_loop().close()\n",
    "a loop that is used, not kept": "import asyncio\nasyncio.get_event_loop().run_until_complete(asyncio.sleep(0))\n",
    "a temporary directory that is removed": "import tempfile\nwith tempfile.TemporaryDirectory(): pass\n",
    "an open file": "kept = open(__file__)\n",
    "all the environment": "import os\nENVIRONMENT = dict(os.environ)\n",
    "a signal handler": "import signal\nsignal.signal(signal.SIGUSR1, print)\n",
    "another policy": "import asyncio\nasyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())\n",
}


@pytest.mark.parametrize("kind", FOUND)
def test_what_workers_cannot_share_is_found(shop: Shop, kind: str) -> None:
    """The report names it, and the module that did it where Python tells."""
    code, words = FOUND[kind]
    report = shop(code).start({"WORKER_NUMBER": "1"})
    assert report.shares == NOTHING
    assert any(words in sentence for sentence in report.found), report.found


@pytest.mark.parametrize("kind", SHARED)
def test_what_they_can_share_is_not(shop: Shop, kind: str) -> None:
    """Nothing is reported for what is over before the fork, or is each worker's own after it."""
    report = shop(SHARED[kind]).start({"WORKER_NUMBER": "1"})
    assert (report.shares, report.found, report.problem) == (WHOLE, [], "")


def test_libraries_are_shared_when_the_application_cannot_be(shop: Shop) -> None:
    """Those from outside of the project; the application is built by each worker."""
    template = shop(
        "import colorsys, threading, time\nthreading.Thread(target=time.sleep, args=[99], daemon=True).start()\n"
    )
    report = template.start()
    assert "colorsys" in report.libraries
    assert "shop" not in report.libraries
    template.stop()
    assert template.start(libraries=report.libraries).shares == LIBRARIES
    assert "ready on" in template.fork()
