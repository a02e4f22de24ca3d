"""Tests of aiohttp_fleet/worker/command_line.py."""

import pytest

from aiohttp_fleet.worker.arguments import parse
from aiohttp_fleet.worker.command_line import arguments_of, split, take_paths, title, with_application


@pytest.mark.parametrize(
    ("words", "program"),
    [
        ("app.main:create_app --path=/a --drain 5", ""),
        ("--path /a app --access-log", ""),
        ("--path=/a --access-log web.py --path=x --drain=5", "web.py --path=x --drain=5"),
        ("--path /a --drain 5 ./serve --help", "./serve --help"),
        ("--path=/a -m shop --port 80", "-m shop --port 80"),
        ("--help", ""),
    ],
)
def test_all_behind_a_script_or_a_module_is_the_programs(words: str, program: str) -> None:
    """As behind ``python``; MODULE:NAME may stand anywhere."""
    own, rest = split(words.split())
    assert (" ".join(rest), [*own, *rest]) == (program, words.split())


def test_a_program_is_named_and_has_its_own_options() -> None:
    """The worker has those in front of it."""
    options = parse(["--path=/a", "--drain=5", "web.py", "--drain=7", "--path=/b", "x y"])
    assert (options.app, options.paths, options.drain) == ("web.py", ("/a",), 5)
    assert options.program == ("web.py", "--drain=7", "--path=/b", "x y")
    assert parse(["--path=/a", "-m", "shop", "-v"]).app == "-m shop"


def test_a_path_of_the_program_is_the_workers_when_it_has_none() -> None:
    """So the recipe's command needs only other first words."""
    options = parse(["web.py", "--path=/tmp/web_1.sock", "-v"])
    assert (options.paths, options.program) == (("/tmp/web_1.sock",), ("web.py", "--path=/tmp/web_1.sock", "-v"))
    assert take_paths(["web.py", "--path", "/a", "-v", "--path"]) == (["/a"], ("web.py", "-v"))


def test_a_program_with_its_arguments() -> None:
    """What it is called, and the rest."""
    assert (title(["-m", "shop", "-v"]), arguments_of(["-m", "shop", "-v"])) == ("-m shop", ("-v",))
    assert (title(["app/web.py", "x"]), arguments_of(["app/web.py", "x"])) == ("app/web.py", ("x",))


@pytest.mark.parametrize(
    ("words", "other"),
    [
        ("app:x --path=/a --drain 5", "new:y --path=/a --drain 5"),
        ("--path /a app:x --access-log", "--path /a new:y --access-log"),
        ("--path=/a web.py --path=x", "--path=/a new:y"),
        ("--drain=5 web.py -v --path /b", "--drain=5 --path=/b new:y"),
        ("--path=/a -m shop -v", "--path=/a new:y"),
    ],
)
def test_another_application_may_take_its_place(words: str, other: str) -> None:
    """As in the drill's private copy of a fleet."""
    assert " ".join(with_application(words.split(), "new:y")) == other
