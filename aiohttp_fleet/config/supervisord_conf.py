"""supervisord.conf: where it is, and the Fleet that it describes, by supervisor's own parser.

The only module that imports ``supervisor.options``, which is not a documented interface: nothing else expands a
configuration exactly as supervisord does.
"""

import argparse
import configparser
import functools
import os
import re
import shlex
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from supervisor.options import ProcessConfig, ProcessGroupConfig, ServerOptions, UnhosedConfigParser, make_namespec

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.processes import process_environ
from aiohttp_fleet.common.unix_peer import peer
from aiohttp_fleet.config.fleet import SITE, Fleet, Worker
from aiohttp_fleet.config.standby_command import (
    WORKER,
    is_standby,
    read_flags,
    socket_flags,
    standby_arguments,
    standby_of,
)  # fmt: skip
from aiohttp_fleet.worker.arguments import DRAIN, control_path

DEFAULT_CONF = Path("deploy") / "supervisord.conf"
STANDBY = "standby"
NGINX = "nginx"
WATCHDOG = "watchdog"
_UNQUOTED = re.compile(r"[\s;{}'\"#$]")
_NOT_SET = re.compile(r"for '([^']+)' contains names \('ENV_(\w+)'\)")
"""supervisor.options.expand(), which then lists the names of all variables that are set."""


def locate_conf(given: Path | None) -> Path:
    """Return the absolute path of supervisord.conf: the given one, else that of the nearest ``deploy/`` upwards.

    Raises:
        FleetError: there is none.
    """
    if given is not None:
        if not given.is_file():
            raise FleetError(str(given), "there is no such file", "name a supervisord.conf with --config")
        return given.absolute()
    here = Path.cwd()
    for directory in (here, *here.parents):
        if (directory / DEFAULT_CONF).is_file():
            return directory / DEFAULT_CONF
    step = "go to the project, or name it with --config"
    raise FleetError(str(DEFAULT_CONF), f"there is none in {here} or above it", step)


def read_fleet(path: Path, program: str) -> Fleet:
    """Read the fleet of ``[program:PROGRAM]``.

    ``%(ENV_X)s`` is expanded with the environment of the supervisord that runs, else with ours.

    Args:
        path: supervisord.conf; nginx.conf is in the same directory.
        program: the program's name.

    Raises:
        FleetError: the file cannot be read, or does not describe a fleet.
    """
    options = _options(path)
    groups = {group.name: group.process_configs for group in options.configroot.supervisord.process_group_configs}

    def workers_of(program: str) -> list[Worker]:
        where = f"{path}, [program:{program}]"
        if not options.parser.has_section(f"program:{program}"):
            step = "add it, or name yours with --program"
            raise FleetError(str(path), f"there is no [program:{program}] in it", step)
        if program not in groups:
            raise FleetError(where, "a [group:x] has taken it in", "leave it out of every group")
        if not groups[program]:
            raise FleetError(where, "numprocs is 0", "a fleet has at least one worker")
        return [worker_of(config, program, where) for config in sorted(groups[program], key=_number)]

    workers = workers_of(program)
    standby = [_standby(path, config, workers_of) for config in groups.get(STANDBY, [])[:1]]
    _refuse_shared_sockets(path, workers + standby)
    server = _control_server(path, options)
    return Fleet(
        program=program,
        workers=tuple(workers),
        standby=standby[0] if standby else None,
        nginx=_namespec(groups, NGINX),
        watchdog=_namespec(groups, WATCHDOG),
        stop=sum(max((config.stopwaitsecs for config in configs), default=0) for configs in groups.values()),
        control_socket=str(server["file"]),
        credentials=(options.client or (server["username"], server["password"])) if server["username"] else None,
        supervisord_conf=path,
        nginx_conf=path.parent / (SITE if NGINX not in groups and (path.parent / SITE).exists() else "nginx.conf"),
    )


def _namespec(groups: dict[str, list[ProcessConfig]], program: str) -> str | None:
    return next((make_namespec(program, config.name) for config in groups.get(program, [])), None)


class _Options(ServerOptions):  # type: ignore[misc]
    """ServerOptions that keeps the parser, which knows which settings are in the file."""

    parser: UnhosedConfigParser
    client: tuple[str, str] | None = None
    """User and password of [supervisorctl], which has the password itself; [unix_http_server] may have its hash."""

    def process_groups_from_parser(self, parser: UnhosedConfigParser) -> list[ProcessGroupConfig]:
        self.parser = parser
        if parser.has_option("supervisorctl", "password"):
            user, password = (parser.saneget("supervisorctl", key, "") for key in ("username", "password"))
            self.client = user, password
        return list(super().process_groups_from_parser(parser))


