"""Tests of scripts/benchmark/costs.py."""

from dataclasses import replace

from scripts.benchmark.applications import AppCost
from scripts.benchmark.costs import markdown

OURS = AppCost(1, 0.05, 100_000_000, 120_000_000, 1000, 5, 0, 2, 0.01, 0)
THEIRS = AppCost(2, 0, 200_000_000, 240_000_000, 500, 10, 3, 4, 0, 7)


def _table(ours: list[AppCost], theirs: list[AppCost]) -> list[list[str]]:
    text = markdown("Written.", {"shop": {"fleet": ours, "other": theirs}})
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")][1:]


def test_a_ratio_is_of_one_round_and_the_median_of_all() -> None:
    """A round in which the machine is slow makes both peers slow."""
    slow = [replace(cost, started=cost.started * 9) for cost in (OURS, THEIRS)]
    _, theirs, ratios = _table([OURS, slow[0], OURS], [THEIRS, slow[1], THEIRS])
    assert (theirs[1], ratios[1], ratios[3]) == ("2.00 s", "0.50x", "0.50x")


def test_what_was_not_measured_is_left_empty() -> None:
    """It is 0 in an `AppCost`, and nothing is divided by it."""
    ours, theirs, ratios = _table([OURS], [THEIRS])
    assert (ours[2], theirs[2], ratios[2], ratios[8]) == ("50 ms", "", "", "")


def test_what_failed_is_counted_in_all_rounds() -> None:
    """Of the load and of the restart."""
    assert _table([OURS] * 2, [THEIRS] * 2)[1][-1] == "20"
