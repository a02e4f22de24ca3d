"""Tests of aiohttp_fleet/template/unshareable.py and import_watch.py: what an import does that workers cannot share."""

import pytest

from aiohttp_fleet.template.messages import LIBRARIES, NOTHING, WHOLE
from tests.place import sandbox
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
    "a thread of a C library": ("import ctypes\nc = ctypes.CDLL(None)\n"
                                "c.pthread_create(ctypes.byref(ctypes.c_ulong()), None, c.pause, None)\n",
                                "the application starts a thread (without a name)"),
    "a thread, before one that has ended": (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True, name='kept').start()\n"
        "exec('import threading; t = threading.Thread(); t.start(); t.join()', {'__name__': 'other'})\n",
        "shop starts a thread (kept)"),
    "a value of multiprocessing": ("import multiprocessing\nkept = multiprocessing.Value('i')\n", "makes memory that"),
    "a lock of multiprocessing": ("import multiprocessing\nkept = multiprocessing.Lock()\n", "makes memory that forks"),
    "anonymous memory": ("import mmap\nkept = mmap.mmap(-1, 4096)\n", "makes memory that forks write together"),
    "memory that libffi may use": ("import mmap, os\nfd = os.memfd_create('libffi')\nos.truncate(fd, 4096)\n"
                                   "kept = mmap.mmap(fd, 4096)\nos.close(fd)\n", "makes memory that forks"),
    "a lock that one process has": ("import fcntl\nkept = open(__file__)\nfcntl.flock(kept, fcntl.LOCK_EX)\n",
                                    "the application locks "),
    "a record lock": ("import fcntl\nkept = open('db', 'w')\nfcntl.lockf(kept, fcntl.LOCK_EX)\n", "locks "),
    "a database": ("import sqlite3\nkept = sqlite3.connect('shop.db')\nkept.execute('create table t (x)')\n",
                   "shop keeps "),
    "a file that is written in place": ("kept = open('shop.data', 'w+b')\n", "open to read and write"),
    "a file without a name": ("import tempfile\nkept = tempfile.TemporaryFile()\n", "open to read and write"),
    "its pid": ("import os\nNODE = f'host-{os.getpid()}'\n", "shop keeps the number of its process"),
    "its pid, in another directory": ("import os\nNUMBER = os.getpid()\nos.chdir('/')\n", "shop keeps the number of"),
    "its pid in an object": ("import os, types\nME = types.SimpleNamespace(_pid=os.getpid())\n", "keeps the number"),
    "its pid in a dictionary": ("import os\nINFO = {'pid': os.getpid()}\n", "shop keeps the number of its process"),
    "a number of its own": ("import os\nN = os.environ['WORKER_NUMBER']\n", "shop asks for WORKER_NUMBER"),
    "a number by default": ("import os\nN = os.getenv('WORKER_NUMBER', '1')\n", "shop asks for WORKER_NUMBER"),
    "is one in the environment": ("import os\nIS = 'WORKER_NUMBER' in os.environ\n", "shop asks for WORKER_NUMBER"),
    "an error": ("raise RuntimeError('no')\n", "cannot be imported by a template (shop: it failed to import"),
}  # fmt: skip
AGAIN = """
import os, threading, time
def start(): threading.Thread(target=time.sleep, args=[99], daemon=True).start()
start()
os.register_at_fork(after_in_child=start)
"""
AGAIN_IN_C = """
import ctypes, os
c = ctypes.CDLL(None)
def start(): c.pthread_create(ctypes.byref(ctypes.c_ulong()), None, c.pause, None)
start()
os.register_at_fork(after_in_child=start)
"""
SHARED = {
    "nothing": "",
    "a thread of a C library that each fork starts again": AGAIN_IN_C,
    "a thread that each fork starts again": AGAIN,
    "the thread of jemalloc": "import ctypes\nc, thread = ctypes.CDLL(None), ctypes.c_ulong()\n"
    "c.pthread_create(ctypes.byref(thread), None, c.pause, None)\n"
    "c.pthread_setname_np(thread, b'jemalloc_bg_thd')\n",
    "a thread that has ended": "import threading\nt = threading.Thread(target=int)\nt.start()\nt.join()\n",
    "a child that has ended": "import subprocess\nsubprocess.run(['true'])\n",
    "a loop that is closed": "import asyncio\nasyncio.new_event_loop().close()\n",
    "a loop that is used, not kept": "import asyncio\nasyncio.get_event_loop().run_until_complete(asyncio.sleep(0))\n",
    "a loop and a socket that only a cycle refers to": "import asyncio, socket\n"
    "f = asyncio.get_event_loop().create_future()\nf.cycle = [f, socket.socket()]\ndel f\n",
    "a temporary directory that is removed": "import tempfile\nwith tempfile.TemporaryDirectory(): pass\n",
    "an open file": "kept = open(__file__)\n",
    "an object that raises": "class Proxy:\n    @property\n    def __dict__(self): raise OSError\nkept = Proxy()\n",
    "a log": "kept = open('log', 'a+')\n",
    "a file that is mapped": "import mmap\nf = open(__file__)\nkept = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)\n",
    "private memory": "import mmap\nkept = mmap.mmap(-1, 99, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n",
    "a database in memory": "import sqlite3\nkept = sqlite3.connect(':memory:')\n",
    "a database that is only read": "import sqlite3\nc = sqlite3.connect('d.db')\nc.execute('create table t(x)')\n"
    "c.close()\nkept = sqlite3.connect('file:d.db?mode=ro', uri=True)\nkept.execute('select * from t')\n",
    "a database that is closed": "import sqlite3\nsqlite3.connect('shop.db').close()\n",
    "a lock that is given back": "import fcntl\nkept = open(__file__)\nfcntl.flock(kept, fcntl.LOCK_EX)\n"
    "fcntl.flock(kept, fcntl.LOCK_UN)\n",
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


def test_a_library_that_cannot_be_shared_is_left_out(shop: Shop) -> None:
    """Which one it is, is found by trying; no name is known of what a C library starts."""
    c_library = (
        "import ctypes\nc = ctypes.CDLL(None)\nc.pthread_create(ctypes.byref(ctypes.c_ulong()), None, c.pause, None)\n"
    )
    with sandbox() as packages:
        (packages / "good.py").write_text("print('good', flush=True)\n")
        (packages / "bad.py").write_text(f"{c_library}print('bad', flush=True)\n")
        template = shop("import bad, good\n")
        report = template.start(PYTHONPATH=str(packages))
        template.stop()
        assert {"good", "bad"} <= set(report.libraries)
        assert template.start(libraries=report.libraries, PYTHONPATH=str(packages)).shares == LIBRARIES
        printed = template.fork().splitlines()
        assert template.log.read_text().splitlines() == ["good", "bad"]  # the build, not a trial
    assert ("bad" in printed, "good" in printed) == (True, False)
