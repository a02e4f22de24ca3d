"""What ps and top call a worker."""

import os
import sys
from pathlib import Path

from setproctitle import setproctitle, setthreadtitle


def set_process_title() -> None:
    """Put supervisord's name for this process before its command line, and make it the name of the process.

    ``ps`` then shows ``web1: python -m aiohttp_fleet.worker app.main:create_app --path=...`` and ``top`` ``web1``. A
    process that supervisord did not start keeps its own.
    """
    name = os.environ.get("SUPERVISOR_PROCESS_NAME")
    if name:
        python, *arguments = sys.orig_argv
        setproctitle(" ".join([f"{name}:", Path(python).name, *arguments]))
        setthreadtitle(name)  # afterwards: the other one sets it too, cut to 15 bytes (prctl(2), PR_SET_NAME)
