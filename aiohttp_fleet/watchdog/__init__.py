"""The watchdog, ``[program:watchdog]``: mends what supervisord cannot see, and tells what it did.

Forked from supervisord like the workers, so it imports no more than it has to: nothing but what supervisord and the
workers have in memory anyway.
"""
