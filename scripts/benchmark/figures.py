"""The figures of all rounds: medians, and medians of the ratios within a round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan, sqrt
from statistics import median

from scripts.benchmark.load import Load


@dataclass(frozen=True)
class Measured:
    """One peer under one load in one round.

    Attributes:
        load: the clients' figures.
        app: microseconds of processor time for each request, everything but nginx.
        nginx: the same of nginx.
    """

    load: Load
    app: float
    nginx: float


@dataclass(frozen=True)
class Summary:
    """One peer under one load, all rounds.

    Attributes:
        workload: the workload's name.
        connections: on how many connections; 0 in an open loop.
        peer: the peer's name.
        rps: requests a second, the median of the rounds, as are the next five.
        p50: milliseconds.
        p99: milliseconds.
        p999: milliseconds.
        app: microseconds for each request, everything but nginx.
        nginx: microseconds for each request.
        failed: requests without a right answer, in all rounds together.
        rps_ratio: ours to this peer's, the median of the ratios within a round, as are the next two.
        p99_ratio: the same of p99.
        cpu_ratio: the same of all processor time for a request.
        rps_between: the 95 % confidence interval of rps_ratio: with few rounds it is all of them.
    """

    workload: str
    connections: int
    peer: str
    rps: float
    p50: float
    p99: float
    p999: float
    app: float
    nginx: float
    failed: int
    rps_ratio: float
    p99_ratio: float
    cpu_ratio: float
    rps_between: tuple[float, float]


def summary(
    workload: str, connections: int, peer: str, ours: Sequence[Measured], theirs: Sequence[Measured]
) -> Summary:
    """Summarize a peer's rounds, and compare them with ours."""

    def middle(figure: Callable[[Measured], float]) -> float:
        return median(map(figure, theirs))

    def ratios(figure: Callable[[Measured], float]) -> list[float]:
        pairs = [(figure(our), figure(their)) for our, their in zip(ours, theirs, strict=True)]
        return [our / their for our, their in pairs if their] or [nan]

    rps = ratios(lambda m: m.load.rps)
    return Summary(
        workload=workload,
        connections=connections,
        peer=peer,
        rps=middle(lambda m: m.load.rps),
        p50=middle(lambda m: m.load.p50),
        p99=middle(lambda m: m.load.p99),
        p999=middle(lambda m: m.load.p999),
        app=middle(lambda m: m.app),
        nginx=middle(lambda m: m.nginx),
        failed=sum(m.load.failed for m in theirs),
        rps_ratio=median(rps),
        p99_ratio=median(ratios(lambda m: m.load.p99)),
        cpu_ratio=median(ratios(lambda m: m.app + m.nginx)),
        rps_between=_between(rps),
    )


def _between(values: Sequence[float]) -> tuple[float, float]:
    """Return the order statistics that enclose the median with 95 % (the binomial distribution's normal form)."""
    ranked, count = sorted(values), len(values)
    first = max(int(count / 2 - 0.98 * sqrt(count)), 0)
    return ranked[first], ranked[count - 1 - first]
