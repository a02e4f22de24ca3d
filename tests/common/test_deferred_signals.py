"""Tests of aiohttp_fleet/common/deferred_signals.py."""

import os
import signal
import threading

import pytest

from aiohttp_fleet.common.deferred_signals import ENDING, deferred_signals


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_is_raised_when_the_block_ends(number: signal.Signals) -> None:
    """Not before, in a process with another thread that might get it."""
    done = []
    gone = threading.Event()
    threading.Thread(target=gone.wait, daemon=True).start()
    before = signal.signal(number, lambda *_: done.append("heard"))
    try:
        with deferred_signals():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
            done.append("block")
    finally:
        signal.signal(number, before)
        gone.set()
    assert done == ["block", "heard"]


def test_an_ignored_signal_stays_ignored() -> None:
    """Under nohup, before, within and after."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with deferred_signals():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_may_use_it() -> None:
    """As in the watchdog, whose main thread gets the signals."""
    done = []

    def work() -> None:
        with deferred_signals():
            done.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["done"]
