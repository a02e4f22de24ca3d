"""The worker process: loads an aiohttp application, serves it on its sockets, drains, exits.

Imports aiohttp, uvloop and nothing of the command line, so that a worker stays small and starts fast.
"""
