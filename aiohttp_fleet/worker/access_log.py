"""aiohttp's access log, for ``--access-log``."""

import logging


def access_logger() -> logging.Logger:
    """Return aiohttp's access logger, on stderr where the application has not configured logging."""
    logger = logging.getLogger("aiohttp.access")  # https://docs.aiohttp.org/en/stable/logging.html#access-logs
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    if not logger.hasHandlers():
        logger.addHandler(logging.StreamHandler())
    return logger
