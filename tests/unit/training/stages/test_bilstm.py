"""The BiLSTM reference: trained by its command, then packed and served like the shipped model."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from archive.build import build_archive
from contract.answer import Prediction
from handler.checkpoint import load_tokenizer, read_settings
from handler.encoding import Encoder
from handler.predictor import Predictor
from handler.sentiment_handler import SentimentHandler
from handler.weights import load_network
from tests.unit.handler.test_sentiment_handler import JSON, MockContext, handle
from tests.unit.training.labelled_tables import WORDS, make_rows, write_table
from training.data.corpus import encode_corpus
from training.data.inputs import Inputs
from training.stages import bilstm, evaluate

GOOD, BAD = "A lovely, wonderful film! Superb.", "An awful film, boring and poor."
# All of these leave nothing of the word-level vocabulary but the end token.
EMPTY = ["<br />", "★★", "<br /><br />"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    return write_table(path, make_rows({"negative": 80, "positive": 80}, WORDS))


@pytest.fixture(scope="module")
def checkpoint(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the training command: two dozen steps of a tiny model."""
    folder = tmp_path_factory.mktemp("bilstm")
    bilstm.main(
        [
            *("--data", str(data), "--output", str(folder), "--cache", str(folder / "cache")),
            *("--embedding-size", "16", "--hidden-size", "8", "--max-length", "16"),
            *("--steps", "30", "--learning-rate", "0.02", "--batch-tokens", "512", "--ema", "0"),
        ]
    )
    return folder / "checkpoint"


def labels_of(predictor: Predictor, reviews: list[str]) -> list[str]:
    answers = predictor.predict(reviews)
    assert all(isinstance(answer, Prediction) for answer in answers)
    return [answer.label for answer in answers if isinstance(answer, Prediction)]


def test_vocabulary_is_lower_cased_whole_words_that_stand_twice() -> None:
    texts = ["Don't miss it, it's Great!", "don't MISS it: it's great"]
    tokenizer = bilstm.fit_word_tokenizer(texts, 100)
    assert type(tokenizer.model).__name__ == "WordLevel"
    assert tokenizer.encode("Don't MISS the plot").tokens == ["don't", "miss", "<unk>", "<unk>"]
    words = {"don't", "miss", "it", "it's", "great"}
    assert set(tokenizer.get_vocab()) == {*bilstm.SPECIAL_TOKENS, *words}


def test_vocabulary_keeps_the_most_frequent_words() -> None:
    tokenizer = bilstm.fit_word_tokenizer(["b b b c c a a a a"], 5)
    assert set(tokenizer.get_vocab()) == {*bilstm.SPECIAL_TOKENS, "a", "b"}


def test_default_shape_is_the_tutorials(data: Path) -> None:
    options = bilstm.BilstmOptions(data=data)
    tokenizer = bilstm.fit_word_tokenizer(["a a b b"], 5)
    settings = bilstm.bilstm_settings(("negative", "positive"), tokenizer, options)
    assert settings.encoder["embedding_size"] == 500
    assert settings.encoder["hidden_size"] == 128
    assert settings.dropout == 0.3


def test_classes_are_the_right_way_round(checkpoint: Path) -> None:
    predictor = Predictor.load(checkpoint, threads=1)
    assert predictor.labels == ("negative", "positive")
    assert labels_of(predictor, [GOOD, BAD]) == ["positive", "negative"]


def test_training_rows_are_what_serving_encodes(checkpoint: Path, tmp_path: Path) -> None:
    settings = read_settings(checkpoint)
    tokenizer = load_tokenizer(checkpoint, settings)
    texts = [GOOD, BAD, "film " * 40, *EMPTY]
    corpus = encode_corpus(texts, str, tokenizer, tmp_path)
    inputs = Inputs(corpus, settings)
    served = Encoder(tokenizer, settings).encode(texts)
    assert [row.ids for row in served[:3]] == [inputs.row(i).tolist() for i in range(3)]
    assert inputs.lengths[:3].tolist() == [row.tokens for row in served[:3]]
    assert served[2].truncated
    assert served[2].tokens == 16
    assert {tuple(row.ids) for row in served[3:]} == {(tokenizer.token_to_id("</s>"),)}


def test_review_without_a_known_word_is_scored_alone_and_among_others(checkpoint: Path) -> None:
    predictor = Predictor.load(checkpoint, threads=1)
    together = predictor.predict([*EMPTY, GOOD])
    alone = [predictor.predict([review])[0] for review in EMPTY]
    for answer, same in zip(together[:-1], alone, strict=True):
        assert isinstance(answer, Prediction)
        assert isinstance(same, Prediction)
        assert answer.confidence == pytest.approx(same.confidence, abs=1e-5)
        assert answer.tokens == 1


def test_predictor_answers_as_the_bare_network(checkpoint: Path) -> None:
    network, settings = load_network(checkpoint)
    encoded = Encoder(load_tokenizer(checkpoint, settings), settings).encode([GOOD])[0]
    ids = torch.tensor([encoded.ids])
    with torch.inference_mode():
        logits = network(ids, torch.ones_like(ids)) / settings.temperature
    answer = Predictor.load(checkpoint, threads=1).predict([GOOD])[0]
    assert isinstance(answer, Prediction)
    expected = logits.softmax(-1)[0].tolist()
    assert list(answer.probabilities.values()) == pytest.approx(expected, abs=1e-5)


def test_packs_and_serves_through_the_same_handler(checkpoint: Path, tmp_path: Path) -> None:
    build_archive(checkpoint, tmp_path / "bilstm.mar")
    zipfile.ZipFile(tmp_path / "bilstm.mar").extractall(tmp_path / "model")
    handler = SentimentHandler()
    handler.initialize(MockContext(tmp_path / "model"))
    answers, context = handle(
        handler,
        ({"review": GOOD}, JSON),
        ({"reviews": [BAD, " ", "<br />"]}, JSON),
        (b"{broken", JSON),
    )
    assert [context.status(row) for row in range(3)] == [200, 200, 400]
    assert list(answers[0]) == [
        "label", "confidence", "probabilities", "certain", "tokens", "truncated",
    ]  # fmt: skip
    assert answers[0]["label"] == "positive"
    bad, blank, markup = answers[1]["predictions"]
    assert (bad["label"], markup["tokens"]) == ("negative", 1)
    assert blank["error"]["code"] == "empty_review"


def test_is_evaluated_by_the_same_command(checkpoint: Path, data: Path, tmp_path: Path) -> None:
    arguments = ["--checkpoint", checkpoint, "--data", data, "--output", tmp_path]
    evaluate.main([str(each) for each in arguments])
    measured = json.loads((tmp_path / "metrics.json").read_text())
    assert (measured["n"], measured["accuracy"]) == (160, 1.0)


def test_run_is_recorded_with_its_best_validation_score(checkpoint: Path) -> None:
    (stage,) = json.loads((checkpoint.parent / "run.json").read_text())["stages"]
    assert (stage["name"], stage["finished"]) == ("bilstm", True)
    assert stage["result"]["validation_accuracy"] == 1.0


def test_tokenizer_is_kept_as_a_word_level_json(checkpoint: Path) -> None:
    content = json.loads((checkpoint / "tokenizer.json").read_text("utf-8"))
    assert content["model"]["type"] == "WordLevel"
    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    ids = np.array(tokenizer.encode(GOOD).ids)
    assert (ids != tokenizer.token_to_id("<unk>")).sum() >= 3
