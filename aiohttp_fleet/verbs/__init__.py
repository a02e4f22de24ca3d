"""One file per verb of the command line: parse, call, print, and return the exit code.

0 done, 1 failed or unhealthy, 2 wrong usage.
"""
