"""Tests that a forked worker is the process that an executed one is, in all that an application can see."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.http import get
from tests.site import Site, edit

Make = Callable[..., Site]
BY_DESIGN = {
    "frozen": "the collector leaves alone what was imported, so that its memory stays shared",
    "modules": "the kit's own of the template",
    "task": "asyncio numbers the tasks of a process, and the template has had some",
    "hash seed": "an interpreter has one, so workers of one template have it in common: docs/templates.md",
    "logging": "relativeCreated counts from the import of logging, which was the template's",
}
"""What differs, and why; what each process has of its own (its number, its age) is not shown at all."""


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Return each value by its path, so that pytest shows those that differ."""
    if not isinstance(value, dict):
        return {name: value}
    return {path: each for key, inner in value.items() for path, each in _flat(inner, f"{name}/{key}").items()}


def _shown(made: Site) -> dict[str, Any]:
    """Return what the application shows, while the watchdog has no connection to it."""
    made.ctl("stop", "watchdog")
    shown = json.loads(get(made.place / "web_1.sock"))
    assert shown.pop("by design").keys() == BY_DESIGN.keys()
    return _flat(shown)


@pytest.mark.parametrize(("app", "loop"), [("process", "uvloop"), ("process_changed", "asyncio")])
def test_a_forked_worker_is_the_process_that_an_executed_one_is(site: Make, app: str, loop: str) -> None:
    """Whether its import changes nothing of the process, or all that can be changed: no difference can be seen."""
    made = site(f"tests.apps.{app}:create_app --loop={loop}").with_workers(1)
    edit(made.supervisord_conf, {'WORKER_NUMBER="%': 'TZ="UTC-%(process_num)s",WORKER_NUMBER="%'})
    made.start()
    templates = (made.rpc.plugin() or {})["templates"]
    assert [(each["shares"], each["reason"]) for each in templates] == [("application", "")]
    forked = _shown(made)
    made.stop()
    made.without_plugin()
    made.start()
    assert made.rpc.plugin() is None
    assert forked == _shown(made)


def test_what_belongs_to_the_end_of_a_process_is_done_once_by_each_worker(site: Make) -> None:
    """After its drain, in the order of an executed one; not by the template, nor by its trials."""
    made = site("tests.apps.process_end:create_app").with_workers(1)
    notes: list[list[str]] = []
    for _ in ("forked", "executed"):
        made.start()
        pids = [str(made.pid(name)) for name in ("aiohttp:web1", "standby")]
        assert get(made.place / "web_1.sock").decode() == pids[0]
        made.ctl("stop", "aiohttp:*", "standby")
        lines = [line.split(" ", 1) for line in made.posts.read_text().splitlines()]
        made.posts.write_text("")
        assert {pid for pid, _ in lines} == set(pids)
        notes.append([event for pid in pids for found, event in lines if found == pid])
        made.stop()
        if made.supervisord_conf.read_text().count("[rpcinterface:fleet]"):
            made.without_plugin()
    forked, executed = notes
    assert forked == executed
    assert forked.count("atexit") == 2
