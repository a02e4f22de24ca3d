"""``fleet help``: the documentation, from the wheel."""

import difflib
from importlib.resources import files
from pathlib import Path

import click

from aiohttp_fleet.supervision.command import FleetContext, command


@command
@click.argument("topic", required=False)
def help(context: FleetContext, topic: str | None) -> int:
    """Print a page of the documentation, or list the pages.

    A page is printed as it is, in Markdown.
    """
    pages = _pages()
    if topic is None:
        titles = {name: _title(page) for name, page in pages.items()}
        context.output.add(topics=[{"topic": name, "title": title} for name, title in titles.items()])
        width = max(map(len, titles))
        for name, title in titles.items():
            context.output.line(f"{name:<{width}}  {title}")
        return 0
    if topic not in pages:
        near = difflib.get_close_matches(topic, pages, cutoff=0.5)
        known = f"similar names: {', '.join(near)}" if near else "fleet help lists all"
        raise click.UsageError(f"There is no page {topic!r}; {known}")
    text = pages[topic].read_text()
    context.output.add(topic=topic, text=text)
    context.output.line(text, newline=False)
    return 0


def _pages() -> dict[str, Path]:
    """Return the pages by topic: in a wheel they are in aiohttp_fleet/docs, in a checkout in docs."""
    package = Path(str(files("aiohttp_fleet")))
    packed = package / "docs"
    root = packed if packed.is_dir() else package.parent / "docs"
    return {page.stem: page for page in sorted(root.glob("*.md"))}


def _title(page: Path) -> str:
    """Return the first heading of a page."""
    return next((line.lstrip("# ") for line in page.read_text().splitlines() if line.startswith("#")), "")
