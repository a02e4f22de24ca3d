"""The one exception that is meant for an operator."""

from collections.abc import Iterator
from contextlib import contextmanager


class FleetError(Exception):
    """A problem that the operator can solve, described in one line.

    Args:
        thing: what it is about: a path, a section, a name.
        reason: what is wrong with it.
        next_step: what to do now.
        more: further lines, such as further problems; they begin with a newline.
    """

    def __init__(self, thing: str, reason: str, next_step: str, more: str = "") -> None:
        super().__init__(f"{thing}: {reason}; {next_step}{more}")
        self.thing = thing
        self.reason = reason
        self.next_step = next_step


@contextmanager
def os_errors(thing: object | None, reason: str, next_step: str) -> Iterator[None]:
    """Raise an OSError of the block as a FleetError: ``THING: REASON (No such file or directory); NEXT_STEP``.

    Args:
        thing: see `FleetError`; None for the path of the OSError.
        reason: what cannot be done, such as ``cannot be read``; the system's own reason follows it.
        next_step: see `FleetError`.
    """
    try:
        yield
    except OSError as error:
        raise FleetError(str(thing or error.filename), f"{reason} ({error.strerror or error})", next_step) from None
