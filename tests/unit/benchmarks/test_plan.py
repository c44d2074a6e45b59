"""How much load is planned, and on which reviews."""

from itertools import pairwise

import numpy as np
import pytest

from benchmarks.answers import differences
from benchmarks.corpus import Corpus, even_places, generate_reviews
from benchmarks.engines import HF_PADDED, OURS
from benchmarks.gemm import highest, operations_per_review
from benchmarks.http_client import model_seconds
from benchmarks.in_process import add_share_of_peak
from benchmarks.models import pad_vocabulary
from benchmarks.open_loop import arrival_times
from benchmarks.plan import CLIENTS, FULL, MOST_REQUESTS, SIZES, bodies, grid, requests_for
from training.data.readers import Review


@pytest.mark.parametrize(
    ("clients", "size", "rate", "seconds", "expected"),
    [
        (1, 1, 100, 3, 300),  # as many as fill the time
        (128, 1, 10, 3, 256),  # every client sends two
        (8, 128, 10, 3, 8),  # or one, where a request is large
        (1, 128, 10, 3, 3),  # and never fewer than three
        (32, 1, 1e6, 3, MOST_REQUESTS),  # bounded
    ],
)
def test_requests_for(clients: int, size: int, rate: float, seconds: float, expected: int) -> None:
    assert requests_for(clients, size, rate, seconds) == expected


def test_grid_leaves_out_only_the_cell_that_would_queue_for_minutes() -> None:
    cells = grid(CLIENTS, SIZES)
    assert len(cells) == len(CLIENTS) * len(SIZES) - 1
    assert (128, 128) not in cells
    assert FULL.cells == cells


def test_bodies_go_round_through_the_texts() -> None:
    assert list(bodies(["a", "b", "c"], 2, 3)) == [["a", "b"], ["c", "a"], ["b", "c"]]


def test_arrivals_keep_their_rate_and_their_order() -> None:
    times = list(arrival_times(50.0, 5000))
    assert all(earlier <= later for earlier, later in pairwise(times))
    # 5,000 arrivals take 100 s, give or take 3 standard errors of 100 / sqrt(5000).
    assert times[-1] == pytest.approx(100.0, abs=4.3)
    assert list(arrival_times(50.0, 5000)) == times


def test_model_seconds_adds_tokenization_and_inference_only() -> None:
    head = (
        'HTTP/1.1 200\r\nServer-Timing: tokenize;dur=1.50, inference;dur=8.50;desc="x", '
        "gateway;dur=3.00\r\nContent-Length: 3\r\n\r\n"
    )
    assert model_seconds(head) == pytest.approx(0.010)
    assert model_seconds("HTTP/1.1 200\r\n\r\n") == 0.0


def test_even_places_stand_in_the_middle_of_equal_parts() -> None:
    assert even_places(8, 4) == [1, 3, 5, 7]
    assert even_places(3, 3) == [0, 1, 2]


def test_evenly_picked_reviews_have_the_corpus_mean_length() -> None:
    corpus = Corpus("letters", [Review(str(n), "x" * n, None) for n in range(1, 1001)])
    lengths = [len(text) for text in corpus.evenly(50)]
    assert np.mean(lengths) == pytest.approx(500.5, abs=1.0)
    assert lengths != sorted(lengths)  # shuffled: padding would be saved for nothing


def test_generated_reviews_have_the_lengths_of_imdb() -> None:
    lengths = np.array([len(review.text) for review in generate_reviews(1001)])
    assert np.median(lengths) == pytest.approx(962, rel=0.02)
    assert np.log(lengths).std() == pytest.approx(0.65, rel=0.05)


def test_operations_of_one_layer_by_hand() -> None:
    encoder = {"hidden_size": 2, "intermediate_size": 4, "num_hidden_layers": 1}
    # 3 tokens: 2·3·(4·2·2 + 2·2·4) for the linear layers, 4·3·3·2 for the attention.
    assert operations_per_review(encoder, 3) == 192 + 72


def test_padded_vocabulary_keeps_its_pieces() -> None:
    vocabulary = {"<s>": 0, "a": 1}
    pad_vocabulary(vocabulary, 5)
    assert vocabulary["a"] == 1
    assert sorted(vocabulary.values()) == [0, 1, 2, 3, 4]


def test_differences_by_hand() -> None:
    reference = np.array([[0.4, 0.6], [0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    fast = np.array([[0.6, 0.4], [0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    found = differences(fast, reference, np.array([1, 0, 0, 0]))
    assert found["flips_percent"] == 25.0
    assert found["mean_abs_dp"] == pytest.approx(0.05)
    assert found["accuracy_percent"] == {"int8": 50.0, "fp32": 75.0}
    assert found["accuracy_lost_points"] == 25.0
    assert "accuracy_percent" not in differences(fast, reference, None)


def test_a_share_of_the_peak_is_that_of_the_engines_own_arithmetic_at_its_highest() -> None:
    peaks = highest([{"fp32": 100.0, "int8": 500.0}, {"fp32": 160.0, "int8": 400.0}])
    assert peaks == {"fp32": 160.0, "int8": 500.0}
    rows = [
        {"engine": HF_PADDED, "operations_per_second": 80e9},
        {"engine": OURS, "operations_per_second": 400e9},
    ]
    add_share_of_peak(rows, peaks)
    assert [row["share_of_gemm_peak"] for row in rows] == [0.5, 0.8]
