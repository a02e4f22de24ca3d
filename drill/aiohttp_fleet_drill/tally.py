"""What became of the requests of a load."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Lost:
    """A request that was not answered right.

    Attributes:
        at: when it was begun, seconds of the monotonic clock.
        method: GET or POST.
        reason: what came instead.
    """

    at: float
    method: str
    reason: str


@dataclass
class Tally:
    """A load's account.

    Attributes:
        answers: for each request that was answered right: when it was begun, and its latency, both in seconds; None
            for a latency that does not count.
        lost: those that were not.
    """

    answers: list[tuple[float, float | None]] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """How many were answered right."""
        return len(self.answers)

    @property
    def requests(self) -> int:
        """How many there were."""
        return len(self.answers) + len(self.lost)

    def latency(self, share: float, since: float) -> float:
        """Return the latency in seconds that this share was within.

        Args:
            share: 1 for the longest, 0.99 for all but one in a hundred.
            since: only those begun at this time or later count; where there are none it is 0.
        """
        all_of_them = sorted(latency for at, latency in self.answers if latency is not None and at >= since)
        return all_of_them[max(round(share * len(all_of_them)) - 1, 0)] if all_of_them else 0.0

    def reasons(self, began: float) -> list[str]:
        """Return a line for each kind of loss: how many, what, and when, in seconds from ``began``."""
        kinds = Counter((each.method, each.reason) for each in self.lost)
        lines = []
        for (method, reason), count in sorted(kinds.items()):
            times = [each.at - began for each in self.lost if (each.method, each.reason) == (method, reason)]
            when = f"{min(times):.1f} s" if len(times) == 1 else f"{min(times):.1f} to {max(times):.1f} s"
            lines.append(f"{count} x {method}: {reason} (at {when})")
        return lines
