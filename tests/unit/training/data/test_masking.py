"""Masking: whole words and nothing but words, at the scheduled rate, by number reproducible."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from tokenizers import Tokenizer

from handler.checkpoint import Settings
from handler.cleaning import clean_plain
from tests.unit.conftest import make_settings
from training.data.corpus import encode_corpus
from training.data.curriculum import Plan, curriculum, held_out_batches
from training.data.masking import Vocabulary, mask_rate, mask_words, read_vocabulary
from training.data.tokenizer import fit_tokenizer

TEXTS = [
    f"The acting wasn't unwatchable, only wooden: {number} out of 10 for the cast's good will!"
    for number in range(80)
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return fit_tokenizer(TEXTS, 300)  # few merges, so that most words are several pieces


@pytest.fixture(scope="module")
def vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    return read_vocabulary(tokenizer)


@pytest.fixture(scope="module")
def tokens(tokenizer: Tokenizer) -> NDArray[np.int64]:
    """Rows that begin in the middle of a text, as packed rows do."""
    stream = [piece for text in TEXTS for piece in tokenizer.encode(text).ids[1:]]
    return np.array(stream[: len(stream) // 64 * 64], dtype=np.int64).reshape(-1, 64)


@pytest.fixture
def settings(tokenizer: Tokenizer) -> Settings:
    size = {"vocab_size": tokenizer.get_vocab_size()}
    return make_settings(encoder={"bos_token_id": 0, "eos_token_id": 2, **size})


def plan(**changes: object) -> Plan:
    defaults = {
        "steps": 10, "short_share": 0.8, "short": 16, "long": 64, "batch_tokens": 256,
        "batches_per_step": 2, "always_mask": False, "seed": 1,
    }  # fmt: skip
    return Plan(**{**defaults, **changes})  # type: ignore[arg-type]


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_words_are_found_across_pieces(tokenizer: Tokenizer, vocabulary: Vocabulary) -> None:
    text = "unwatchable, don't: 7/10!"
    encoding = tokenizer.encode(text)
    numbers = vocabulary.words(np.array([encoding.ids]))[0]
    words: dict[int, str] = {}
    for number, piece in zip(numbers, encoding.tokens, strict=True):
        words[int(number)] = words.get(int(number), "") + piece.replace("Ġ", "")
    assert words.pop(-1) == "<s></s>"
    assert list(words.values()) == ["unwatchable", ",", "don't", ":", "7", "/", "10", "!"]


def test_a_word_is_chosen_as_a_whole_or_not_at_all(
    tokens: NDArray[np.int64], vocabulary: Vocabulary
) -> None:
    masked = mask_words(tokens, vocabulary, 0.3, generator())
    chosen = np.zeros(tokens.size, dtype=bool)
    chosen[masked.places] = True
    words = vocabulary.words(tokens).ravel()
    several = 0
    for word in np.unique(words[words >= 0]):
        members = chosen[words == word]
        assert members.all() or not members.any()
        several += members.any() and len(members) > 1
    assert several > 50


@pytest.mark.parametrize("rate", [0.15, 0.30])
def test_the_rate_is_the_share_of_the_tokens(
    tokens: NDArray[np.int64], vocabulary: Vocabulary, rate: float
) -> None:
    masked = mask_words(tokens, vocabulary, rate, generator())
    words = (tokens > 4).sum()
    longest = 12
    assert rate * words <= len(masked.places) < rate * words + longest


def test_special_tokens_are_neither_chosen_nor_put_in(
    tokens: NDArray[np.int64], vocabulary: Vocabulary
) -> None:
    masked = mask_words(tokens, vocabulary, 0.9, generator())
    assert tokens.ravel()[masked.places].min() > 4
    changed = masked.tokens[masked.tokens != tokens]
    assert (changed[changed <= 4] == vocabulary.mask_id).all()


def test_of_the_chosen_80_percent_are_hidden_10_swapped_and_10_left(
    tokens: NDArray[np.int64], vocabulary: Vocabulary
) -> None:
    fates = np.zeros(3)
    for seed in range(20):
        masked = mask_words(tokens, vocabulary, 0.3, generator(seed))
        now, before = masked.tokens.ravel()[masked.places], tokens.ravel()[masked.places]
        hidden = now == vocabulary.mask_id
        fates += [hidden.sum(), (~hidden & (now != before)).sum(), (now == before).sum()]
    assert fates / fates.sum() == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


def test_what_is_not_chosen_stays(tokens: NDArray[np.int64], vocabulary: Vocabulary) -> None:
    masked = mask_words(tokens, vocabulary, 0.3, generator())
    unchosen = np.setdiff1d(np.arange(tokens.size), masked.places)
    assert np.array_equal(masked.tokens.ravel()[unchosen], tokens.ravel()[unchosen])


def test_a_generators_input_hides_all_that_is_chosen(
    tokens: NDArray[np.int64], vocabulary: Vocabulary
) -> None:
    masked = mask_words(tokens, vocabulary, 0.3, generator(), always_mask=True)
    assert (masked.tokens.ravel()[masked.places] == vocabulary.mask_id).all()
    assert (masked.tokens == vocabulary.mask_id).sum() == len(masked.places)


# Two special tokens, <mask>, letters, a digit, a mark, and a bare space; some begin with a space.
SMALL = Vocabulary(
    np.array([0, 0, 0, 1, 1, 2, 3, 4], np.uint8), np.array([0, 0, 0, 1, 0, 1, 0, 1], bool), 2
)
ROWS = arrays(
    np.int64, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(0, 7)
)


@given(ROWS, st.floats(0.01, 1), st.integers(0, 2**32), st.booleans())
def test_any_rows_are_masked_by_whole_words_to_the_rate_and_nowhere_else(
    tokens: NDArray[np.int64], rate: float, seed: int, always: bool
) -> None:
    masked = mask_words(tokens, SMALL, rate, generator(seed), always)
    chosen = np.zeros(tokens.shape, dtype=bool)
    chosen.ravel()[masked.places] = True
    words = SMALL.words(tokens)
    sizes = [int((words == word).sum()) for word in np.unique(words[words >= 0])]
    assert all(
        chosen[words == word].all() or not chosen[words == word].any() for word in np.unique(words)
    )
    assert not chosen[words < 0].any()
    assert (masked.tokens[~chosen] == tokens[~chosen]).all()
    assert np.isin(masked.tokens[chosen], [2] if always else [2, 3, 4, 5, 6, 7]).all()
    assert rate * sum(sizes) <= chosen.sum() + 1e-9
    assert chosen.sum() < rate * sum(sizes) + max(sizes, default=1)


def test_rate_falls_from_30_to_15_percent() -> None:
    assert [mask_rate(share) for share in (0, 0.5, 1, 2)] == pytest.approx([0.3, 0.225, 0.15, 0.15])


def test_curriculum_goes_from_short_rows_to_long_ones_and_masks_ever_less(
    tmp_path: Path, tokenizer: Tokenizer, vocabulary: Vocabulary, settings: Settings
) -> None:
    corpus = encode_corpus(TEXTS, clean_plain, tokenizer, tmp_path)
    batches_of = curriculum(corpus, vocabulary, settings, plan())
    batches = [batches_of.batch(number) for number in range(20)]
    shapes = [tuple(batch["input_ids"].shape) for batch in batches]
    assert shapes == [(16, 16)] * 16 + [(4, 64)] * 4
    shares = [len(batch["places"]) / 256 for batch in batches]
    assert np.mean(shares[:3]) > 0.24
    assert np.mean(shares[-3:]) < 0.19
    assert len({batch["input_ids"].numpy().tobytes() for batch in batches}) == 20


def test_batch_is_the_same_whenever_it_is_asked_for(
    tmp_path: Path, tokenizer: Tokenizer, vocabulary: Vocabulary, settings: Settings
) -> None:
    corpus = encode_corpus(TEXTS, clean_plain, tokenizer, tmp_path)
    one, other = (curriculum(corpus, vocabulary, settings, plan()) for _ in range(2))
    for _ in range(7):
        one.batch(3)
    again, fresh = one.batch(9), other.batch(9)
    assert all((again[name] == fresh[name]).all() for name in fresh)


def test_short_share_of_a_short_model_is_all_of_one_length(
    tmp_path: Path, tokenizer: Tokenizer, vocabulary: Vocabulary, settings: Settings
) -> None:
    corpus = encode_corpus(TEXTS, clean_plain, tokenizer, tmp_path)
    batches_of = curriculum(corpus, vocabulary, settings, plan(short=128))
    assert {tuple(batches_of.batch(number)["input_ids"].shape) for number in (0, 19)} == {(4, 64)}


def test_held_out_text_is_masked_once_and_for_all_even_if_there_is_little(
    tmp_path: Path, tokenizer: Tokenizer, vocabulary: Vocabulary, settings: Settings
) -> None:
    corpus = encode_corpus(TEXTS[:1], clean_plain, tokenizer, tmp_path)
    one, other = (held_out_batches(corpus, vocabulary, settings, plan(seed=s)) for s in (1, 2))
    assert len(one) == len(other) == 1
    assert (one[0]["places"] == other[0]["places"]).all()
