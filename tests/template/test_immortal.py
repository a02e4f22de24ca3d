"""Tests of aiohttp_fleet/template/immortal.py: objects whose reference count no worker writes."""

import subprocess
import sys

import pytest

from aiohttp_fleet.template.immortal import SINCE
from tests.place import PROJECT
from tests.template.conftest import Shop

IS_OLD = sys.version_info[:2] < SINCE
COUNTS = """
import sys
NAMES = ("a name of its own", 1.5, (1.5, "a"))
def create_app():
    print([sys.getrefcount(each) == sys.getrefcount(None) for each in (create_app, create_app.__code__, *NAMES, web)])
    sys.stdout.flush()
    return web.Application()
"""
LIFE = """
import gc, io, json, sys, weakref
from aiohttp_fleet.template.immortal import make_immortal
class Node:
    def __init__(self): self.other = self
class Ended:
    def __del__(self): print("ended")
ended, file, text = Ended(), io.StringIO("x"), "a" * 99
number = make_immortal()
del ended
before = sys.getrefcount(file)
kept = [file]
assert sys.getrefcount(file) == before + 1
for _ in range(9):
    Node = type("Node", (Node,), {"text": text + "b"})
    assert json.loads(json.dumps({"a": [text] * 9})) == {"a": [text] * 9}
node = weakref.ref(Node())
gc.collect()
assert node() is None
print(number > 1000)
"""


def test_what_the_import_has_defined_is_immortal_in_a_worker(shop: Shop) -> None:
    """Since Python 3.12."""
    template = shop(COUNTS)
    template.start()
    assert template.fork().splitlines()[0] == str([not IS_OLD] * 6)


@pytest.mark.skipif(IS_OLD, reason="Python 3.11 has no immortal objects")
def test_all_else_lives_and_ends_as_before() -> None:
    """Finalizers, cycles, counts of files, and the end of the interpreter."""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", LIFE], cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\nTrue\n", "")
