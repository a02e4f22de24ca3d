"""Tests of aiohttp_fleet/template/fork.py and open_files.py: what a fork alone would have in common."""

from pathlib import Path

from aiohttp_fleet.template.messages import WHOLE
from tests.template.conftest import Shop

READ = """
import os
KEPT = os.open("data", os.O_RDONLY)
os.read(KEPT, 1)
def create_app():
    print(os.read(KEPT, 2), os.get_inheritable(KEPT), flush=True)
    return web.Application()
"""
LOGGED = """
import logging, os, threading, time
logging.basicConfig(filename=os.devnull)
def log():
    while True: logging.error("a thread is always at it")
def start(): threading.Thread(target=log, daemon=True).start()
start()
os.register_at_fork(after_in_child=start)
def create_app():
    logging.error("so is the worker")
    return web.Application()
"""

REPLACED = """
import os, random, threading
def replaced(*arguments): pass
random.seed = random.setstate = replaced
random.Random.seed = threading.Thread.start = replaced
class Environ(type(os.environ)): pass
os.environ.__class__ = Environ
def create_app():
    print({random.seed, random.setstate, random.Random.seed, threading.Thread.start} == {replaced},
          type(os.environ) is Environ, flush=True)
    return web.Application()
"""


def test_what_an_import_replaces_stays_replaced(shop: Shop) -> None:
    """Sentry replaces Thread.start, which is watched during the import."""
    template = shop(REPLACED)
    template.start()
    assert template.fork().splitlines()[0] == "True True"


def test_a_file_that_is_read_has_a_position_in_each_worker(shop: Shop, place: Path) -> None:
    """That of the import, whatever the trial of the build and other workers have read meanwhile."""
    (place / "data").write_text("abcdefgh")
    template = shop(READ)
    template.start()
    assert {template.fork().splitlines()[0] for _ in range(2)} == {"b'bc' False"}


def test_a_handler_that_a_thread_uses_at_the_fork_is_free_in_the_worker(shop: Shop) -> None:
    """logging makes its locks again."""
    template = shop(LOGGED)
    assert template.start().shares == WHOLE
    for _ in range(5):
        assert "ready on" in template.fork()
