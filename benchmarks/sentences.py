"""Compare sentence splitters on reviews that were cut by hand: `python -m benchmarks.sentences`.

Those that are not installed are left out; `benchmarks/peers-requirements.txt` lists them.
"""

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

CASES: Final = Path(__file__).with_name("sentence_cases.txt")
Splitter = Callable[[str], list[str]]


def main() -> None:
    """Print one line per splitter."""
    cases = read_cases()
    print("| splitter | reviews cut alike | precision | recall | F1 | ms for each review |")
    print("|---|---|---|---|---|---|")
    for name, split in splitters().items():
        print(f"| {name} | {_row(cases, split)} |")


def read_cases() -> list[list[str]]:
    """Return the reviews, each as the list of its sentences."""
    lines = CASES.read_text("utf-8").splitlines()
    return [line.split("|") for line in lines if line and not line.startswith("#")]


def splitters() -> Mapping[str, Splitter]:
    """Return every splitter that is installed, by name."""
    makers: dict[str, Callable[[], Splitter]] = {
        "segtok": _segtok,
        "syntok": _syntok,
        "pysbd": _pysbd,
        "blingfire": _blingfire,
    }
    found = {}
    for name, make in makers.items():
        try:
            found[name] = make()
        except ModuleNotFoundError:
            print(f"{name}: not installed, left out")
    return found


def ends(sentences: list[str]) -> set[int]:
    """Return where sentences end, the last one aside, in characters that are no white space."""
    lengths = [len("".join(sentence.split())) for sentence in sentences]
    return {sum(lengths[: count + 1]) for count in range(len(lengths) - 1)}


def _row(cases: list[list[str]], split: Splitter) -> str:
    right = found = expected = alike = 0
    start = time.perf_counter()
    for case in cases:
        mine, theirs = ends(case), ends(split(" ".join(case)))
        right, found, expected = (
            right + len(mine & theirs),
            found + len(theirs),
            expected + len(mine),
        )
        alike += mine == theirs
    milliseconds = (time.perf_counter() - start) * 1e3 / len(cases)
    precision, recall = right / found, right / expected
    f1 = 2 * precision * recall / (precision + recall)
    return (
        f"{alike} of {len(cases)} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {milliseconds:.2f}"
    )


def _segtok() -> Splitter:
    split = import_module("segtok.segmenter").split_multi
    return lambda text: list(split(text))


def _syntok() -> Splitter:
    analyze = import_module("syntok.segmenter").analyze
    return lambda text: [
        "".join(token.spacing + token.value for token in sentence)
        for paragraph in analyze(text)
        for sentence in paragraph
    ]


def _pysbd() -> Splitter:
    split: Splitter = import_module("pysbd").Segmenter(language="en", clean=False).segment
    return split


def _blingfire() -> Splitter:
    split = import_module("blingfire").text_to_sentences
    return lambda text: str(split(text)).split("\n")


if __name__ == "__main__":
    main()
