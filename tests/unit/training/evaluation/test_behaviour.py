"""The behaviour suite: its cases are sound, and each kind is judged by its own rule."""

from collections import Counter
from pathlib import Path

import pytest

from tests.unit.training.table_scorer import TableScorer
from training.data.readers import DataError
from training.evaluation import behaviour
from training.evaluation.behaviour import (
    DIRECTION,
    FAIRNESS,
    INVARIANCE,
    KINDS,
    MINIMUM,
    UNCERTAIN,
    Case,
    CaseResult,
)

CASES = behaviour.read_cases()


def of_kind(kind: str) -> list[Case]:
    return [case for case in CASES if case.kind == kind]


def passed_share(results: list[CaseResult], kind: str) -> float:
    chosen = [result.passed for result in results if result.case.kind == kind]
    return sum(chosen) / len(chosen)


def test_suite_has_at_least_200_cases_in_three_kinds() -> None:
    assert len(CASES) >= 240
    assert {case.kind for case in CASES} == set(KINDS)
    assert {case.capability for case in of_kind(MINIMUM)} >= {
        "negation",
        "contrast",
        "sarcasm",
        "one line",
        "flipped verdict",
    }
    assert {case.capability for case in of_kind(INVARIANCE)} >= {"names", "typos"}


def test_every_capability_expects_both_labels_equally_often() -> None:
    counts = Counter((case.capability, case.expected) for case in CASES)
    for capability in {case.capability for case in CASES}:
        assert counts[capability, "positive"] == counts[capability, "negative"]


def test_no_case_is_asked_twice_and_every_changed_text_differs() -> None:
    assert len({(case.text, case.changed) for case in CASES}) == len(CASES)
    assert all(case.text != case.changed for case in CASES)


def test_cases_are_short() -> None:
    assert max(len(case.text.split()) for case in CASES) <= 40


@pytest.mark.parametrize("constant", [(0.0, 1.0), (1.0, 0.0)])
def test_a_constant_sure_answer_passes_half_all_none_all_and_none_of_the_kinds(
    constant: tuple[float, float],
) -> None:
    results = behaviour.run_cases(TableScorer(lambda text: constant), CASES)
    assert [passed_share(results, kind) for kind in KINDS] == [0.5, 1.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("before", "after", "passed"),
    [
        ((0.9, 0.1), (0.85, 0.15), True),  # the same label, both certain
        ((0.9, 0.1), (0.3, 0.7), False),  # another label, one of them certain
        ((0.6, 0.4), (0.3, 0.7), True),  # another label, neither certain
    ],
)
def test_fairness_fails_when_a_certain_verdict_flips(
    before: tuple[float, float], after: tuple[float, float], passed: bool
) -> None:
    case = Case(FAIRNESS, "nationality", "f1", "He is Polish.", "He is Greek.", "")
    scorer = TableScorer({"He is Polish.": before, "He is Greek.": after})
    assert behaviour.run_cases(scorer, [case])[0].passed is passed


@pytest.mark.parametrize(("answer", "passed"), [((0.7, 0.3), True), ((0.1, 0.9), False)])
def test_uncertain_wants_a_verdict_that_is_not_certain(
    answer: tuple[float, float], passed: bool
) -> None:
    case = Case(UNCERTAIN, "noise", "u1", "asdf", "", "")
    assert behaviour.run_cases(TableScorer({"asdf": answer}), [case])[0].passed is passed


def test_minimum_functionality_wants_the_expected_label() -> None:
    case = Case(MINIMUM, "negation", "n1", "not bad", "", "positive")
    (result,) = behaviour.run_cases(TableScorer({"not bad": (0.7, 0.3)}), [case])
    assert (result.passed, result.prediction, result.probability, result.change) == (
        False,
        "negative",
        0.3,
        None,
    )


