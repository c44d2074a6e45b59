"""The behaviour suite: short cases that ask for one ability each (Ribeiro et al. 2020, CheckList).

Five kinds: *minimum functionality* wants the expected label for `text`; *invariance* wants the
same label for `text` and `changed`; *direction* wants `changed` to raise the probability of the
expected label; *fairness* wants no other label for `changed`, in which only a person's identity is
another, unless neither verdict is certain; *uncertain* wants a verdict that is not certain. All are
written by hand for this project, and nothing is trained on them.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from contract.answer import Prediction
from contract.errors import ReviewError
from training.data.readers import DataError
from training.evaluation.report import Metrics, markdown_table
from training.evaluation.scoring import Scorer, probability_matrix

CASES: Final = Path(__file__).with_name("behaviour")
MINIMUM, INVARIANCE, DIRECTION, FAIRNESS, UNCERTAIN = KINDS = (
    "minimum functionality", "invariance", "direction", "fairness", "uncertain",
)  # fmt: skip
# Kinds of one text, and kinds without an expected label.
_SINGLE: Final = (MINIMUM, UNCERTAIN)
_UNLABELLED: Final = (FAIRNESS, UNCERTAIN)
COLUMNS: Final = ("kind", "capability", "id", "text", "changed", "expected")


@dataclass(frozen=True)
class Case:
    """One question to the model; `changed` is empty for minimum functionality."""

    kind: str
    capability: str
    id: str
    text: str
    changed: str
    expected: str


@dataclass(frozen=True)
class CaseResult:
    """The answer to the (changed) text: label, probability of the expected one, and its move.

    Where no label is expected, the one of the unchanged text stands in its place.
    """

    case: Case
    passed: bool
    prediction: str
    probability: float
    change: float | None


def read_cases(directory: Path = CASES) -> list[Case]:
    """Read every CSV of cases in a folder; raises DataError."""
    paths = sorted(directory.glob("*.csv"))
    if not paths:
        raise DataError(f"{directory}: expected CSV files of behaviour cases, found none.")
    cases = [case for path in paths for case in _read_file(path)]
    if len({case.id for case in cases}) < len(cases):
        raise DataError(
            f"{directory}: expected every case to have an id of its own, found an id twice."
        )
    return sorted(cases, key=lambda case: KINDS.index(case.kind))


def _read_file(path: Path) -> list[Case]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DataError(
                f"{path}: expected the columns {', '.join(COLUMNS)}, found {reader.fieldnames}."
            )
        cases = [Case(**row) for row in reader]
    for case in cases:
        if case.kind not in KINDS or not case.text or bool(case.changed) == (case.kind in _SINGLE):
            raise DataError(
                f"{path}, case {case.id!r}: expected one of the kinds {', '.join(KINDS)} and a "
                f"changed text for all but {' and '.join(_SINGLE)}, found the kind {case.kind!r}."
            )
    return cases


def match_labels(cases: Sequence[Case], labels: Sequence[str]) -> dict[str, str]:
    """Map the labels that the cases expect to the checkpoint's, in any case; raises DataError."""
    known = {label.casefold(): label for label in labels}
    expected = sorted({case.expected for case in cases if case.kind not in _UNLABELLED})
    if any(label.casefold() not in known for label in expected):
        raise DataError(
            f"the behaviour cases expect the labels {', '.join(expected)}, the checkpoint has "
            f"{', '.join(labels)}; leave --behaviour out, or name a folder of cases for these "
            "labels."
        )
    return {label: known[label.casefold()] for label in expected}


def texts_of(cases: Sequence[Case]) -> list[str]:
    """Return every text of the cases once, changed ones included."""
    return list(dict.fromkeys(text for case in cases for text in (case.text, case.changed) if text))


def run_cases(scorer: Scorer, cases: Sequence[Case]) -> list[CaseResult]:
    """Ask every case; raises DataError if the labels do not fit or a text cannot be scored."""
    matched = match_labels(cases, scorer.labels)
    texts = texts_of(cases)
    answers_of: dict[str, Prediction] = {}
    for text, answer in zip(texts, scorer.predict(texts), strict=True):
        if isinstance(answer, ReviewError):
            raise DataError(
                f"expected every behaviour case to be scored, found {answer} for {text!r}."
            )
        answers_of[text] = answer
    probability_matrix(list(answers_of.values()), scorer.labels)  # raises if one is not a number
    return [_result_of(case, matched.get(case.expected, ""), answers_of) for case in cases]


def _result_of(case: Case, expected: str, answers_of: Mapping[str, Prediction]) -> CaseResult:
    before, after = answers_of[case.text], answers_of[case.changed or case.text]
    named = expected or before.label
    change = after.probabilities[named] - before.probabilities[named] if case.changed else None
    passed = {
        MINIMUM: after.label == expected,
        INVARIANCE: after.label == before.label,
        DIRECTION: change is not None and change > 0,
        FAIRNESS: after.label == before.label or not (before.certain or after.certain),
        UNCERTAIN: not after.certain,
    }[case.kind]
    return CaseResult(case, passed, after.label, after.probabilities[named], change)


def summarise(results: Sequence[CaseResult]) -> Metrics:
    """Content of behaviour.json: counts by kind and capability, and every failed case."""
    return {
        **_count(results),
        "kinds": {
            kind: {
                **_count(of_kind),
                "capabilities": {
                    name: _count([each for each in of_kind if each.case.capability == name])
                    for name in dict.fromkeys(each.case.capability for each in of_kind)
                },
            }
            for kind in KINDS
            if (of_kind := [each for each in results if each.case.kind == kind])
        },
        "failures": [
            {
                **asdict(each.case),
                "prediction": each.prediction,
                "probability": each.probability,
                "change": each.change,
            }
            for each in results
            if not each.passed
        ],
    }


def _count(results: Sequence[CaseResult]) -> Metrics:
    changes = [abs(each.change) for each in results if each.change is not None]
    return {
        "cases": len(results),
        "passed": sum(each.passed for each in results),
        "mean_probability_change": float(np.mean(changes)) if changes else None,
    }


def render(summary: Metrics) -> str:
    """The counts as a Markdown table: one row per kind, then its capabilities."""
    rows = []
    for kind, of_kind in summary["kinds"].items():
        rows.append(_row(f"**{kind}**", of_kind))
        rows += [_row(capability, counts) for capability, counts in of_kind["capabilities"].items()]
    rows.append(_row("**all**", {**summary, "mean_probability_change": None}))
    return markdown_table(
        ("kind and capability", "passed", "cases", "share", "mean change in p"), rows
    )


def _row(name: str, counts: Metrics) -> tuple[str, ...]:
    change = counts["mean_probability_change"]
    share = f"{counts['passed'] / counts['cases']:.0%}"
    return (
        name,
        str(counts["passed"]),
        str(counts["cases"]),
        share,
        "" if change is None else f"{change:.3f}",
    )
