"""What a fault may cost. Pure."""

from collections.abc import Callable, Sequence

from aiohttp_fleet.drill.tally import Lost

Rule = Callable[[Sequence[Lost], float, float], list[Lost]]
"""Returns, of the requests that were lost, those that should not have been.

Its arguments: what was lost, when the fault began and when it was over, in seconds of the monotonic clock.
"""
MOMENT = 1.0
"""Seconds around a fault in which a request may have been begun that met it."""

CLOSED = "the kept-alive connection was closed before the answer"
"""What a client sees whose request crosses with the end of its idle connection."""
KEEPS = (1, 27, 4)
"""The nginx that has keepalive_min_timeout. An older one closes all idle connections of clients at a reload, those on
which a request is just arriving included; HTTP lets it (RFC 9112, 9.3.1), and no setting of it does otherwise."""


def nothing(lost: Sequence[Lost], began: float, ended: float) -> list[Lost]:
    """Nothing at all."""
    return list(lost)


def posts(lost: Sequence[Lost], began: float, ended: float) -> list[Lost]:
    """POSTs that were in flight there, which nginx must not repeat; never a GET."""
    return [each for each in lost if each.method != "POST" or not _meanwhile(each, began, ended)]


def meanwhile(lost: Sequence[Lost], began: float, ended: float) -> list[Lost]:
    """Whatever is asked for while nobody is there."""
    return [each for each in lost if not _meanwhile(each, began, ended)]


def excused(bad: Sequence[Lost], nginx: str) -> list[Lost]:
    """Return what remains of it when ``nginx``, its version, may close kept connections at a reload."""
    if tuple(map(int, nginx.split("."))) >= KEEPS:
        return list(bad)
    return [each for each in bad if not each.reason.startswith(CLOSED)]


def _meanwhile(each: Lost, began: float, ended: float) -> bool:
    return began - MOMENT <= each.at <= ended + MOMENT
