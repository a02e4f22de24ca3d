"""The watchdog, ``[program:watchdog]``: ends or restarts what supervisord takes for healthy, and reports it.

It is forked from supervisord, so it imports little that supervisord has not in memory.
"""
