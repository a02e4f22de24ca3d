"""What must differ in each worker, although it was imported once: random numbers of generators without a seed."""

import gc
import os
import random
import sys
from collections.abc import Iterable
from typing import Any

CHOSEN = 64
"""Bits; a seed that a person chose is shorter than what numpy takes from the system (128)."""


def numpy_generators() -> list[Any]:
    """Return the bit generators of numpy that have no seed. Not after gc.freeze(), which hides them."""
    if "numpy.random" not in sys.modules:
        return []
    from numpy.random import BitGenerator  # it is loaded

    return [each for each in gc.get_objects() if isinstance(each, BitGenerator) and not _has_seed(each)]


def _has_seed(bits: Any) -> bool:
    entropy = getattr(bits._seed_seq, "entropy", None)  # a number, or several
    return not (isinstance(entropy, int) and entropy.bit_length() > CHOSEN)


def differ_in_uuids() -> None:
    """Give uuid.uuid1 a clock sequence (RFC 9562) of this process.

    libuuid chooses one at the first call and does not notice a fork: two workers that ask in the same microsecond
    would get the same identifier.
    """
    uuid = sys.modules.get("uuid")
    generate = getattr(uuid, "_generate_time_safe", None)
    if uuid is None or generate is None:
        return
    high, low = os.urandom(2)
    own = bytes([high & 0x3F | 0x80, low])

    def generate_time_safe() -> tuple[bytes, int | None]:
        made, is_safe = generate()
        return made[:8] + own + made[10:], is_safe

    uuid._generate_time_safe = generate_time_safe  # type: ignore[attr-defined]


def reseed(generators: Iterable[random.Random], of_numpy: Iterable[Any]) -> None:
    """Seed generators again in a worker; an explicit seed stays what it is.

    The functions of `random` are seeded again by Python at each fork; OpenSSL's generator notices a fork.

    Args:
        generators: of `random`.
        of_numpy: of `numpy_generators`.
    """
    for generator in generators:
        generator.seed()
    for bits in of_numpy:
        fresh = type(bits)()
        try:
            bits.__setstate__((fresh.state, fresh._seed_seq))  # as pickle does; what it spawns is from the second
        except (TypeError, ValueError, KeyError):  # numpy before 2
            bits.state = fresh.state
