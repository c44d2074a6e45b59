"""Reviews are read whole or not at all, and what is wrong with a file is said in one sentence."""

import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.unit.training.imdb_archive import sizes, write_archive
from training.data import readers as data
from training.data.readers import (
    DataError,
    Leaks,
    Review,
    check_trainable,
    drop_leaks,
    read_archive,
    read_split,
    read_table,
    stratified_split,
)

Writer = Callable[[str], Path]


@pytest.fixture
def csv(tmp_path: Path) -> Writer:
    def write(text: str) -> Path:
        path = tmp_path / "reviews.csv"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def small_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "SPLIT_SIZES", sizes())


def reviews(*labels: str | None) -> list[Review]:
    return [Review(f"{number:03}", f"text {number}", label) for number, label in enumerate(labels)]


@pytest.mark.usefixtures("small_is_whole")
@pytest.mark.parametrize("name", ["imdb.tar.gz", "imdb.tar.xz"])
def test_archive_is_read_by_part_with_its_labels(tmp_path: Path, name: str) -> None:
    parts = read_archive(write_archive(tmp_path / name))
    assert {split: len(part) for split, part in parts.items()} == sizes()
    assert Counter(review.label for review in parts["train"]) == {"positive": 20, "negative": 20}
    assert {review.label for review in parts["unsup"]} == {None}
    first = parts["test"][0]
    assert first == Review("test/neg/0_7", "Loud and empty. Take 0 of test/neg.", "negative")
    assert read_split(tmp_path / name, "test") == parts["test"]


@pytest.mark.parametrize("name", ["imdb.tar.gz", "imdb.tar.xz"])
def test_archive_cut_in_half(tmp_path: Path, name: str) -> None:
    path = write_archive(tmp_path / name, each=200)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=rf"{name}: expected .* found .*download it again"):
        read_archive(path)


def test_archive_with_members_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected .*25000.* found .*40.*not the official"):
        read_archive(write_archive(tmp_path / "imdb.tar.gz"))


def test_file_that_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "imdb.tar.gz"
    path.write_text("<html>404 not found</html>")
    with pytest.raises(DataError, match="broken or cut short"):
        read_archive(path)


@pytest.mark.parametrize("name", ["imdb.tar.gz", "reviews.csv"])
def test_missing_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="found no such file"):
        read_split(tmp_path / name)


def test_unknown_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a file ending in .*\.csv.*found 'reviews.xlsx'"):
        read_split(tmp_path / "reviews.xlsx")


def test_table_with_quotes_line_breaks_and_more_columns(csv: Writer) -> None:
    path = csv('id,label,review\n7,good,"Fine, ""really""\nfine."\n8, bad ,"NA"\n')
    assert read_table(path, "review", "label") == [
        Review("0", 'Fine, "really"\nfine.', "good"),
        Review("1", "NA", "bad"),
    ]


def test_tab_separated_table_without_labels(tmp_path: Path) -> None:
    path = tmp_path / "reviews.tsv"
    path.write_text("review\nGood, I say.\n")
    assert read_table(path, "review", None) == [Review("0", "Good, I say.", None)]


def test_missing_column_names_the_expected_the_found_and_the_mend(csv: Writer) -> None:
    path = csv("text,stars\nGood.,5\n")
    with pytest.raises(DataError) as caught:
        read_table(path, "review", "label")
    assert str(caught.value) == (
        f"{path}: expected a column named 'review', found 'text', 'stars'; name yours with "
        "--text-column and --label-column."
    )


@pytest.mark.parametrize("value", ["", "  ", "NaN", "nan"])
@pytest.mark.parametrize("column", ["review", "label"])
def test_empty_and_nan_values_are_counted_and_placed(csv: Writer, column: str, value: str) -> None:
    row = f"{value},good" if column == "review" else f"Fine.,{value}"
    path = csv(f"review,label\nGood.,good\n{row}\nBad.,bad\n{row}\n")
    with pytest.raises(DataError, match=rf"'{column}' .* 2 empty or NaN \(first at record 3, 5,"):
        read_table(path, "review", "label")