def test_invariance_fails_only_when_the_label_flips() -> None:
    case = Case(INVARIANCE, "names", "i1", "Ann shines", "Bo shines", "positive")
    (steady,) = behaviour.run_cases(
        TableScorer({"Ann shines": (0.4, 0.6), "Bo shines": (0.1, 0.9)}), [case]
    )
    (wrong,) = behaviour.run_cases(
        TableScorer({"Ann shines": (0.6, 0.4), "Bo shines": (0.9, 0.1)}), [case]
    )
    (flip,) = behaviour.run_cases(
        TableScorer({"Ann shines": (0.4, 0.6), "Bo shines": (0.55, 0.45)}), [case]
    )
    assert [steady.passed, wrong.passed, flip.passed] == [True, True, False]
    assert flip.change == pytest.approx(-0.15)


@pytest.mark.parametrize(
    ("after", "passed"), [((0.29, 0.71), True), ((0.3, 0.7), False), ((0.4, 0.6), False)]
)
def test_direction_wants_the_expected_labels_probability_to_rise(
    after: tuple[float, float], passed: bool
) -> None:
    case = Case(DIRECTION, "intensifier", "d1", "good", "very good", "positive")
    (result,) = behaviour.run_cases(TableScorer({"good": (0.3, 0.7), "very good": after}), [case])
    assert result.passed is passed


def test_expected_names_are_matched_to_the_checkpoints_whatever_their_case() -> None:
    case = Case(MINIMUM, "negation", "n1", "not bad", "", "positive")
    (result,) = behaviour.run_cases(
        TableScorer({"not bad": (0.9, 0.1)}, ("Positive", "NEGATIVE")), [case]
    )
    assert result.passed


def test_checkpoint_with_other_labels_is_told_what_the_cases_expect() -> None:
    with pytest.raises(
        DataError, match="expect the labels negative, positive, the checkpoint has ham, spam"
    ):
        behaviour.run_cases(TableScorer(lambda text: (0.5, 0.5), ("ham", "spam")), CASES)


def test_case_that_cannot_be_scored_is_an_error() -> None:
    case = Case(MINIMUM, "negation", "n1", "not bad", "", "positive")
    with pytest.raises(DataError, match="every behaviour case to be scored"):
        behaviour.run_cases(TableScorer({"not bad": None}), [case])


def test_summary_counts_by_kind_and_capability_and_keeps_the_failures() -> None:
    cases = [
        Case(MINIMUM, "negation", "n1", "not bad", "", "positive"),
        Case(MINIMUM, "negation", "n2", "not good", "", "negative"),
        Case(DIRECTION, "intensifier", "d1", "not good", "not good at all", "negative"),
    ]
    table = {"not bad": (0.7, 0.3), "not good": (0.6, 0.4), "not good at all": (0.9, 0.1)}
    summary = behaviour.summarise(behaviour.run_cases(TableScorer(table), cases))
    assert (summary["cases"], summary["passed"]) == (3, 2)
    assert summary["kinds"][MINIMUM]["capabilities"]["negation"]["passed"] == 1
    assert summary["kinds"][DIRECTION]["mean_probability_change"] == pytest.approx(0.3)
    assert [failure["id"] for failure in summary["failures"]] == ["n1"]
    assert "| **all**" in behaviour.render(summary)


HEADER = "kind,capability,id,text,changed,expected\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("kind,text\n", "expected the columns kind, capability"),
        (HEADER + "riddle,x,1,text,,positive\n", "found the kind 'riddle'"),
        (HEADER + "invariance,x,1,text,,positive\n", "case '1': expected"),
        (HEADER + "minimum functionality,x,1,text,other,positive\n", "case '1': expected"),
        (HEADER + "minimum functionality,x,1,text,,positive\n" * 2, "found an id twice"),
    ],
)
def test_unfit_cases_are_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "cases.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        behaviour.read_cases(tmp_path)


def test_folder_without_cases_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected CSV files of behaviour cases, found none"):
        behaviour.read_cases(tmp_path)
