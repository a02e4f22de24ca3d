"""The figures as JSON, as a table and as a picture, with the machine they are from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402, after the choice of how it draws

from scripts.benchmark.figures import Summary  # noqa: E402
from scripts.benchmark.machine import write_figures  # noqa: E402


@dataclass(frozen=True)
class Cost:
    """What a peer costs without load.

    Attributes:
        peer: who.
        started: seconds until its first answer.
        idle: bytes of memory before any load, nginx apart.
        used: bytes of memory after all of it.
    """

    peer: str
    started: float
    idle: int
    used: int


def write(directory: Path, how: str, summaries: Sequence[Summary], costs: Sequence[Cost]) -> None:
    """Write results.json, results.md and results.svg.

    Args:
        directory: where to.
        how: the command, its rounds and seconds.
        summaries: of the loads.
        costs: of the peers.
    """
    figures = {"loads": list(map(asdict, summaries)), "costs": list(map(asdict, costs))}
    write_figures(directory, "results", how, figures, lambda written: markdown(written, summaries, costs))
    _draw(directory / "results.svg", summaries)


def markdown(written: str, summaries: Sequence[Summary], costs: Sequence[Cost]) -> str:
    """Return the tables, below a sentence that says how they were made."""
    lines = [
        "# Results\n",
        written,
        "Medians of the rounds. The last three columns are the fleet's figure divided by this peer's in the same",
        "round, again the median: only these can be compared with another run. CPU is processor time for a request.\n",
        "| load | peer | requests/s | p50 ms | p99 ms | p99.9 ms | CPU app us | nginx us | failed |"
        " requests/s | p99 | CPU |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in summaries:
        load = f"{row.workload}, {row.connections}" if row.connections else row.workload
        figures = f"{row.rps:,.0f} | {row.p50:.2f} | {row.p99:.2f} | {row.p999:.2f} | {row.app:.1f} | {row.nginx:.1f}"
        ratios = f"{row.rps_ratio:.2f}x | {row.p99_ratio:.2f}x | {row.cpu_ratio:.2f}x"
        lines.append(f"| {load} | {row.peer} | {figures} | {row.failed:,} | {ratios} |")
    lines += ["", "| peer | first answer after | memory before | after |", "|---|---|---|---|"]
    lines += [f"| {c.peer} | {c.started:.2f} s | {c.idle / 1e6:.1f} MB | {c.used / 1e6:.1f} MB |" for c in costs]
    return "\n".join(lines) + "\n"


def _draw(file: Path, summaries: Sequence[Summary]) -> None:
    """Draw requests a second against each peer, for each load."""
    peers = list(dict.fromkeys(row.peer for row in summaries if row.peer != "fleet"))
    loads = list(dict.fromkeys((row.workload, row.connections) for row in summaries))
    figure, axes = pyplot.subplots(figsize=(9, 0.6 + 0.5 * len(loads)))
    height = 0.8 / max(len(peers), 1)
    for number, peer in enumerate(peers):
        found = {(row.workload, row.connections): row.rps_ratio for row in summaries if row.peer == peer}
        places = [index + number * height for index, load in enumerate(loads) if load in found]
        axes.barh(places, [found[load] for load in loads if load in found], height, label=f"against {peer}")
    axes.axvline(1, color="black", linewidth=1)
    axes.set_yticks([index + 0.4 for index in range(len(loads))], [f"{name} {count or ''}" for name, count in loads])
    axes.invert_yaxis()
    axes.set_xlabel("requests a second, the fleet's divided by theirs")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
