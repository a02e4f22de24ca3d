"""What must differ in each worker, although it was imported once: random numbers of generators without a seed."""

import gc
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
    from numpy.random import Generator, RandomState  # they are loaded

    found = [each for each in gc.get_objects() if isinstance(each, Generator | RandomState)]
    bits = [each.bit_generator if isinstance(each, Generator) else each._bit_generator for each in found]
    return [each for each in bits if getattr(each._seed_seq, "entropy", 0).bit_length() > CHOSEN]


def reseed(generators: Iterable[random.Random], of_numpy: Iterable[Any]) -> None:
    """Seed generators again in a worker; an explicit seed stays what it is.

    The functions of `random` are seeded again by Python at each fork; OpenSSL's generator and `uuid` notice a fork.

    Args:
        generators: of `random`.
        of_numpy: of `numpy_generators`.
    """
    for generator in generators:
        generator.seed()
    for bits in of_numpy:
        bits.state = type(bits)().state
