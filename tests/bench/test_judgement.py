"""How a benchmark judges: by the median of the rounds' ratios, and not at all beside other work."""

import pytest

from tests.bench.report.bars import Bar, Limit
from tests.bench.report.minimums import MINIMUMS, NOT_JUDGED, exit_code
from tests.bench.report.verdicts import Verdict, judge
from tests.bench.rounds import Rounds
from tests.bench.stage.disturbance import MOST_PERCENT


def in_rounds(**values: list[float]) -> Rounds:
    rounds = Rounds()
    for scenario, rates in values.items():
        for rate in rates:
            rounds.add(scenario, {"rate": rate})
    return rounds


def verdicts_at(share: float) -> list[Verdict]:
    """Return a verdict on each minimum, of ratios that are this share of it."""
    return [
        verdict
        for bar in MINIMUMS
        for verdict in judge(
            Rounds({bar.over[0]: {bar.over[1]: bar.limit * share}, bar.under[0]: {bar.under[1]: 1.0}}), [bar]
        )
    ]


def test_a_ratio_is_taken_in_each_round_and_its_median_is_judged() -> None:
    rounds = in_rounds(ours=[100.0, 60.0, 20.0], theirs=[10.0, 2.0, 1.0])

    (verdict,) = judge(rounds, [Bar("ours / theirs", ("ours", "rate"), ("theirs", "rate"), 20)])

    assert (verdict.least, verdict.ratio, verdict.greatest, verdict.rounds) == (10, 20, 30, 3)
    assert verdict.is_met


def test_figures_of_unequal_rounds_have_one_ratio_of_their_medians() -> None:
    rounds = in_rounds(ours=[90.0, 100.0, 500.0], theirs=[10.0])

    (verdict,) = judge(rounds, [Bar("ours / theirs", ("ours", "rate"), ("theirs", "rate"), 9, is_most=True)])

    assert (verdict.ratio, verdict.rounds, verdict.is_met) == (10, 1, False)


def test_what_was_not_measured_is_not_judged() -> None:
    bar = Bar("ours / theirs", ("ours", "rate"), ("theirs", "rate"), 2)

    assert judge(in_rounds(ours=[1.0]), [bar], [Limit("lag", ("lag", "rate"), 2)]) == []


def test_a_limit_is_judged_by_the_median() -> None:
    (verdict,) = judge(in_rounds(lag=[1.0, 3.0, 9.0]), [], [Limit("lag", ("lag", "rate"), 2)])

    assert (verdict.ratio, verdict.is_met) == (3, False)


@pytest.mark.parametrize(
    ("share", "busy", "code"),
    [
        (1.1, 0.0, 0),
        (0.9, 0.0, 1),
        (1.1, MOST_PERCENT + 1, NOT_JUDGED),
        (0.9, MOST_PERCENT + 1, NOT_JUDGED),
    ],
)
def test_the_quick_form_ends_with_a_code_for_each_result(share: float, busy: float, code: int) -> None:
    assert exit_code(verdicts_at(share), busy) == code


def test_the_quick_form_refuses_to_pass_with_a_ratio_missing() -> None:
    with pytest.raises(ValueError, match="only 5 of 6"):
        exit_code(verdicts_at(1.1)[1:], 0.0)
