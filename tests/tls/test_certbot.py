"""Tests of aiohttp_fleet/tls/certbot.py: certbot's words, as it has really written them."""

from pathlib import Path

import pytest

from aiohttp_fleet.nginx.tls_files import TlsFiles
from aiohttp_fleet.tls.certbot import certonly, refusal

FAILED = """\
Saving debug log to /srv/site/deploy/run/certbot/letsencrypt.log
Requesting a certificate for away.example.test

Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Domain: away.example.test
  Type:   connection
  Detail: dial tcp 127.0.0.2:80: connect: connection refused

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.

Some challenges have failed.
Ask for help or search for solutions at https://community.letsencrypt.org.
"""
BROKEN = "An unexpected error occurred:\nAttributeError: can't set attribute\nAsk for help or search\n"
LOG = (
    "2026-11-25 07:51:21,060:DEBUG:certbot._internal.log:Exiting abnormally:\n"
    "acme.messages.Error: urn:ietf:params:acme:error:rejectedIdentifier :: The server will not issue certificates for"
    ' the identifier :: Order included an identifier for which issuance is forbidden by policy: "refused.example"\n'
    "\nDuring handling of the above exception, another exception occurred:\n"
)
RENEWAL = """\
Processing /srv/site/deploy/tls/certbot/renewal/fleet.conf
Failed to renew certificate fleet with error: Requesting 127.0.0.1/dir: Connection refused
All renewals failed. The following certificates could not be renewed:
  /srv/site/deploy/tls/certbot/live/fleet/fullchain.pem (failure)
1 renew failure(s), 0 parse failure(s)
Ask for help or search for solutions at https://community.letsencrypt.org.
"""
SERVER = "https://acme.example.test/dir"


@pytest.mark.parametrize(
    ("output", "log", "reason"),
    [
        (FAILED, "", "away.example.test: dial tcp 127.0.0.2:80: connect: connection refused"),
        (BROKEN, LOG, 'Order included an identifier for which issuance is forbidden by policy: "refused.example"'),
        (BROKEN, "", "AttributeError: can't set attribute"),
        (RENEWAL, "", "Requesting 127.0.0.1/dir: Connection refused"),
        ("", "", "it says nothing"),
    ],
    ids=["challenge", "order", "unknown", "renewal", "silent"],
)
def test_the_reason_is_the_acme_servers_where_it_gave_one(output: str, log: str, reason: str) -> None:
    """Otherwise the last that certbot has said."""
    assert refusal(output, log) == reason


def test_a_certificate_of_another_server_is_not_kept(place: Path) -> None:
    """One for trials is good for certbot, but for no browser."""
    places = TlsFiles(place)
    (places.certbot / "renewal").mkdir(parents=True)
    (places.certbot / "renewal" / "fleet.conf").write_text(f"[renewalparams]\nserver = {SERVER}\n")
    assert "--keep-until-expiring" in certonly(places, ["example.org"], None, SERVER)
    assert "--force-renewal" in certonly(places, ["example.org"], None, "https://other.example.test/dir")
