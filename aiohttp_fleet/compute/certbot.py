"""What certbot is told, and what its words mean.

https://eff-certbot.readthedocs.io/en/stable/using.html#certbot-command-line-options
"""

import re
from collections.abc import Sequence

from aiohttp_fleet.read.tls import LINEAGE, Places

_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})+")
_PROBLEM = re.compile(r"^\s*Domain:\s*(\S+)\n\s*Type:\s*(\S+)\n\s*Detail:\s*(.+)$", re.MULTILINE)
_NOISE = ("Ask for help", "Saving debug log", "- - -", "See the logfile", "Hint:", "Some challenges have failed")


def certonly(places: Places, domains: Sequence[str], email: str | None, server: str | None) -> list[str]:
    """Return certbot's arguments for a first certificate, or one for other domains; a fresh one is kept.

    Args:
        places: where everything is.
        domains: names it is for.
        email: whom the ACME server may write to.
        server: URL of its directory, None for Let's Encrypt's.
    """
    words = ["certonly", *_common(places), "--agree-tos", "--webroot", "--webroot-path", str(places.webroot)]
    words += ["--renew-with-new-domains"]
    words += ["--email", email] if email else ["--register-unsafely-without-email"]
    words += ["--server", server] if server else []
    # certbot keeps a certificate that is still good, even one of a server for trials
    other = places.acme_server is not None and server is not None and places.acme_server != server
    words += ["--force-renewal"] if other else ["--keep-until-expiring"]
    return [*words, *(word for domain in domains for word in ("--domain", domain))]


def renew(places: Places) -> list[str]:
    """Return certbot's arguments for a renewal, if one is due.

    Without its pause of up to eight minutes, in which the fleet would be locked: who calls it by a timer chooses an
    odd minute.
    """
    return ["renew", *_common(places), "--no-random-sleep-on-renew"]


def _common(places: Places) -> list[str]:
    words = ["--non-interactive", "--cert-name", LINEAGE, "--config-dir", str(places.certbot)]
    return [*words, "--work-dir", str(places.logs), "--logs-dir", str(places.logs)]


def refusal(output: str) -> str:
    """Return why certbot failed, in one line: the ACME server's words where it has said something."""
    if problems := _PROBLEM.findall(output):
        return ", ".join(f"{domain}: {detail.strip()}" for domain, _, detail in problems)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(_NOISE)]
    for number, line in enumerate(lines[:-1]):
        if line.startswith("An unexpected error occurred"):
            return lines[number + 1]
    return lines[-1] if lines else "it says nothing"


def is_domain(name: str) -> bool:
    """Whether an ACME server could certify a name by this challenge: no address, no URL, no wildcard."""
    return bool(_DOMAIN.fullmatch(name)) and not name.rpartition(".")[2].isdecimal()
