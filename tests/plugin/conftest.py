"""One fleet for the tests of the plugin that leave it as it was."""

from collections.abc import Iterator

import pytest

from tests.place import sandbox
from tests.site import Site, started
from tests.wait import until


@pytest.fixture(scope="package")
def shared() -> Iterator[Site]:
    """Start a fleet for several tests, which are of the xdist_group "plugin"."""
    with sandbox() as directory:
        made = Site(directory)
        with started(made):
            yield made


@pytest.fixture
def made(shared: Site) -> Iterator[Site]:
    """Give the test the fleet that all share; then it has four workers again, and everything is ready."""
    yield shared
    until("four workers, ready", lambda: len(shared.described.workers) == 4 and shared.is_ready())
