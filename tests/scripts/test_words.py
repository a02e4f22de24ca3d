"""The list of words that scripts/lint refuses."""

import subprocess

from tests.place import PROJECT


def _refused(text: str) -> list[str]:
    code = f"import runpy; print(*[word for word, _ in runpy.run_path('scripts/words')['hits']({text!r})], sep='|')"
    done = subprocess.run(["python3", "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    return [word for word in done.stdout.strip().split("|") if word]


def test_a_listed_word_is_found_in_prose_and_in_names() -> None:
    """Whatever its case, and more than once in a line."""
    assert _refused("Anew: def test_it_is_taken_up_by_somebody") == ["taken_up", "Anew", "somebody"]


def test_a_word_inside_another_is_none() -> None:
    """troubleshooting, background and amended are plain words."""
    assert _refused("troubleshooting in the background, amended; besides, due to") == []


def test_the_user_no_one_is_no_pronoun() -> None:
    """The workers of root become that user."""
    assert _refused("as `nobody`, --user=nobody, user nobody, become nobody, nobody nogroup") == []
    assert _refused("nobody serves") == ["nobody"]


def test_an_address_is_not_looked_at() -> None:
    """It is written as others have it."""
    assert _refused("see https://example.org/troubles/next to") == []
