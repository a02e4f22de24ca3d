"""Limits of this process."""

import resource


def raise_file_limit() -> None:
    """Allow as many open files as the machine lets us: the usual 1024 is fewer clients than a process can serve."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
