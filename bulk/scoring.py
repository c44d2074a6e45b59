"""Score chunks and write their parts: the step that one process and several share."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from bulk.chunks import Chunk, FileEnd
from bulk.errors import RowError
from bulk.formats import Encoding
from bulk.parts import part_place, read_part, write_part
from bulk.places import Place
from bulk.verdicts import Columns, RowAnswer, Tally, add_verdicts, read_texts, row_answers, tally
from contract.answer import Prediction
from contract.errors import ReviewError

Answers = list[Prediction | ReviewError]
Turn = AbstractContextManager[Any]


class Scorer(Protocol):
    """What scores reviews: the service's predictor, or a stand-in."""

    def predict(self, reviews: Sequence[object]) -> Answers:
        """Score reviews in order; one that cannot be scored gives an error in its place."""
        ...

    def predict_stream(self, groups: Iterable[Sequence[object]]) -> Iterator[Answers]:
        """Score group after group; the next one is drawn and encoded while one is scored."""
        ...


@dataclass(frozen=True)
class Output:
    """Where the parts go and what they look like."""

    target: Place
    encoding: Encoding
    text_column: str
    columns: Columns
    version: str


def score_chunk(scorer: Scorer, chunk: Chunk, output: Output, turn: Turn | None = None) -> Tally:
    """Score one chunk and write its part; of several threads, the one whose turn it is scores."""
    texts, errors = read_texts(chunk.rows, output.text_column)
    with turn or nullcontext():
        answers = scorer.predict(texts)
    return _write(chunk, row_answers(answers, errors), output)


def score_stream(
    scorer: Scorer, events: Iterable[Chunk | FileEnd], output: Output
) -> Iterator[Tally | FileEnd]:
    """Score chunk after chunk and yield the tally of each part that has been written.

    Three things go on at once: the next chunk is read and tokenized, one is scored, the last one
    is written.
    """
    waiting: deque[FileEnd | tuple[Chunk, dict[int, RowError]]] = deque()
    written: Future[Tally] | None = None
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="write") as writer:
        for answers in scorer.predict_stream(_texts(events, output.text_column, waiting)):
            while isinstance(event := waiting.popleft(), FileEnd):
                yield event
            chunk, errors = event
            last = written
            written = writer.submit(_write, chunk, row_answers(answers, errors), output)
            if last:
                yield last.result()
        if written:
            yield written.result()
    yield from (event for event in waiting if isinstance(event, FileEnd))


def tally_part(place: Place, file: int, number: int, output: Output) -> Tally:
    """Count what a part holds that is there already."""
    names = [output.columns.name(name) for name in ("label", "certain", "truncated", "error")]
    return tally(file, number, read_part(place, names), output.columns)


def _texts(
    events: Iterable[Chunk | FileEnd],
    text_column: str,
    waiting: deque[FileEnd | tuple[Chunk, dict[int, RowError]]],
) -> Iterator[list[object]]:
    """Yield the reviews of each chunk; what their answers will be put beside waits in order."""
    for event in events:
        if isinstance(event, FileEnd):
            waiting.append(event)
            continue
        texts, errors = read_texts(event.rows, text_column)
        waiting.append((event, errors))
        yield texts


def _write(chunk: Chunk, answers: Sequence[RowAnswer], output: Output) -> Tally:
    table = add_verdicts(chunk.rows.table, answers, output.columns, output.version)
    write_part(part_place(output.target, chunk, output.encoding), table, output.encoding)
    return tally(chunk.file, chunk.number, table, output.columns, chunk.rows.share)
