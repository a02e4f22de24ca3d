"""The figures of real applications: medians of the rounds, and the fleet's against each peer's in the same round."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan, nan
from pathlib import Path
from statistics import median

from scripts.benchmark.applications import AppCost
from scripts.benchmark.machine import write_figures

Rounds = Mapping[str, Mapping[str, Sequence[AppCost]]]
"""By application and peer: what was seen in each round."""
COLUMNS = {
    "first answer": ("started", "{:.2f} s", 1),
    "ready again": ("again", "{:.0f} ms", 1e3),
    "memory idle": ("idle", "{:.1f} MB", 1e-6),
    "after load": ("used", "{:.1f} MB", 1e-6),
    "requests/s": ("rps", "{:,.0f}", 1),
    "p99": ("p99", "{:.1f} ms", 1),
    "restart": ("restart", "{:.1f} s", 1),
    "worst latency": ("worst", "{:.0f} ms", 1e3),
}
"""Title of the column, field of an `AppCost`, how it is written and in which unit."""


def write_costs(directory: Path, how: str, rounds: Rounds) -> None:
    """Write applications.json and applications.md.

    Args:
        directory: where to.
        how: the command.
        rounds: what was seen.
    """
    rows = {app: {peer: list(map(asdict, seen)) for peer, seen in peers.items()} for app, peers in rounds.items()}
    write_figures(directory, "applications", how, {"rounds": rows}, lambda written: markdown(written, rounds))


def markdown(written: str, rounds: Rounds) -> str:
    """Return the tables, below a sentence that says how they were made."""
    lines = [
        "# Applications\n",
        written,
        "Medians of the rounds; below each, the fleet's figure divided by this peer's in the same round, again the",
        "median. Memory is the proportional set size of all processes but nginx. Failed are requests of the load and",
        "of the restart, in all rounds together.",
    ]
    for app, peers in rounds.items():
        lines += ["", f"## {app}\n", f"| peer | {' | '.join(COLUMNS)} | failed |", "|---" * (len(COLUMNS) + 2) + "|"]
        for peer, seen in peers.items():
            failed = sum(cost.failed + cost.lost for cost in seen)
            lines.append(
                f"| {peer} | {' | '.join(_median(seen, *column) for column in COLUMNS.values())} | {failed:,} |"
            )
            if peer != "fleet":
                ratios = [_ratio(peers["fleet"], seen, name) for name, _, _ in COLUMNS.values()]
                lines.append(f"| | {' | '.join(ratios)} | |")
    return "\n".join(lines) + "\n"


def _median(seen: Sequence[AppCost], name: str, form: str, unit: float) -> str:
    value = median(getattr(cost, name) for cost in seen)
    return form.format(value * unit) if value else ""


def _ratio(ours: Sequence[AppCost], theirs: Sequence[AppCost], name: str) -> str:
    pairs = [(getattr(our, name), getattr(their, name)) for our, their in zip(ours, theirs, strict=True)]
    ratio = median([our / their for our, their in pairs if their] or [nan])
    return "" if isnan(ratio) else f"{ratio:.2f}x"
