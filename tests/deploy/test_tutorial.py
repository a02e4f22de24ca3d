"""The pages that a newcomer follows step by step."""

from pathlib import Path

import pytest

from tests.deploy.typed import play


@pytest.mark.parametrize("page", ["tutorial.md", "from-gunicorn.md", "from-the-recipe.md"])
def test_a_page_does_what_it_shows(place: Path, page: str) -> None:
    """Every command, and every line below it."""
    play(page, place)
