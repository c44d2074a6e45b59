"""What a report of a wrong verdict must look like."""

from dataclasses import dataclass
from typing import Any, Final

from contract.checks import check_review, json_type
from contract.errors import ReviewError
from contract.request import decode_json

FIELDS: Final = ("review", "given", "right", "model_version", "consent")
_MAX_NAME: Final = 100  # characters of a label or a version
_SHOWN: Final = 40  # characters that a message repeats of an unfit field's name


@dataclass(frozen=True)
class Report:
    """A review, the label it was given, the one it should have got, and by which model."""

    review: str
    given: str
    right: str
    model_version: str


def parse_report(body: bytes) -> Report:
    """Read a report that its sender agrees to have stored; raises ReviewError."""
    content = decode_json(body)
    if not isinstance(content, dict):
        raise ReviewError(
            "wrong_type", f"Expected a JSON object, found {json_type(content)}; see /docs."
        )
    _check_fields(content)
    if content["consent"] is not True:
        raise ReviewError(
            "no_consent",
            "Expected `consent` to be true, which allows to store the review, found "
            f"{json_type(content['consent'])}; ask whoever wrote it.",
        )
    review = check_review(content["review"])
    return Report(review, *(_name(content, name) for name in ("given", "right", "model_version")))


def check_labels(report: Report, labels: list[str]) -> None:
    """Raise ReviewError if a label is not the model's or nothing is wrong with the verdict."""
    for label in (report.given, report.right):
        if label not in labels:
            raise ReviewError(
                "unknown_label",
                f"Expected one of the labels {', '.join(labels)}, found {label[:_SHOWN]!r}.",
            )
    if report.given == report.right:
        raise ReviewError(
            "same_label",
            f"Expected another label in `right` than in `given`, found {report.right!r} in both.",
        )


def _check_fields(content: dict[str, Any]) -> None:
    unknown = [name for name in content if name not in FIELDS]
    if unknown:
        raise ReviewError(
            "unknown_field",
            f"Expected only {', '.join(FIELDS)}, found also {unknown[0][:_SHOWN]!r}; remove it.",
        )
    missing = [name for name in FIELDS if name not in content]
    if "consent" in missing:
        raise ReviewError(
            "no_consent",
            "Expected `consent` to be true, which allows to store the review, found none.",
        )
    if missing:
        raise ReviewError(
            "missing_field", f"Expected {', '.join(FIELDS)}, found no {', '.join(missing)}."
        )


def _name(content: dict[str, Any], field: str) -> str:
    value = content[field]
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_NAME:
        raise ReviewError(
            "wrong_type",
            f"Expected `{field}` as a string of 1 to {_MAX_NAME} characters, found "
            f"{json_type(value) if not isinstance(value, str) else f'{len(value):,} of them'}.",
        )
    return value
