"""What became of the requests of a load, and what a fault may cost. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HANDLED_TWICE = "handled twice"


@dataclass(frozen=True)
class Failure:
    """A request without the right response, or a POST that was handled again.

    Attributes:
        at: when it was begun, or handled again, in seconds of the monotonic clock.
        method: GET or POST.
        reason: what happened instead.
    """

    at: float
    method: str
    reason: str


@dataclass
class Tally:
    """The result of a load.

    Attributes:
        answers: for each request with the right response: when it was begun, and its latency, both in seconds; None for
            a latency that does not count.
        failed: the requests without one.
        repeated: a failure for each time that a POST was handled again, whatever its response was; None where the
            application does not note what it handles.
    """

    answers: list[tuple[float, float | None]] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    repeated: list[Failure] | None = None

    @property
    def answered(self) -> int:
        """The number of requests with the right response."""
        return len(self.answers)

    @property
    def requests(self) -> int:
        """The number of requests."""
        return len(self.answers) + len(self.failed)

    @property
    def problems(self) -> list[Failure]:
        """The failed requests and the repeated POSTs."""
        return self.failed + (self.repeated or [])

    def latency(self, share: float, since: float) -> float:
        """Return the latency in seconds that this share of the requests did not exceed.

        Args:
            share: 1 for the longest latency, 0.99 for the 99th percentile.
            since: only requests that were begun at this time or later count; without any the result is 0.
        """
        latencies = sorted(latency for at, latency in self.answers if latency is not None and at >= since)
        return latencies[max(round(share * len(latencies)) - 1, 0)] if latencies else 0.0

    def reasons(self, began: float) -> list[str]:
        """Return a line for each kind of problem: how many, what, and when, in seconds from ``began``."""
        kinds = Counter((each.method, each.reason) for each in self.problems)
        lines = []
        for (method, reason), count in sorted(kinds.items()):
            times = [each.at - began for each in self.problems if (each.method, each.reason) == (method, reason)]
            when = f"{min(times):.1f} s" if len(times) == 1 else f"{min(times):.1f} to {max(times):.1f} s"
            lines.append(f"{count} x {method}: {reason} (at {when})")
        return lines


def repeated_posts(notes: str, run: str) -> list[Failure]:
    """Return a failure for each time, except the first, that a POST was handled.

    Args:
        notes: what the application noted: a line for each POST, with its id, the pid and the time.
        run: the first part of the ids of this load.
    """
    seen, found = set[str](), list[Failure]()
    for post_id, _, at in map(str.split, notes.splitlines()):
        if post_id in seen and post_id.startswith(run):
            found.append(Failure(float(at), "POST", HANDLED_TWICE))
        seen.add(post_id)
    return found


Rule = Callable[[Sequence[Failure], float, float], list[Failure]]
"""Returns, of the failed requests, those that the fault does not excuse.

Its arguments: the failed requests, when the fault began and when it was over, in seconds of the monotonic clock.
"""
MARGIN = 1.0
"""Seconds before and after a fault in which a request may have been begun that met it."""


def nothing(failed: Sequence[Failure], began: float, ended: float) -> list[Failure]:
    """No request may fail."""
    return list(failed)


def posts(failed: Sequence[Failure], began: float, ended: float) -> list[Failure]:
    """POSTs that were in flight may fail, because nginx must not repeat them; a GET may not."""
    return [each for each in failed if each.method != "POST" or not _during(each, began, ended)]


def during(failed: Sequence[Failure], began: float, ended: float) -> list[Failure]:
    """Every request may fail while nothing runs that could answer it."""
    return [each for each in failed if not _during(each, began, ended)]


def _during(each: Failure, began: float, ended: float) -> bool:
    return began - MARGIN <= each.at <= ended + MARGIN
