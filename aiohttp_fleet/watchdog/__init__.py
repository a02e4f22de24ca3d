"""The watchdog, ``[program:watchdog]``: ends or restarts what supervisord takes for healthy, and reports it.

It is forked from supervisord like the workers, so it imports only what supervisord and the workers have in memory.
"""