def test_row_with_a_field_too_few(csv: Writer) -> None:
    with pytest.raises(DataError, match="column 'label' of every row, found 1 empty"):
        read_table(csv("review,label\nGood.\n"), "review", "label")


@pytest.mark.parametrize("more", ["", "Bad.,bad\n"])
def test_row_with_a_field_too_many_does_not_shift_the_columns(csv: Writer, more: str) -> None:
    with pytest.raises(DataError, match=r"fields in a row|header line"):
        read_table(csv(f"review,label\nGood, I say.,good\n{more}"), "review", "label")


@pytest.mark.parametrize("content", [b"", b"review,label\n\xff\xfe,good\n"])
def test_empty_or_foreign_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "reviews.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected UTF-8 CSV/TSV with a header line"):
        read_table(path, "review", "label")


def test_one_label_only() -> None:
    with pytest.raises(DataError, match=r"at least 2 different labels, found \['good'\]"):
        check_trainable(reviews(*["good"] * 50))


def test_three_reviews() -> None:
    with pytest.raises(DataError, match=r"at least 5 reviews of each label, found .*'good': 2"):
        check_trainable(reviews("good", "bad", "good"))


def test_labels_are_sorted_and_those_without_one_do_not_count() -> None:
    assert check_trainable(reviews(*["c", "a", "b"] * 5, None)) == ["a", "b", "c"]


def test_stratified_split_keeps_the_share_of_each_label_and_loses_nothing() -> None:
    labelled = reviews(*["good"] * 80, *["bad"] * 20)
    parts = stratified_split(labelled, (0.7, 0.1, 0.2), seed=1)
    assert [Counter(review.label for review in part) for part in parts] == [
        {"good": 56, "bad": 14},
        {"good": 8, "bad": 2},
        {"good": 16, "bad": 4},
    ]
    assert sorted(itertools.chain(*parts), key=lambda review: review.id) == labelled


def test_stratified_split_depends_on_the_seed_and_not_on_the_order() -> None:
    labelled = reviews(*["good", "bad"] * 50)
    split = stratified_split(labelled, (0.5, 0.5), seed=1)
    assert stratified_split(labelled[::-1], (0.5, 0.5), seed=1) == split
    assert stratified_split(labelled, (0.5, 0.5), seed=2) != split


def test_leaks_are_counted_exact_and_normalised_and_removed() -> None:
    test = [Review("t1", "Great film!", "good"), Review("t2", "Dull.<br />Very.", "bad")]
    train = [
        Review("1", "Great film!", "good"),
        Review("2", "GREAT FILM", "good"),
        Review("3", "dull... very?", "bad"),
        Review("4", "Great films", "good"),
    ]
    assert drop_leaks(train, test) == ([train[3]], Leaks(exact=1, normalised=3))


@pytest.mark.parametrize(("one", "other"), [("良い映画", "悪い映画"), ("!!!", "???"), ("😀", "😡")])
def test_texts_without_latin_letters_are_not_all_the_same(one: str, other: str) -> None:
    train, test = [Review("1", one, "good")], [Review("2", other, "bad")]
    assert drop_leaks(train, test) == (train, Leaks(0, 0))
    assert drop_leaks(train, train) == ([], Leaks(1, 1))


def test_download_without_a_network_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise requests.ConnectionError("no route")

    monkeypatch.setattr("training.data.readers.requests.get", refuse)
    with pytest.raises(DataError, match=r"got ConnectionError; name a local copy with --data PATH"):
        data.download_imdb(tmp_path / "imdb.tar.gz")
    assert not (tmp_path / "imdb.tar.gz").exists()


def test_what_was_downloaded_once_is_not_asked_for_again(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "imdb.tar.gz")
    assert data.download_imdb(path) == path
