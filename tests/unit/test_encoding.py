"""Reviews become token ids, framed and cut to length by the checkpoint's rule."""

import pytest

from handler.checkpoint import Truncation
from handler.encoding import Encoder, truncate
from tests.unit.conftest import make_settings, make_tokenizer


def encoder(**changes: object) -> Encoder:
    return Encoder(make_tokenizer(), make_settings(**changes))


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
    plain, seed = (encoder(cleaning=profile).encode([review])[0] for profile in ("plain", "seed"))
    assert plain.tokens == len("This was not good") + 2
    assert seed.ids == encoder().encode(["this good"])[0].ids
