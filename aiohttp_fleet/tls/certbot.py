"""Run certbot: its arguments, and the meaning of its output.

https://eff-certbot.readthedocs.io/en/stable/using.html#certbot-command-line-options
"""

import os
import re
import shutil
from collections.abc import Sequence
from subprocess import DEVNULL, PIPE, STDOUT, TimeoutExpired, run

from aiohttp_fleet.common.errors import FleetError, os_errors
from aiohttp_fleet.common.read_files import read_existing
from aiohttp_fleet.nginx.tls_files import LINEAGE, TlsFiles

TIMEOUT = 300.0
"""Seconds for an ACME server to decide; Let's Encrypt takes about ten."""
ELSEWHERE = ("/usr/local/bin", "/usr/bin", "/snap/bin")
"""Directories of certbot that cron's PATH does not have."""
_PROBLEM = re.compile(r"^\s*Domain:\s*(\S+)\n\s*Type:\s*\S+\n\s*Detail:\s*(.+)$", re.MULTILINE)
_REFUSED = re.compile(r"^acme\.messages\.Error: urn:ietf:params:acme:error:\w+ :: (?:.* :: )?(.+)$", re.MULTILINE)
_RENEWAL = re.compile(r"^Failed to renew certificate \S+ with error: (.+)$", re.MULTILINE)
_NOISE = ("Ask for help", "Saving debug log", "- - -", "See the logfile", "Hint:", "Some challenges have failed")


def find_certbot() -> str:
    """Return the path of certbot.

    Raises:
        FleetError: it is not installed.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *ELSEWHERE])
    if found := shutil.which("certbot", path=path):
        return found
    raise FleetError("certbot", "it is not installed", "apt-get install certbot")


def run_certbot(places: TlsFiles, arguments: Sequence[str]) -> None:
    """Run certbot to its end.

    Raises:
        FleetError: it failed, with its own reason or the ACME server's.
    """
    certbot = find_certbot()
    try:
        with os_errors(certbot, "cannot be run", "apt-get install certbot"):
            command = [certbot, *arguments]
            done = run(command, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, text=True, timeout=TIMEOUT, check=False)
    except TimeoutExpired:
        raise FleetError("certbot", f"not done after {TIMEOUT:g} s", f"see {places.log}") from None
    if done.returncode != 0:
        step = f"the site is as it was; fix it, then retry; details are in {places.log}"
        raise FleetError("certbot", refusal(done.stdout, read_existing(places.log) or ""), step)


def certonly(places: TlsFiles, domains: Sequence[str], email: str | None, server: str) -> list[str]:
    """Return certbot's arguments for a first certificate, or one for other domains; one that is still good is kept.

    Args:
        places: where everything is.
        domains: names it is for.
        email: address that the ACME server may write to, None for none.
        server: URL of its directory.
    """
    words = ["certonly", *_common(places), "--agree-tos", "--webroot", "--webroot-path", str(places.webroot)]
    words += ["--renew-with-new-domains", "--server", server]
    words += ["--email", email] if email else ["--register-unsafely-without-email"]
    # a certificate that is still good is kept, but not one of another server, which may have been for trials
    words += ["--keep-until-expiring"] if places.acme_server in (None, server) else ["--force-renewal"]
    return [*words, *(f"--domain={domain}" for domain in domains)]


def renewal(places: TlsFiles) -> list[str]:
    """Return certbot's arguments for a renewal, which it makes if it is time.

    Without its random pause of up to eight minutes, during which the fleet would be locked.
    """
    return ["renew", *_common(places), "--no-random-sleep-on-renew"]


def _common(places: TlsFiles) -> list[str]:
    words = ["--non-interactive", "--cert-name", LINEAGE, "--config-dir", str(places.certbot)]
    words += ["--work-dir", str(places.logs), "--logs-dir", str(places.logs)]
    # a log for each run, those of ten days; Debian's cli.ini has 0, one log for ever, for a logrotate of its own
    return [*words, "--max-log-backups", "20"]


def refusal(output: str, log: str) -> str:
    """Return why certbot failed, in one line: the ACME server's reason where there is one.

    Args:
        output: what certbot printed.
        log: what it logged. Debian 12's certbot 2.1 prints "AttributeError: can't set attribute" instead of what an
            ACME server answers to an order (https://github.com/certbot/certbot/issues/9539).
    """
    if problems := _PROBLEM.findall(output):
        return ", ".join(f"{domain}: {detail.strip()}" for domain, detail in problems)
    if reasons := _REFUSED.findall(log) or _RENEWAL.findall(output):
        return str(reasons[-1])
    lines = [line for line in map(str.strip, output.splitlines()) if line and not line.startswith(_NOISE)]
    return lines[-1] if lines else "it says nothing"
