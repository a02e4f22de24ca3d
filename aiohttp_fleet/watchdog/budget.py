"""How often the watchdog may act, so that it never restarts everything in a loop."""

from dataclasses import dataclass

WINDOW = 300.0
"""Seconds that an act counts."""


@dataclass(frozen=True)
class Budget:
    """At most so many acts in any five minutes.

    Attributes:
        limit: how many.
        spent: when they were done, by the monotonic clock.
    """

    limit: int
    spent: tuple[float, ...] = ()

    def left(self, now: float) -> int:
        """Return how many more are allowed now."""
        return max(self.limit - len(self._recent(now)), 0)

    def spend(self, now: float) -> "Budget":
        """Return the budget after one more act."""
        return Budget(self.limit, (*self._recent(now), now))

    def _recent(self, now: float) -> tuple[float, ...]:
        return tuple(at for at in self.spent if now - at < WINDOW)
