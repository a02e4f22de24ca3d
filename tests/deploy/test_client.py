"""Tests of the client that the application sees through nginx, with and without a proxy in front of it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import aiohttp
import pytest

from tests.place import sandbox
from tests.site import Site, edit, started
from tests.worker.test_forwarded import client_of

Make = Callable[..., Site]
FORGED = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https", "X-Real-IP": "198.51.100.7"}


def test_the_client_is_who_connects_and_what_it_claims_is_not_believed(site: Make) -> None:
    """A websocket's too."""
    made = site().with_workers(1).start()
    for headers in ({}, FORGED):
        seen = client_of(made.port, headers)
        assert (seen["remote"], seen["scheme"], seen["secure"]) == ("127.0.0.1", "http", False)
        assert seen["url"] == "http://shop.example/client"

    async def websocket() -> str:
        url = f"http://127.0.0.1:{made.port}/client-ws"
        async with aiohttp.ClientSession() as session, session.ws_connect(url, headers=FORGED) as ws:
            return str((await ws.receive()).data)

    assert asyncio.run(websocket()) == f"127.0.0.1 http://127.0.0.1:{made.port}/client-ws"


@pytest.mark.xdist_group("client")  # one fleet for all of them
@pytest.mark.parametrize(
    ("headers", "remote", "scheme"),
    [
        ({}, "127.0.0.1", "http"),
        (FORGED, "198.51.100.7", "https"),
        ({"X-Forwarded-For": "6.6.6.6, 198.51.100.7, 10.1.2.3"}, "198.51.100.7", "http"),
        ({"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "gopher"}, "198.51.100.7", "http"),
        ({"X-Forwarded-Proto": "https"}, "127.0.0.1", "http"),
    ],
)
def test_a_proxy_that_is_named_is_believed(proxied: Site, headers: Mapping[str, str], remote: str, scheme: str) -> None:
    """The last address that is not a proxy's is the client's; the ones before it anybody may have written."""
    seen = client_of(proxied.port, headers)
    assert (seen["remote"], seen["scheme"]) == (remote, scheme)


@pytest.fixture(scope="module")
def proxied() -> Iterator[Site]:
    """Start a site that has this machine and a network for proxies in front of it."""
    with sandbox() as directory:
        made = Site(directory).with_workers(1)
        edit(made.nginx_conf, {"# (set_real_ip_from 10.0.0.0/8;)": r"\1 set_real_ip_from 127.0.0.1;"})
        with started(made):
            yield made
