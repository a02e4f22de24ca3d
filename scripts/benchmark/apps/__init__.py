"""The applications that scripts/bench --applications measures, each the same for every peer.

A module has ``create_app`` for the kit, the recipe and PM2, ``application`` for gunicorn, which wants a coroutine
function, and ``prepare``, which makes what it needs and returns the right response to ``GET /``.
"""
