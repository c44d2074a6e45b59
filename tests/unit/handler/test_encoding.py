"""Reviews become token ids, framed and cut to length by the checkpoint's rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.checkpoint import Truncation
from handler.encoding import Encoder, truncate
from tests.unit.conftest import make_settings, make_tokenizer

TOKENIZER = make_tokenizer()


def encoder(**changes: object) -> Encoder:
    return Encoder(TOKENIZER, make_settings(**changes))


@pytest.mark.parametrize(
    ("truncation", "kept"),
    [("head", [0, 1, 2, 3, 4, 5, 6, 7]), ("head_tail", [0, 1, 14, 15, 16, 17, 18, 19])],
)
def test_truncation_keeps_the_head_or_a_quarter_of_it_and_the_tail(
    truncation: Truncation, kept: list[int]
) -> None:
    assert truncate(list(range(20)), 8, truncation) == kept


@pytest.mark.parametrize("truncation", ["head", "head_tail"])
def test_what_fits_is_left_alone(truncation: Truncation) -> None:
    assert truncate(list(range(8)), 8, truncation) == list(range(8))


def test_head_and_tail_of_512_tokens_are_127_and_383_pieces() -> None:
    kept = truncate(list(range(600)), 510, "head_tail")
    assert kept == [*range(127), *range(600 - 383, 600)]


@given(st.lists(st.integers()), st.integers(1, 60), st.sampled_from(("head", "head_tail")))
def test_truncation_fills_the_room_with_a_beginning_and_an_end(
    pieces: list[int], room: int, truncation: Truncation
) -> None:
    kept = truncate(pieces, room, truncation)
    assert len(kept) == min(len(pieces), room)
    head = room // 4 if truncation == "head_tail" and len(pieces) > room else len(kept)
    assert kept[:head] == pieces[:head]
    assert kept[head:] == pieces[len(pieces) - len(kept) + head :]


@given(st.lists(st.text(max_size=100), max_size=6), st.integers(4, 40))
def test_any_reviews_are_framed_and_cut_each_as_if_alone(reviews: list[str], length: int) -> None:
    together = encoder(max_length=length).encode(reviews)
    whole = encoder(max_length=10_000).encode(reviews)
    for review, cut, uncut in zip(reviews, together, whole, strict=True):
        assert encoder(max_length=length).encode([review]) == [cut]
        assert (cut.ids[0], cut.ids[-1]) == (0, 2)
        assert cut.tokens == min(uncut.tokens, length)
        assert cut.truncated == (uncut.tokens > length)


def test_special_tokens_frame_the_pieces_and_count() -> None:
    encoded = encoder().encode(["Good."])[0]
    assert encoded.ids[0] == 0
    assert encoded.ids[-1] == 2
    assert encoded.tokens == len("Good.") + 2
    assert not encoded.truncated


@pytest.mark.parametrize(("length", "truncated"), [(62, False), (63, True), (5_000, True)])
def test_cut_reviews_say_so_and_fill_the_room(length: int, truncated: bool) -> None:
    encoded = encoder().encode(["x" * length])[0]
    assert (encoded.tokens, encoded.truncated) == (64, truncated)


def test_order_is_kept_and_neighbours_do_not_matter() -> None:
    reviews = ["one", "a much longer review " * 9, "", "two"]
    together = encoder().encode(reviews)
    assert together == [encoder().encode([review])[0] for review in reviews]
    assert together[2].tokens == 2


def test_reviews_are_cleaned_by_the_checkpoints_profile() -> None:
    review = "This was not good"
    plain, seed = (
        encoder(cleaning=profile).encode([review])[0] for profile in ("plain", "tutorial")
    )
    assert plain.tokens == len("This was not good") + 2
    assert seed.ids == encoder().encode(["this good"])[0].ids
