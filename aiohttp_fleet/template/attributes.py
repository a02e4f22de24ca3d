"""What an import may give its process and a fork does not inherit (prctl(2), setproctitle), kept for the workers."""

import sys
from collections.abc import Mapping

from setproctitle import getproctitle, setproctitle

SET_DEATH, GET_DEATH, SET_SUBREAPER, GET_SUBREAPER = 1, 2, 36, 37
"""PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, and what asks for them."""


def take(title: str) -> tuple[str, Mapping[int, int]]:
    """Take them from this process: it would be the parent of the workers, and have the application's title.

    Args:
        title: of this process, before the import.

    Returns:
        The application's title, empty when it has set none, and the attributes; for `give`.
    """
    found = getproctitle()
    if found != title:
        setproctitle(title)
    return ("" if found == title else found), _taken()


def give(title: str, attributes: Mapping[int, int]) -> None:
    """Give a worker what was taken from its template."""
    if title:
        setproctitle(title)
    if attributes:
        from ctypes import CDLL  # it is loaded

        for number, value in attributes.items():
            CDLL(None).prctl(number, value, 0, 0, 0)


def _taken() -> Mapping[int, int]:
    if "ctypes" not in sys.modules:  # without it Python cannot have set one
        return {}
    from ctypes import CDLL, byref, c_int

    libc, found = CDLL(None), {}
    for sets, asks in ((SET_DEATH, GET_DEATH), (SET_SUBREAPER, GET_SUBREAPER)):
        value = c_int()
        libc.prctl(asks, byref(value), 0, 0, 0)
        if value.value:
            found[sets] = value.value
            libc.prctl(sets, 0, 0, 0, 0)
    return found
