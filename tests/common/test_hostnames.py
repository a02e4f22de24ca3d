"""Tests of aiohttp_fleet/common/hostnames.py."""

import pytest

from aiohttp_fleet.common.hostnames import is_domain, is_name


@pytest.mark.parametrize("name", ["example.org", "www.example.org", "a-b.c1.de", "xn--bcher-kva.example"])
def test_a_domain(name: str) -> None:
    """What an ACME server accepts."""
    assert is_domain(name)


@pytest.mark.parametrize(
    "name",
    ["", "no", "a b.de", "*.example.org", "https://example.org", "192.0.2.1", "-a.de", "a..de", "a" * 64 + ".de",
     "example.org\n", "--renew", "a_b.de", "example.org:80"],
)  # fmt: skip
def test_no_domain(name: str) -> None:
    """What it does not certify, or not by a file."""
    assert not is_domain(name)


@pytest.mark.parametrize("name", ["localhost", "Shop.Example", "www.example.org", "192.0.2.1"])
def test_a_name_of_a_site(name: str) -> None:
    """What server_name accepts, a single word and capitals included."""
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "a..b", "a_b", "a b", "a;b", "a" * 64, "a\n", "\u212a"])
def test_no_name(name: str) -> None:
    """What would end the directive, or is empty."""
    assert not is_name(name)
