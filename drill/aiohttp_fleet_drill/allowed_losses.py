"""What a fault may cost. Pure."""

from collections.abc import Callable, Sequence

from aiohttp_fleet_drill.tally import Lost

Rule = Callable[[Sequence[Lost], float, float], list[Lost]]
"""Returns, of the requests that were lost, those that should not have been.

Its arguments: what was lost, when the fault began and when it was over, in seconds of the monotonic clock.
"""
MOMENT = 1.0
"""Seconds around a fault in which a request may have been begun that met it."""


def nothing(lost: Sequence[Lost], began: float, ended: float) -> list[Lost]:
    """Nothing at all."""
    return list(lost)


def posts(lost: Sequence[Lost], began: float, ended: float) -> list[Lost]:
    """POSTs that were in flight there, which nginx must not repeat; never a GET."""
    return [each for each in lost if each.method != "POST" or not _meanwhile(each, began, ended)]


def meanwhile(lost: Sequence[Lost], began: float, ended: float) -> list[Lost]:
    """Whatever is asked for while nobody is there."""
    return [each for each in lost if not _meanwhile(each, began, ended)]


def _meanwhile(each: Lost, began: float, ended: float) -> bool:
    return began - MOMENT <= each.at <= ended + MOMENT
