"""Where in the text as sent a cleaned character comes from: cleaning with a map of offsets."""

from collections.abc import Iterable
from dataclasses import dataclass

from handler.cleaning import Step

Span = tuple[int, int]


@dataclass(frozen=True)
class Traced:
    """A text and, for each of its characters, the span of the text as sent that it stands for.

    Offsets count Unicode code points. Spans never go back: `starts` and `ends` are sorted.
    """

    text: str
    starts: list[int]
    ends: list[int]

    def span(self, start: int, end: int) -> Span:
        """Return the span as sent of the characters from `start` to `end`, at least one."""
        return self.starts[start], self.ends[end - 1]


def trace(text: str, steps: Iterable[Step]) -> Traced:
    """Clean a text step by step and keep track of where every character comes from."""
    traced = Traced(text, list(range(len(text))), list(range(1, len(text) + 1)))
    for step in steps:
        traced = _apply(step, traced)
    return traced


def _apply(step: Step, traced: Traced) -> Traced:
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for match in step.pattern.finditer(traced.text):
        text = step.replacement
        new = match.expand(text) if isinstance(text, str) else text(match)
        parts += (traced.text[done : match.start()], new)
        starts += traced.starts[done : match.start()]
        ends += traced.ends[done : match.start()]
        # What is put in stands for all that it replaces.
        start, end = traced.span(*match.span())
        starts += [start] * len(new)
        ends += [end] * len(new)
        done = match.end()
    return Traced(
        "".join([*parts, traced.text[done:]]),
        starts + traced.starts[done:],
        ends + traced.ends[done:],
    )
