"""Who trains, who validates, who is kept apart: no review of the test part is ever trained on."""

from collections import Counter
from pathlib import Path

import pytest

from handler.checksums import file_digest
from tests.unit.training.imdb_archive import TEXTS, sizes, write_archive
from training.data import readers as data
from training.data.readers import DataError, Leaks, Review, drop_leaks
from training.data.splits import UNNAMED_LABELS, Splits, load_splits, load_texts


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(data, "SPLIT_SIZES", sizes())
    return write_archive(tmp_path / "imdb.tar.gz")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    rows = [f"Review number {number},{'good' if number % 4 else 'bad'}" for number in range(100)]
    path.write_text("\n".join(["review,label", *rows]))
    return path


def ids(reviews: list[Review]) -> set[str]:
    return {review.id for review in reviews}


def test_official_protocol_cuts_validation_from_train_and_keeps_test_apart(archive: Path) -> None:
    splits = load_splits(archive)
    assert splits.labels == ("negative", "positive")
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [36, 4, 40]
    assert {review.id.split("/")[0] for review in splits.train + splits.validation} == {"train"}
    assert {review.id.split("/")[0] for review in splits.test} == {"test"}
    assert not ids(splits.train) & ids(splits.validation)
    assert len(splits.unlabelled) == 20
    assert splits.sha256 == file_digest(archive)


def test_seed_protocol_pools_all_labelled_reviews_70_10_20(archive: Path) -> None:
    splits = load_splits(archive, protocol="tutorial")
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [56, 8, 16]
    assert {review.id.split("/")[0] for review in splits.train} == {"train", "test"}
    assert not ids(splits.test) & ids(splits.train + splits.validation)


def test_copies_of_test_reviews_are_dropped_from_every_part_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "SPLIT_SIZES", sizes())
    texts = {**TEXTS, "train/unsup": ["It was filmed in Spain.", "x"]}
    archive = write_archive(tmp_path / "imdb.tar.gz", texts)
    original = data.read_archive(archive)
    stolen = original["test"][0].text
    copies = {
        "train": [Review("train/pos/99_9", stolen.upper(), "positive")],
        "unsup": [Review("train/unsup/98_0", stolen, None), Review("train/unsup/99_0", "x", None)],
    }
    for part, reviews in copies.items():
        original[part] += reviews  # type: ignore[index]
    monkeypatch.setattr("training.data.splits.read_archive", lambda _: original)
    splits = load_splits(archive)
    dropped = Counter[str]()
    for part in ("train", "validation"):
        dropped["exact"] += splits.leaks[part].exact
        dropped["normalised"] += splits.leaks[part].normalised
    assert dropped == {"exact": 0, "normalised": 1}
    assert splits.leaks["unlabelled"] == Leaks(exact=1, normalised=1)
    assert "train/unsup/99_0" in ids(splits.unlabelled)
    rest = splits.train + splits.validation + splits.unlabelled
    assert drop_leaks(rest, splits.test)[1] == Leaks(0, 0)
    assert splits.summary()["leaks"]["unlabelled"] == {  # type: ignore[index]
        "exact": 1,
        "normalised": 1,
    }


def test_table_is_all_train_and_validation_with_the_labels_in_proportion(table: Path) -> None:
    splits = load_splits(table)
    assert (len(splits.train), len(splits.validation), splits.test) == (90, 10, [])
    shares = [
        Counter(review.label for review in part)["bad"] / len(part)
        for part in (splits.train, splits.validation)
    ]
    assert shares == pytest.approx([0.25, 0.25], abs=0.06)


def test_label_ids_are_the_places_in_labels_and_none_is_minus_one() -> None:
    splits = Splits(("bad", "good"), [], [], [], [], {}, "")
    reviews = [Review("1", "", "good"), Review("2", "", None), Review("3", "", "bad")]
    assert splits.label_ids(reviews) == [1, -1, 0]


def test_at_most_thins_every_part_but_test_and_keeps_the_balance(archive: Path) -> None:
    splits = load_splits(archive).at_most(12)
    assert Counter(review.label for review in splits.train) == {"negative": 6, "positive": 6}
    assert len(splits.unlabelled) == 10
    assert len(splits.test) == 40


def test_texts_alone_are_enough_to_pretrain_on(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("\n".join(["body", *(f"Text {number}" for number in range(50))]))
    splits = load_texts(path, "body")
    assert (len(splits.train), len(splits.validation)) == (45, 5)
    assert splits.labels == UNNAMED_LABELS


def test_three_texts_are_too_few_to_hold_one_out(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("body\none\ntwo\nthree\n")
    with pytest.raises(DataError, match=r"hold a share of 0\.1 out, found 3; add texts"):
        load_texts(path, "body")


def test_one_label_only_is_refused_with_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("review,label\n" + "Good.,good\n" * 20)
    with pytest.raises(DataError, match=r"reviews\.csv: expected at least 2 different labels"):
        load_splits(path)
