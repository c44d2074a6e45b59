"""Whatever cleaning does, every token and word is found again in the text as sent."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from handler.checkpoint import Settings
from handler.cleaning import PROFILES, STEPS
from handler.encoding import Encoder
from handler.offsets import trace
from handler.words import find_words
from tests.unit.conftest import make_settings, make_tokenizer

MARKUP = ("<br />", "<b>", "</i>", "&amp;", "&ampx", "&#128512;", "&nosuch;", " \n\t ", "<3", "İ")
texts = st.lists(st.one_of(st.text(max_size=8), st.sampled_from(MARKUP)), max_size=12).map("".join)


def word_piece_tokenizer() -> Tokenizer:
    """Build a lower-casing WordPiece tokenizer of single letters and digits."""
    signs = string.ascii_lowercase + string.digits + string.punctuation + "é🙂"
    pieces = ["[PAD]", "[UNK]", *signs, *(f"##{sign}" for sign in signs)]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def settings(**changes: object) -> Settings:
    return make_settings(**changes)


ENCODERS = {
    "bytes": Encoder(make_tokenizer(), settings()),
    "words": Encoder(word_piece_tokenizer(), settings()),
    "head": Encoder(make_tokenizer(), settings(truncation="head", max_length=8)),
}


@pytest.mark.parametrize("profile", STEPS)
@given(text=texts)
def test_tracing_cleans_as_the_profile_does_and_spans_never_go_back(
    profile: str, text: str
) -> None:
    traced = trace(text, STEPS[profile])
    assert traced.text == PROFILES[profile](text)
    assert len(traced.text) == len(traced.starts) == len(traced.ends)
    assert traced.starts == sorted(traced.starts)
    assert traced.ends == sorted(traced.ends)
    assert all(
        0 <= start < end <= len(text) for start, end in zip(traced.starts, traced.ends, strict=True)
    )


@given(st.text(alphabet="ab.!é🙂\u0301 "))
def test_what_cleaning_leaves_alone_is_found_where_it_was(text: str) -> None:
    traced = trace(text, STEPS["plain"])
    inked = [index for index, sign in enumerate(traced.text) if sign != " "]
    assert [text[slice(*traced.span(i, i + 1))] for i in inked] == [traced.text[i] for i in inked]


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
@given(text=texts)
def test_tokens_are_those_of_the_predictor(encoder: Encoder, text: str) -> None:
    located = encoder.locate(text)
    assert located.ids == encoder.encode([text])[0].ids
    assert len(located.spans) == len(located.ids)


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
@given(text=texts)
def test_words_are_in_order_apart_and_hold_every_token_once(encoder: Encoder, text: str) -> None:
    located = encoder.locate(text)
    words = find_words(located)
    bounds = [bound for word in words for bound in (word.start, word.end)]
    assert bounds == sorted(bounds)
    assert all(0 <= word.start < word.end <= len(text) for word in words)
    places = [place for word in words for place in word.tokens]
    pieces = [place for place, span in enumerate(located.spans) if span is not None]
    assert places == (pieces if words else [])


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
@given(text=texts)
def test_read_parts_are_all_of_the_text_or_what_was_kept(encoder: Encoder, text: str) -> None:
    read = encoder.locate(text).read
    if encoder.encode([text])[0].truncated:
        assert 1 <= len(read) <= 2
    else:
        assert read == [(0, len(text))]
    assert all(0 <= start <= end <= len(text) for start, end in read)


WORDS = {
    "Not good!": ["Not", "good", "!"],
    "Don't, I can’t.": ["Don't", ",", "I", "can’t", "."],
    "A well-made film... really": ["A", "well-made", "film", "...", "really"],
    "One.<br /><br />Two": ["One", ".", "Two"],
    "a <i>ve</i>ry good": ["a", "ve</i>ry", "good"],
    "Tom &amp; Jerry": ["Tom", "&amp;", "Jerry"],
    "caf\u0065\u0301 time": ["caf\u0065\u0301", "time"],
    "great 👍🏽👩‍🎤!": ["great", "👍🏽👩‍🎤!"],
    "  spaced \n out ": ["spaced", "out"],
    "İstanbul IS": ["İstanbul", "IS"],
    "映画は良い": ["映画は良い"],
}


@pytest.mark.parametrize("encoder", [ENCODERS["bytes"], ENCODERS["words"]], ids=["bytes", "words"])
@pytest.mark.parametrize(("review", "words"), WORDS.items())
def test_words_of_the_text_as_sent(encoder: Encoder, review: str, words: list[str]) -> None:
    found = find_words(encoder.locate(review))
    assert [review[word.start : word.end] for word in found] == words


def test_a_review_that_was_cut_says_which_parts_were_read() -> None:
    review = "".join(chr(ord("a") + index % 26) for index in range(100))
    located = ENCODERS["bytes"].locate(review)
    room = 62
    assert located.read == [(0, room // 4), (100 - (room - room // 4), 100)]
    assert ENCODERS["head"].locate(review).read == [(0, 6)]


def test_a_profile_without_steps_cannot_be_traced() -> None:
    with pytest.raises(LookupError):
        Encoder(make_tokenizer(), settings(cleaning="tutorial")).locate("fine")
