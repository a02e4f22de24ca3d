"""``fleet help``: the documentation, from the wheel."""

import difflib
from pathlib import Path

import click

from aiohttp_fleet.supervision.command import FleetContext, command


@command
@click.argument("topic", required=False)
def help(context: FleetContext, topic: str | None) -> int:
    """Print a page of the documentation, or list the pages.

    A page is printed as it is, in Markdown.
    """
    pages = {page.stem: page.read_text() for page in sorted(_directory().glob("*.md"))}
    if topic is None:
        titles = {name: text.partition("\n")[0].lstrip("# ") for name, text in pages.items()}
        context.output.add(topics=[{"topic": name, "title": title} for name, title in titles.items()])
        width = max(map(len, titles))
        for name, title in titles.items():
            context.output.line(f"{name:<{width}}  {title}")
        return 0
    if topic not in pages:
        near = difflib.get_close_matches(topic, pages, cutoff=0.5)
        known = f"similar names: {', '.join(near)}" if near else "fleet help lists all"
        raise click.UsageError(f"There is no page {topic!r}; {known}")
    context.output.add(topic=topic, text=pages[topic])
    context.output.line(pages[topic], newline=False)
    return 0


def _directory() -> Path:
    """Return the directory of the pages: in a wheel aiohttp_fleet/docs, in a checkout docs."""
    package = Path(__file__).parent
    packed = package / "docs"
    return packed if packed.is_dir() else package.parent / "docs"
