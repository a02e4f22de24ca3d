"""What libraries, in Python and in C, do in the process that the application lives in."""

import ctypes
import grp
import importlib
import inspect
import io
import locale
import os
import pickle
import pwd
import random
import runpy
import socket
import ssl
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from tests.apps import recipe

CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
"""Of libffi, which keeps the code of callbacks in memory of its own."""
NUMBER = 300
_KEPT = [CALLBACK(lambda value, add=add: value + add) for add in range(NUMBER)]
_READ = Path(__file__).open("rb")  # noqa: SIM115, kept as an archive is
_READ.seek(4)
SEEDED = random.Random(7)
CONTEXT = ssl.create_default_context()


class Thing:
    """What is pickled."""

    def __init__(self, value: int) -> None:
        self.value = value


def shown() -> dict[str, Any]:
    """Return it."""
    return {
        "callbacks": [_called(_KEPT), _called([CALLBACK(lambda value, add=add: value + add) for add in range(NUMBER)]),
                      _called(_KEPT)],
        "users": [pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name, pwd.getpwnam("root").pw_uid],
        "addresses": sorted({str(each[4][0]) for each in socket.getaddrinfo("localhost", 80)}),
        "encoding": [locale.getpreferredencoding(), io.text_encoding(None), "ä".encode().decode()],
        "seeded": [SEEDED.random() for _ in range(3)],
        "an open file": [_READ.tell(), _READ.read(20).decode(), _READ.tell()],
        "temporary": tempfile.gettempdir(),
        "node": uuid.getnode(),
        "authorities": CONTEXT.cert_store_stats(),
        "pickled": [pickle.loads(pickle.dumps(Thing(3))).value, Thing.__module__],
        "source": [inspect.getsource(Thing)[:12], inspect.getsourcefile(sys.modules["__main__"]),
                   inspect.getsource(sys.modules["__main__"])],
        "imported again": importlib.reload(recipe).__name__,
        "run": runpy.run_module("tests.apps.recipe", run_name="run")["__name__"],
    }  # fmt: skip


def _called(callbacks: list[Any]) -> int:
    return sum(callback(1) for callback in callbacks)
