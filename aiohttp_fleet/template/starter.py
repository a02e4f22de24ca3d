"""Who has started a thread, a process, or opened something, and whether that is there still."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Starter:
    """What has started something.

    Attributes:
        module: at whose import; empty where that is not known.
        made: the thread or the socket; None where Python does not tell.
    """

    module: str
    made: Callable[[], Any] | None = None

    def is_there(self) -> bool:
        """Whether it may be there still: the thread has not ended, and the socket is not closed."""
        if self.made is None:
            return True
        made = self.made()
        if isinstance(made, threading.Thread):
            return made.is_alive()
        return made is not None and made.fileno() >= 0
