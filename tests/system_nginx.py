"""An nginx as a system runs it: its own nginx.conf as Debian has it, with other people's sites in it."""

import grp
import os
import socket
import subprocess
from pathlib import Path

from aiohttp_fleet.nginx.binary import Binary
from tests.place import ROOT, free_port
from tests.wait import until

GROUP = "daemon" if ROOT else grp.getgrgid(os.getegid()).gr_name
"""The user of its workers; where the test may choose, not that of a fleet's."""

_CONF = """\
{user}
worker_processes 2;
pid {place}/nginx.pid;
error_log {place}/error.log;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    default_type application/octet-stream;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    access_log {place}/access.log;
    gzip on;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    include {place}/conf.d/*.conf;
    include {place}/sites-enabled/*;
}}
"""
_OTHER = """\
upstream aiohttp {{ server 127.0.0.1:1; }}
map $http_host $site {{ default "another's"; }}
server {{
    listen {port} default_server;
    server_name other.example;
    return 200 $site;
}}
"""
"""Another owner's site, with the very names that a fleet's nginx.conf has."""


class SystemNginx:
    """A running one.

    Args:
        place: an empty directory.
        binary: which nginx.

    Attributes:
        port: where its other site listens.
    """

    def __init__(self, place: Path, binary: Binary) -> None:
        self.port = free_port()
        self._place = place
        for name in ("conf.d", "sites-enabled"):
            (place / name).mkdir(parents=True)
        self._conf = place / "nginx.conf"
        user = f"user {GROUP} {GROUP};" if ROOT else ""
        self._conf.write_text(_CONF.format(place=place, user=user))
        (place / "sites-enabled" / "other").write_text(_OTHER.format(port=self.port))
        self._command = [str(binary.path), "-p", f"{place}/", "-c", str(self._conf), "-e", f"{place}/error.log"]
        self._process = subprocess.Popen([*self._command, "-g", "daemon off;"])
        until("the system's nginx to answer", self._answers)

    def enable(self, name: str, site: Path) -> None:
        """Link a site, as its owner would."""
        (self._place / "conf.d" / f"{name}.conf").symlink_to(site)

    def reload(self) -> None:
        """``nginx -t && nginx -s reload``."""
        for switch in (("-t",), ("-s", "reload")):
            done = subprocess.run([*self._command, *switch], capture_output=True, text=True, timeout=20)
            assert done.returncode == 0, done.stderr

    def log(self) -> str:
        """Return what it complains of."""
        return (self._place / "error.log").read_text()

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
            return True
        except ConnectionRefusedError:
            return False
