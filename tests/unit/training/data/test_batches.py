"""Batches fit a token budget, use every text once per epoch, and depend on their number alone."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.checkpoint import Truncation
from handler.cleaning import clean_plain
from handler.encoding import Encoder, truncate
from tests.unit.conftest import make_settings, make_tokenizer
from training.data.batches import Batches, kept_positions, padded, stack
from training.data.corpus import encode_corpus
from training.data.inputs import Inputs
from training.data.readers import DataError

LENGTHS = np.random.default_rng(0).integers(3, 120, 9_000)
IDS = {"bos_token_id": 0, "eos_token_id": 2}


def test_every_text_once_per_epoch_within_the_budget() -> None:
    batches = Batches(LENGTHS, tokens=512, seed=1)
    drawn = [batches[number] for number in range(batches.per_epoch)]
    assert sorted(np.concatenate(drawn).tolist()) == list(range(len(LENGTHS)))
    assert max(len(batch) * padded(LENGTHS[batch].max()) for batch in drawn) <= 512


def test_lengths_within_a_batch_are_similar_but_batches_are_not_in_order() -> None:
    batches = Batches(LENGTHS, tokens=2048, seed=1)
    drawn = [LENGTHS[batches[number]] for number in range(batches.per_epoch)]
    wasted = 1 - LENGTHS.sum() / sum(len(batch) * padded(batch.max()) for batch in drawn)
    assert wasted < 0.1
    assert np.abs(np.diff([batch.mean() for batch in drawn])).mean() > 20


def test_a_batch_depends_on_its_number_and_the_seed_alone() -> None:
    one, other = (Batches(LENGTHS, tokens=512, seed=1) for _ in range(2))
    last = 2 * one.per_epoch + 5
    straight = [one[number] for number in range(last + 1)]
    assert np.array_equal(other[last], straight[last])
    assert np.array_equal(other[3], straight[3])
    assert not np.array_equal(Batches(LENGTHS, tokens=512, seed=2)[3], straight[3])
    assert not np.array_equal(straight[3 + one.per_epoch], straight[3])


def test_budget_below_the_longest_text_is_refused() -> None:
    with pytest.raises(DataError, match=r"longest text \(119 tokens\), found 100"):
        Batches(LENGTHS, tokens=100, seed=1)


@given(st.lists(st.integers(2, 60), min_size=1, max_size=40), st.integers(64, 300))
def test_any_lengths_make_batches_that_hold_the_budget_and_every_text_once(
    lengths: list[int], tokens: int
) -> None:
    sizes = np.array(lengths)
    batches = Batches(sizes, tokens, seed=1)
    drawn = [batches[number] for number in range(batches.per_epoch)]
    assert sorted(np.concatenate(drawn).tolist()) == list(range(len(lengths)))
    assert all(len(batch) * padded(int(sizes[batch].max())) <= tokens for batch in drawn)


def test_stack_fills_up_at_the_end() -> None:
    rows = [np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])]
    assert stack(rows, 0.0, 3).tolist() == [[[1, 2], [0, 0], [0, 0]], [[3, 4], [5, 6], [0, 0]]]


@given(st.integers(0, 600), st.integers(1, 510), st.sampled_from(("head", "head_tail")))
def test_kept_positions_follow_the_rule_that_serving_uses(
    length: int, room: int, truncation: Truncation
) -> None:
    kept = kept_positions(length, room, truncation)
    assert kept.tolist() == truncate(list(range(length)), room, truncation)


@pytest.mark.parametrize("truncation", ["head", "head_tail"])
def test_training_sees_the_token_ids_that_serving_makes(tmp_path: Path, truncation: str) -> None:
    texts = ["Good.", "Not bad<br /><br />at all, " * 5, "x" * 62, ""]
    settings = make_settings(truncation=truncation, encoder=IDS)
    corpus = encode_corpus(texts, clean_plain, make_tokenizer(), tmp_path)
    inputs = Inputs(corpus, settings)
    served = Encoder(make_tokenizer(), settings).encode(texts)
    batch = inputs.batch(range(4))
    assert inputs.lengths.tolist() == [encoded.tokens for encoded in served] == [7, 64, 64, 2]
    for row, mask, encoded in zip(batch["input_ids"], batch["attention_mask"], served, strict=True):
        assert row[: encoded.tokens].tolist() == encoded.ids
        assert set(row[encoded.tokens :].tolist()) <= {settings.encoder["pad_token_id"]}
        assert mask.sum() == encoded.tokens
