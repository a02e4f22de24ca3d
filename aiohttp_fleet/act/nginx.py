"""nginx, tested and reloaded."""

import re
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from aiohttp_fleet.act.beside import beside
from aiohttp_fleet.act.closing import closing
from aiohttp_fleet.act.rpc import Supervisord
from aiohttp_fleet.act.wait import until
from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.nginx import processes
from aiohttp_fleet.nginx.adopt import running_master
from aiohttp_fleet.nginx.binary import running
from aiohttp_fleet.nginx.conf import address
from aiohttp_fleet.nginx.locations import only_asks
from aiohttp_fleet.nginx.user import keeping
from aiohttp_fleet.read.port import needs_root
from aiohttp_fleet.read.text import read_text
from aiohttp_fleet.read.tls import Places

TEST = 10.0
"""Seconds for ``nginx -t``."""
RELOAD = 10.0
"""Seconds until the new nginx workers are there."""
_STAMP = re.compile(r"^(nginx: |\d\S+ \S+ )(\[\w+\] )(\d+#\d+: )?")
"""What stands before nginx's words on stderr, from itself or from its log."""


def test(conf: Path, text: str) -> None:
    """Let nginx judge a text that is to become ``conf`` (https://nginx.org/en/docs/switches.html, -t).

    What depends on the machine is worked out for it first. It would try to bind its ports: where only root may, and we
    are not, that is left to root.

    Raises:
        FleetError: it refuses it, with its own words.
    """
    processes.take_up(conf, text)
    where = address(text)
    if where and needs_root(where[1]):
        return
    with beside(conf, text) as name:
        user = keeping(conf, text)
        options = ["-p", f"{conf.parent}/", "-c", str(name), *(["-g", user] if user else [])]
        command = [str(running(conf).path), "-t", "-q", "-e", "stderr", *options]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TEST, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise FleetError(str(conf), f"nginx cannot test it ({error})", "see fleet status") from None
    if done.returncode != 0:
        raise refusal(conf, done.stderr.replace(str(name), str(conf)))


def refusal(conf: Path, stderr: str) -> FleetError:
    """Return the error for a file that nginx refuses.

    Args:
        conf: the file.
        stderr: nginx's own words.
    """
    words = _STAMP.sub("", stderr.strip(), 1).splitlines()
    return FleetError(str(conf), f"nginx refuses it ({words[0] if words else 'no reason given'})", "mend it first")


def reload(supervisord: Supervisord, namespec: str, conf: Path) -> None:
    """Make nginx take up ``conf``, and wait until its new workers are there and the old ones accept nobody any more.

    No request is lost in it, see `closing`.

    Args:
        supervisord: through whom nginx gets its HUP.
        namespec: nginx.
        conf: the file it was started with.

    Raises:
        FleetError: nginx does not run, or has no new workers after some seconds.
    """
    master = running_master(conf)
    if master is None:
        raise FleetError(namespec, "nginx does not run", f"supervisorctl start {namespec}")
    is_older = any((conf.parent / "run").glob("before-*.conf"))
    renew(namespec, master, lambda: supervisord.signal(namespec, "HUP"), conf, is_older)


def renew(name: str, master: int, hup: Callable[[], object], conf: Path, is_older: bool) -> None:
    """Have a master replace its workers, and wait until it has.

    Args:
        name: what nginx is called in an error.
        master: its pid.
        hup: sends it its HUP.
        conf: nginx.conf.
        is_older: whether it would cut the connections that clients keep, see `closing`.

    Raises:
        FleetError: it has no new workers after some seconds.
    """
    text = read_text(conf)
    # while connections are closed no location counts, and so neither would a password that one of them asks for
    with closing(conf, Places(conf.parent).ports(text)) if is_older and only_asks(text) else nullcontext():
        before = _children(master)
        hup()
        if not until(lambda: _children(master) - before and not any(map(_accepts, before)), RELOAD):
            step = "see its error log" if name == "nginx" else f"see supervisorctl tail {name}"
            raise FleetError(name, f"nginx has no new workers {RELOAD:g} s after its reload", step)


def _accepts(pid: str) -> bool:
    """Whether an nginx worker still accepts connections: its title says when it does not."""
    try:
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return title.startswith(b"nginx: worker process") and b"shutting down" not in title


def _children(pid: int) -> set[str]:
    try:
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    except OSError:
        return set()
