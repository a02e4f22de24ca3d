"""The documentation: its links lead somewhere, its index has every page, and it fits a terminal."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.place import PROJECT

DOCS = PROJECT / "docs"
PAGES = [PROJECT / "README.md", *sorted(DOCS.glob("*.md"))]
WIDTH = 120
OURS = ("## `fleet status` says", "## A command refuses")
"""Sections of troubleshooting.md whose messages are the kit's own."""
_CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def _prose(page: Path) -> str:
    return _CODE.sub("", page.read_text())


def _anchors(page: Path) -> set[str]:
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(_prose(page))}


def _messages() -> Iterator[str]:
    """Yield the parts of each message that is quoted there; what differs from case to case is left out."""
    for section in _prose(DOCS / "troubleshooting.md").split("\n## "):
        if f"## {section.splitlines()[0]}" in OURS:
            for line in re.findall(r"^\*\*.*?\*\*", section, re.MULTILINE):
                for message in re.findall(r'"([^"]+)"', line):
                    yield from (part.strip() for part in re.split(r"\.\.\.|\b[A-Z]+\b|[()]", message) if part.strip())


def _dead(page: Path) -> Iterator[str]:
    for target, anchor in _LINK.findall(_prose(page)):
        file = page.parent / target if target else page
        if not file.exists() or anchor and anchor not in _anchors(file):
            yield f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file of the repository, and to a heading where one is named."""
    assert list(_dead(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_fits_a_terminal(page: Path) -> None:
    """It begins with its title, has no other one, and its text is not too wide; tables and code are as they are."""
    lines = _prose(page).splitlines()
    assert [number for number, line in enumerate(lines) if line.startswith("# ")] == [0]
    assert [line for line in lines if len(line) > WIDTH and not line.startswith("|")] == []


def test_the_index_has_every_page() -> None:
    """Each is one click, or one "fleet help", away."""
    linked = {target for target, _ in _LINK.findall((DOCS / "index.md").read_text())}
    assert {page.name for page in DOCS.glob("*.md")} - {"index.md"} <= linked


def test_troubleshooting_quotes_the_messages_of_the_code() -> None:
    """A reader searches for what is on the screen."""
    code = " ".join(file.read_text() for file in (PROJECT / "aiohttp_fleet").rglob("*.py"))
    assert [message for message in _messages() if message not in code] == []