def _options(path: Path) -> _Options:
    options = _Options()
    options.configfile = str(path)
    options.environ_expansions = _expansions(_environ(path))
    try:
        options.process_config_file(do_usage=False)
    except (ValueError, configparser.Error) as error:
        text = " ".join(str(error).split())
        if found := _NOT_SET.search(text):
            reason = f"{found[1]} has %(ENV_{found[2]})s, and {found[2]} is not set"
            step = f"export {found[2]}=... with the value that supervisord gets, then retry"
            raise FleetError(str(path), reason, step) from None
        raise FleetError(str(path), text.partition(" Available names:")[0], "fix it, then retry") from None
    return options


def _environ(path: Path) -> Mapping[str, str]:
    """Return the environment of the supervisord that answers on the control socket; ours while none does."""
    parser = UnhosedConfigParser()
    parser.expansions = _expansions(os.environ)
    try:
        parser.read(str(path))
        return process_environ(peer(parser.saneget("unix_http_server", "file", expansions={"here": path.parent})).pid)
    except (OSError, ValueError, configparser.Error):
        return os.environ


def _expansions(environ: Mapping[str, str]) -> dict[str, str]:
    return {f"ENV_{name}": value for name, value in environ.items()}


def _number(config: ProcessConfig) -> list[tuple[int, str]]:
    """Return the key that sorts processes by process_num, which supervisor requires in each name: web2 before web10."""
    return [(int(word) if word.isdecimal() else 0, word) for word in re.split(r"(\d+)", config.name)]


def worker_of(config: ProcessConfig, program: str, where: str) -> Worker:
    """Return the worker that supervisor's configuration of a process describes.

    Args:
        config: the configuration.
        program: the program's name.
        where: what an error is about.

    Raises:
        FleetError: its command is not that of a worker.
    """
    try:
        argv = shlex.split(config.command)
        flags, command = read_flags(_flags(), argv)
    except ValueError as error:
        raise FleetError(where, f"its command cannot be read ({error})", "fix it, then retry") from None
    if not flags.path:
        raise FleetError(where, "its command has no --path", "add --path=/tmp/web_%(process_num)s.sock")
    if odd := next((path for path in flags.path if _UNQUOTED.search(path)), None):
        raise FleetError(where, f"--path {odd!r} would need quotes in nginx.conf", "choose a plainer --path")
    if flags.drain is None and WORKER in command:
        flags.drain = DRAIN
    return Worker(
        name=config.name,
        namespec=make_namespec(program, config.name),
        sockets=tuple(flags.path),
        control=flags.control or control_path(flags.path[0]),
        argv=tuple(argv),
        command=command,
        directory=config.directory,
        environment=dict(config.environment or {}),
        drain=flags.drain,
        stopwaitsecs=config.stopwaitsecs,
    )


@functools.cache
def _flags() -> argparse.ArgumentParser:
    """Return the parser of what the kit reads of a worker's command, made once: supervisord reads them repeatedly."""
    parser = socket_flags()
    parser.add_argument("--drain", type=float)
    return parser


def _standby(path: Path, config: ProcessConfig, workers_of: Callable[[str], list[Worker]]) -> Worker:
    """Read ``[program:standby]``, whose command is its own or the workers'."""
    where = f"{path}, [program:{STANDBY}]"
    written = worker_of(config, STANDBY, where)
    if not is_standby(written.argv):
        return written
    try:
        arguments = standby_arguments(written.argv[3:])
    except ValueError as error:
        raise FleetError(where, str(error), "fix its command, then retry") from None
    return standby_of(workers_of(arguments.program), written, arguments)


def _refuse_shared_sockets(path: Path, workers: list[Worker]) -> None:
    socket, count = Counter(socket for worker in workers for socket in worker.sockets).most_common(1)[0]
    if count > 1:
        names = " and ".join(worker.namespec for worker in workers if socket in worker.sockets)
        step = "give each its own, with %(process_num)s in --path"
        raise FleetError(str(path), f"{names} are on one socket, {socket}", step)


def _control_server(path: Path, options: _Options) -> Mapping[str, Any]:
    """Return what ``[unix_http_server]`` says."""
    for server in options.configroot.supervisord.server_configs:
        if "file" in server:
            return dict(server)
    raise FleetError(str(path), "there is no [unix_http_server] in it", "add it with file=%(here)s/run/supervisor.sock")
