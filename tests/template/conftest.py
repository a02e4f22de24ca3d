"""Templates of small applications."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.template.started_template import StartedTemplate

APP = "from aiohttp import web\ndef create_app(): return web.Application()\n"

Shop = Callable[..., StartedTemplate]


@pytest.fixture
def shop(place: Path) -> Iterator[Shop]:
    """Return what makes a template of an application with such code at its end; all are stopped at the end."""
    made: list[StartedTemplate] = []

    def make(code: str = "", *options: str) -> StartedTemplate:
        (place / "shop.py").write_text(APP + code)
        made.append(StartedTemplate(place, *options))
        return made[-1]

    yield make
    for template in made:
        template.stop()
