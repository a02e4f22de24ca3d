"""Every private or undocumented name of supervisor and CPython that the plugin uses, with what is lost without it.

supervisor documents its RPC methods, its events and the factory of an rpcinterface (http://supervisord.org/xmlrpc.html,
http://supervisord.org/events.html). All else may change with a release, so supervisord checks it at its start.
"""

import operator
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

_WORKER = (
    "supervisord.process_groups group.processes process.config.command process.config.directory "
    "process.config.environment process.config.stopwaitsecs"
)
"""What config/supervisord_conf.py needs to read a worker that supervisord has."""
FEATURES = {
    "templates": (
        "workers are executed, with more memory",
        f"{_WORKER} supervisord.options.fork supervisord.options.execve supervisord.options.mood "
        "supervisord.options.pidhistory supervisord.options.serverurl supervisord.options.poller.poll supervisord.tick "
        "process.spawn process.kill process.config.options process.config.umask process.config.uid "
        "process.config.redirect_stderr process.config.serverurl process.pipes process.state process.laststart "
        "process.change_state group.config.process_configs",
    ),
    "live_numprocs": (
        "no live change of numprocs: supervisorctl update restarts all workers",
        "supervisord.diff_to_active supervisord.add_process_group supervisord.process_groups group.config "
        "group.processes options.ProcessGroupConfig process.state process.group process.give_up process.stop "
        "process.config.create_autochildlogs process.config.make_process",
    ),
    "keep_standby": (
        "supervisorctl update of the standby does not wait for the workers",
        f"{_WORKER} process.config.autostart process.state process.pid process.laststart http.NOT_DONE_YET "
        "rpcinterface.SupervisorNamespaceRPCInterface.stopProcessGroup",
    ),
    "end_children": (
        "processes that a worker has forked stay when it dies",
        "supervisord.options.logger process.finish process.config.command process.config.name",
    ),
    "drive_restart": (
        "a rolling restart is driven by its client, and ends with it",
        "supervisord.tick supervisord.options.mood supervisord.options.poller.poll "
        f"rpcinterface.SupervisorNamespaceRPCInterface {_WORKER}",
    ),
}
"""By module of the plugin: what the kit does when a name is missing, and the names, each ``OBJECT.ATTRIBUTE``."""
TURN = 0.02
"""Seconds between two turns of supervisord's main loop while the plugin waits for something that is no event."""
_MODULES = ("supervisor.http", "supervisor.options", "supervisor.rpcinterface")


def why_without(feature: str, supervisord: Any) -> str:
    """Return one line when a name that a feature needs is missing; empty when all are there.

    Args:
        feature: its key in `FEATURES`.
        supervisord: the ``Supervisor``; its groups exist when it calls the plugin's factory.
    """
    groups = list(getattr(supervisord, "process_groups", {}).values())
    processes = [process for group in groups for process in getattr(group, "processes", {}).values()]
    modules = {name.rpartition(".")[2]: import_module(name) for name in _MODULES}
    objects = SimpleNamespace(supervisord=supervisord, group=groups[0], process=processes[0], **modules)
    without, names = FEATURES[feature]
    missing = []
    for name in names.split():
        try:
            operator.attrgetter(name)(objects)
        except AttributeError:
            missing.append(name)
    return f"{without} (this supervisor has no {', '.join(missing)})" if missing else ""


def on_each_turn(supervisord: Any, call: Callable[[], None]) -> None:
    """Let supervisord's main loop make a call in each turn: at a signal, a request, output of a child, or each second.

    Args:
        supervisord: the ``Supervisor``; ``runforever`` calls its ``tick``, which sends the TICK events.
        call: what is called; it raises nothing.
    """
    tick = supervisord.tick

    def turn(*arguments: Any, **keywords: Any) -> None:
        call()
        tick(*arguments, **keywords)

    supervisord.tick = turn


def turn_sooner(supervisord: Any, is_busy: Callable[[], bool]) -> None:
    """Let supervisord's main loop turn every `TURN` seconds while something is done in its turns.

    Args:
        supervisord: the ``Supervisor``; its ``options.poller`` waits for an event, for a second at most.
        is_busy: whether something is done now.
    """
    poller = supervisord.options.poller
    poll = poller.poll
    poller.poll = lambda timeout: poll(min(timeout, TURN) if is_busy() else timeout)
