"""What became of the requests of a load."""

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
        answers: for each request that was answered right: when it was begun, and its latency, both in seconds; a
            latency that does not count is 0.
        lost: those that were not.
    """

    answers: list[tuple[float, float]] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """How many were answered right."""
        return len(self.answers)

    def worst(self, since: float) -> float:
        """Return the longest latency of those begun at ``since`` or later, in seconds; 0 when there are none."""
        return max((latency for at, latency in self.answers if at >= since), default=0.0)
