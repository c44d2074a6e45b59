"""Put the predictor's answers beside the rows: the columns that are added, and their counts."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from bulk.chunks import Rows
from bulk.errors import RowError
from bulk.json_rows import JSON
from contract.answer import Prediction
from contract.errors import ReviewError

RowAnswer = Prediction | RowError
_NOT_UTF8: Final = RowError("invalid_text", "Expected text in UTF-8, found other bytes.")


@dataclass(frozen=True)
class Columns:
    """Names of the columns that are added, for a checkpoint's labels."""

    labels: tuple[str, ...]
    prefix: str = ""

    @property
    def probabilities(self) -> dict[str, str]:
        """Name of each label's column."""
        return {label: f"{self.prefix}probability_{label}" for label in self.labels}

    def name(self, field_name: str) -> str:
        """Return the column of one of an answer's fields."""
        return self.prefix + field_name

    @property
    def names(self) -> list[str]:
        """All names in their order."""
        before = [self.name(each) for each in ("label", "confidence")]
        after = [self.name(each) for each in ("certain", "truncated", "error", "model_version")]
        return [*before, *self.probabilities.values(), *after]


@dataclass(frozen=True)
class Tally:
    """What one part holds: rows, rows per label, errors per code, verdicts that are not certain.

    `share` of its file, 0 to 1, has been read by its end.
    """

    file: int
    number: int
    rows: int
    labels: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    unsure: int = 0
    truncated: int = 0
    share: float = 1.0


def read_texts(rows: Rows, text_column: str) -> tuple[list[object], dict[int, RowError]]:
    """Return each row's review as a Python object, and what is wrong with rows already."""
    column = rows.table[text_column]
    if column.type == JSON:
        values = column.cast(pa.string()).to_pylist()
        return [None if value is None else json.loads(value) for value in values], rows.errors
    try:
        return column.to_pylist(), rows.errors
    except UnicodeDecodeError:
        values = column.cast(pa.binary()).to_pylist()
        broken = {place: _NOT_UTF8 for place, value in enumerate(values) if not _is_utf8(value)}
        known = enumerate(values)
        return [None if at in broken else _text(each) for at, each in known], rows.errors | broken


def _is_utf8(value: bytes | None) -> bool:
    try:
        return value is None or bool(value.decode()) or True
    except UnicodeDecodeError:
        return False


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def row_answers(
    answers: Sequence[Prediction | ReviewError], errors: dict[int, RowError]
) -> list[RowAnswer]:
    """Return one answer per row; what was wrong with a row when it was read comes first."""
    return [
        errors.get(place)
        or (RowError(each.code, each.message) if isinstance(each, ReviewError) else each)
        for place, each in enumerate(answers)
    ]


def add_verdicts(
    table: pa.Table, answers: Sequence[RowAnswer], columns: Columns, version: str
) -> pa.Table:
    """Return the table with the answers' columns behind its own; null where a row has an error."""
    predictions = [each if isinstance(each, Prediction) else None for each in answers]
    errors = [str(each) if isinstance(each, RowError) else None for each in answers]
    added = {
        columns.name("label"): _column(predictions, "label", pa.string()),
        columns.name("confidence"): _column(predictions, "confidence", pa.float64()),
        **{
            name: pa.array([p and p.probabilities[label] for p in predictions], pa.float64())
            for label, name in columns.probabilities.items()
        },
        columns.name("certain"): _column(predictions, "certain", pa.bool_()),
        columns.name("truncated"): _column(predictions, "truncated", pa.bool_()),
        columns.name("error"): pa.array(errors, pa.string()),
        columns.name("model_version"): pa.array([version] * len(answers), pa.string()),
    }
    for name, values in added.items():
        table = table.append_column(name, values)
    return table


def _column(predictions: Sequence[Prediction | None], name: str, kind: pa.DataType) -> pa.Array:
    return pa.array([p and getattr(p, name) for p in predictions], kind)


def tally(file: int, number: int, table: pa.Table, columns: Columns, share: float = 1.0) -> Tally:
    """Count what a part holds, from its columns alone: the same for new parts and old ones."""

    def values(name: str) -> Counter[str]:
        counts = Counter(table[columns.name(name)].cast(pa.string()).to_pylist())
        return Counter({value: count for value, count in counts.items() if value})

    codes: Counter[str] = Counter()
    for error, count in values("error").items():
        codes[error.partition(":")[0]] += count
    return Tally(
        file,
        number,
        table.num_rows,
        dict(values("label")),
        dict(codes),
        unsure=values("certain")["false"],
        truncated=values("truncated")["true"],
        share=share,
    )
