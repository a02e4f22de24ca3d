"""The applications that scripts/bench --applications measures, each the same for every peer.

A module has ``create_app``, a coroutine function because gunicorn calls no other, and ``prepare``, which makes what the
application needs and returns the right response to ``GET /``.
"""
