"""Tests of aiohttp_fleet/common/deferred_signals.py."""

import os
import signal
import threading

import pytest

from aiohttp_fleet.common.deferred_signals import ENDING, deferred_signals


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_is_heard_when_the_block_is_done(number: signal.Signals) -> None:
    """Not before, and not lost, in a process with another thread that might take it."""
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


def test_who_ignores_a_signal_still_does() -> None:
    """Under nohup, before, within and after."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with deferred_signals():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_thread_of_its_own_may_use_it() -> None:
    """As the watchdog does, whose main thread has the signals."""
    done = []

    def work() -> None:
        with deferred_signals():
            done.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["done"]
