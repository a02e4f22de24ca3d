"""Tests of aiohttp_fleet/template/differ.py: the numbers that differ from worker to worker, and those that do not."""

import pytest

from tests.template.conftest import Shop

GENERATORS = {
    "random.Random()": False,
    "random.Random(7)": True,
    "random.SystemRandom()": False,
}


@pytest.mark.parametrize("generator", GENERATORS)
def test_generators_without_a_seed_differ(shop: Shop, generator: str) -> None:
    """One with a seed gives all workers the same numbers, as when each imports it."""
    code = f"import random\nMADE = {generator}\ndef create_app():\n    print(MADE.random(), flush=True)\n"
    code += "    return web.Application()\n"
    template = shop(code)
    template.start()
    first, second = (template.fork().splitlines()[0] for _ in range(2))
    assert (first == second) is GENERATORS[generator]


LINE = "import random\n{}\ndef create_app():\n    print({}, flush=True)\n    return web.Application()\n"


@pytest.mark.parametrize("seed", ["random.seed(7)", "random.Random(7); random.setstate(random.Random(7).getstate())"])
def test_a_seed_of_the_import_stays(shop: Shop, seed: str) -> None:
    """Python seeds the functions of random again at each fork; the one that the application chose is put back."""
    template = shop(LINE.format(seed, "random.random()"))
    template.start()
    assert {template.fork().splitlines()[0] for _ in range(2)} == {"0.32383276483316237"}


def test_a_seed_that_was_taken_back_does_not(shop: Shop) -> None:
    """The last call counts."""
    template = shop(LINE.format("random.seed(7)\nrandom.seed()", "random.random()"))
    template.start()
    first, second = (template.fork().splitlines()[0] for _ in range(2))
    assert first != second


def test_workers_of_one_template_have_its_hash_seed(shop: Shop) -> None:
    """As an interpreter reads it once; another template has another."""
    template = shop(LINE.format("", "hash('x')"))
    template.start()
    first, second = (template.fork().splitlines()[0] for _ in range(2))
    template.stop()
    template.start()
    assert (first == second, first == template.fork().splitlines()[0]) == (True, False)


FRESH = ["random.random()", "uuid.uuid4()", "uuid.uuid1()", "secrets.token_hex()", "tempfile.mktemp()",
         "ssl.RAND_bytes(8)", "os.getpid()"]  # fmt: skip


@pytest.mark.parametrize("value", FRESH)
def test_what_differs_between_processes_differs(shop: Shop, value: str) -> None:
    """Numbers, names and identities that modules make at their first use."""
    code = f"import os, random, secrets, ssl, tempfile, uuid\n{value}\n"
    code += f"def create_app():\n    print({value}, flush=True)\n    return web.Application()\n"
    template = shop(code)
    template.start()
    first, second = (template.fork().splitlines()[0] for _ in range(2))
    assert first != second


def test_identifiers_of_the_same_moment_differ(shop: Shop) -> None:
    """Those of uuid.uuid1, though libuuid, which the import has used, has chosen a sequence before the fork."""
    template = shop(LINE.format("import uuid\nuuid.uuid1()", "uuid.uuid1().clock_seq, uuid.uuid1().version"))
    template.start()
    found = {template.fork().splitlines()[0] for _ in range(3)}
    assert len(found) > 1  # there are 16384
    assert all(each.endswith(" 1") for each in found)
