"""Sentences end where a reader says they do, and stand where they were sent."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.sentences import split_sentences

SENTENCES = {
    "I loved it. Every minute.": ["I loved it.", "Every minute."],
    "no capitals here. none at all": ["no capitals here.", "none at all"],
    "Mr. Hollis plays it, i.e. badly. Good.": ["Mr. Hollis plays it, i.e. badly.", "Good."],
    "I gave it 7.5/10. Avoid.": ["I gave it 7.5/10.", "Avoid."],
    "One line<br /><br />another": ["One line", "another"],
    "Good<br>Bad": ["Good", "Bad"],
    "wrapped\nby hand. Second.": ["wrapped\nby hand.", "Second."],
    "Pros:\n- music\n- light": ["Pros:", "- music", "- light"],
    "a blank\n\nline": ["a blank", "line"],
    "It <i>is.</i> Really &amp; truly.": ["It <i>is.", "Really &amp; truly."],
    "Great 😍!!! ...": ["Great 😍!!! ..."],
    "😍": ["😍"],
    "...": [],
    "": [],
}


@pytest.mark.parametrize(("review", "sentences"), SENTENCES.items())
def test_sentences_of_the_text_as_sent(review: str, sentences: list[str]) -> None:
    assert [review[start:end] for start, end in split_sentences(review)] == sentences


@given(
    st.lists(
        st.one_of(
            st.text(max_size=6),
            st.sampled_from((". ", "Mr. ", "<br />", "\n\n", "&amp;", "! ", "1. ", "a b", "</i>")),
        ),
        max_size=15,
    ).map("".join)
)
def test_sentences_are_in_order_and_apart_for_any_text(review: str) -> None:
    bounds = [bound for span in split_sentences(review) for bound in span]
    assert bounds == sorted(bounds)
    assert all(0 <= bound <= len(review) for bound in bounds)


@pytest.mark.parametrize("sign", ["A. ", "1. x ", ". . ", "Mr. X ", "!?", "(", "<br />"])
def test_a_text_of_signs_ends(sign: str) -> None:
    assert len(split_sentences(sign * (50_000 // len(sign)))) <= 50_000


def test_most_reviews_cut_by_hand_are_cut_the_same_way() -> None:
    lines = Path("benchmarks/sentence_cases.txt").read_text("utf-8").splitlines()
    cases = [line.split("|") for line in lines if not line.startswith("#")]
    found = [
        [text[start:end] for start, end in split_sentences(text)] == case
        for case in cases
        for text in [" ".join(case)]
    ]
    assert sum(found) >= 0.8 * len(cases)
