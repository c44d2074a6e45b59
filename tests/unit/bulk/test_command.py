"""`python -m bulk`: all rows come back with verdicts, in every format, after every stop."""

import gzip
import json
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from bulk.command import COMPLETE, NOT_BEGUN, PARTIAL
from contract.answer import Prediction
from handler.predictor import Predictor
from tests.unit.bulk.conftest import Run, rows_of

ADDED = [
    "label", "confidence", "probability_bad", "probability_fair", "probability_good", "certain",
    "truncated", "error", "model_version",
]  # fmt: skip


def test_answers_are_the_services(
    run: Run, source: Path, tmp_path: Path, tiny_checkpoint: Path
) -> None:
    assert run(source) == COMPLETE
    rows = rows_of(tmp_path / "target")
    answers = Predictor.load(tiny_checkpoint, "torch-fp32").predict([row["review"] for row in rows])
    assert [row["id"] for row in rows] == list(range(50))
    assert list(rows[0]) == ["id", "review", *ADDED]
    for row, answer in zip(rows, answers, strict=True):
        assert isinstance(answer, Prediction)
        assert (row["label"], row["certain"], row["truncated"], row["error"]) == (
            answer.label, answer.certain, answer.truncated, None,
        )  # fmt: skip
        found = [row[f"probability_{label}"] for label in answer.probabilities]
        assert found == pytest.approx(list(answer.probabilities.values()), abs=1e-5)
        assert row["confidence"] == max(found)
    assert len({row["confidence"] for row in rows}) > 40, "equal scores would prove nothing"
    assert len({row["model_version"] for row in rows}) == 1


def test_summary_counts_every_row(
    run: Run, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(source)
    summary = json.loads((tmp_path / "target" / "_summary.json").read_text())
    assert summary["complete"] is True
    assert summary["rows"] == sum(summary["labels"].values()) == 50
    assert (tmp_path / "target" / "_summary.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert "complete: 50 rows" in printed
    assert "█" in printed


CSV = 'id,review\n007,"good\nfilm"\n8,bad\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.csv", CSV.encode()),
        ("r.csv.gz", gzip.compress(CSV.encode())),
        ("r.tsv", CSV.replace(",", "\t").encode()),
        ("r.tsv.zst", pa.compress(CSV.replace(",", "\t").encode(), "zstd", asbytes=True)),
    ],
)
def test_csv_values_stay_the_text_that_they_are(
    run: Run, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    assert run(tmp_path / name) == COMPLETE
    part = tmp_path / "target" / f"part-00000-000000.{name.partition('.')[2]}"
    with pa.input_stream(part, compression="detect") as stream:
        delimiter = "\t" if "tsv" in name else ","
        options = pc.ParseOptions(delimiter=delimiter, newlines_in_values=True)
        types = pc.ConvertOptions(column_types={"id": pa.string()})
        table = pc.read_csv(stream, parse_options=options, convert_options=types)
    assert table["id"].to_pylist() == ["007", "8"]
    assert table["review"].to_pylist() == ["good\nfilm", "bad"]
    assert table.column_names[2:] == ADDED


def test_json_values_stay_the_json_that_they_are(run: Run, tmp_path: Path) -> None:
    lines = [
        {"review": "good film", "stars": 4, "tags": ["a", {"b": None}]},
        {"review": "bad film", "stars": "four"},
        {"stars": 2.5},
        {"review": 17},
    ]
    path = tmp_path / "reviews.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n[1]\n{broken\n")
    assert run(path) == COMPLETE
    part = tmp_path / "target" / "part-00000-000000.jsonl"
    rows = [json.loads(line) for line in part.read_text().splitlines()]
    assert [{k: v for k, v in row.items() if k not in ADDED} for row in rows] == [
        *lines, {"review": "[1]"}, {"review": "{broken"},
    ]  # fmt: skip
    codes = [row["error"] and row["error"].partition(":")[0] for row in rows]
    assert codes == [None, None, "wrong_type", "wrong_type", "not_json", "not_json"]
    assert [row["label"] is None for row in rows] == [code is not None for code in codes]


def test_a_row_that_cannot_be_scored_keeps_its_place(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"id,review\n1,good\n2,fine,really\n3,\n4\n5,b\xffd\n6,last\n")
    assert run(path, None, "--format", "parquet") == COMPLETE
    rows = rows_of(tmp_path / "target")
    codes = [row["error"] and row["error"].partition(":")[0] for row in rows]
    assert codes == [None, "ragged_row", "empty_review", "ragged_row", "invalid_text", None]
    assert [row["id"] for row in rows] == ["1", None, "3", None, "5", "6"]
    assert rows[1]["review"] == "2,fine,really"
    assert "row 3" in rows[1]["error"]


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        (pa.array(["good", None, " "]), [None, "wrong_type", "empty_review"]),
        (pa.array([1, 2, 3]), ["wrong_type"] * 3),
        (pa.array(["good", "bad", "good"]).dictionary_encode(), [None] * 3),
        (pa.array([b"good", b"bad", b"ok"], pa.large_binary()), ["wrong_type"] * 3),
    ],
)
def test_parquet_columns_of_any_type(
    run: Run, tmp_path: Path, column: pa.Array, codes: list[str | None]
) -> None:
    path = tmp_path / "r.parquet"
    pq.write_table(pa.table({"review": column, "list": [[1], None, [2, 3]]}), path)
    assert run(path) == COMPLETE
    rows = rows_of(tmp_path / "target")
    assert [row["error"] and row["error"].partition(":")[0] for row in rows] == codes
    assert [row["list"] for row in rows] == [[1], None, [2, 3]]
    assert run(path, tmp_path / "as-csv", "--format", "csv.gz") == COMPLETE


def test_parts_follow_the_files_of_a_folder(run: Run, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    for name, texts in {"b.parquet": ["b"] * 9, "a/a.parquet": ["a"], "_old/c.parquet": []}.items():
        (lake / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"review": pa.array(texts, pa.string())}), lake / name)
    for number, asked in enumerate((lake, f"{lake}/**/*.parquet")):
        target = tmp_path / f"target{number}"
        assert run(asked, target, "--part-rows", "8") == COMPLETE
        parts = [path.name for path in sorted(target.glob("part-*"))]
        assert [row["review"] for row in rows_of(target)][:10] == ["a", *["b"] * 9][:10]
        assert parts[0] == "part-00000-000000.parquet"


def test_the_same_command_goes_on_where_it_was_stopped(
    run: Run, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[int] = []
    stream = Predictor.predict_stream

    def stop_after(self: Predictor, groups: Any, most: float) -> Iterator[Any]:
        for answers in stream(self, groups):
            if len(scored) == most:
                raise KeyboardInterrupt
            scored.append(len(answers))
            yield answers

    monkeypatch.setattr(Predictor, "predict_stream", lambda it, groups: stop_after(it, groups, 3))
    assert run(source) == PARTIAL
    assert json.loads((tmp_path / "target" / "_summary.json").read_text())["complete"] is False
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "target").glob("part-*")}
    assert 0 < len(before) < 7
    monkeypatch.setattr(Predictor, "predict_stream", lambda it, groups: stop_after(it, groups, 99))
    scored.clear()
    assert run(source) == COMPLETE
    assert len(scored) == 7 - len(before), "what is there is not scored again"
    after = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "target").glob("part-*")}
    assert before.items() <= after.items()
    assert [row["id"] for row in rows_of(tmp_path / "target")] == list(range(50))


def test_several_processes_give_the_same_rows(run: Run, source: Path, tmp_path: Path) -> None:
    assert run(source, tmp_path / "one") == COMPLETE
    assert run(source, tmp_path / "two", "--processes", "2") == COMPLETE
    one, two = rows_of(tmp_path / "one"), rows_of(tmp_path / "two")
    assert [row["id"] for row in two] == list(range(50))
    assert [row["label"] for row in one] == [row["label"] for row in two]


def other_settings(run: Run, source: Path, change: Callable[[], object]) -> int:
    assert run(source) == COMPLETE
    change()
    return run(source)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--part-rows", "4"], "part_rows: 8, now 4"),
        (["--prefix", "model_"], "prefix"),
        (["--text-column", "id"], "text_column: review, now id"),
        (["--format", "csv"], "format: parquet, now csv"),
    ],
)
def test_two_settings_are_never_mixed(
    run: Run, source: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(source) == COMPLETE
    assert run(source, None, *options) == NOT_BEGUN
    assert said in capsys.readouterr().err


def test_two_checkpoints_are_never_mixed(
    run: Run, source: Path, make_checkpoint: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(source) == COMPLETE
    make_checkpoint(temperature=2.0)
    assert run(source) == NOT_BEGUN
    assert "another checkpoint: " in capsys.readouterr().err


def test_a_source_that_has_changed_is_refused(
    run: Run, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(source) == COMPLETE
    os.utime(source, (1, 1))
    assert run(source) == NOT_BEGUN
    assert f"another content of {source}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--text-column", "text"], "expected a column 'text', found id, review"),
        (["--checkpoint", "/nowhere"], "/nowhere: expected a checkpoint's folder or a packed"),
        (["--engine", "cuda"], "cuda: expected"),
    ],
)
def test_what_cannot_begin_is_one_clear_line(
    run: Run, source: Path, tmp_path: Path, options: list[str], said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(source, None, *options) == NOT_BEGUN
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert not (tmp_path / "target").exists()


def test_a_target_that_is_not_ours_is_left_alone(
    run: Run, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "mine.txt").write_text("mine")
    assert run(source) == NOT_BEGUN
    assert "found mine.txt" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["mine.txt"]


def test_names_that_are_taken_get_a_prefix(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.csv"
    path.write_text("label,review\n1,good\n")
    assert run(path) == NOT_BEGUN
    assert "found label; give the added ones other names" in capsys.readouterr().err
    assert run(path, None, "--prefix", "model_", "--format", "parquet") == COMPLETE
    row = rows_of(tmp_path / "target")[0]
    assert row["label"] == "1"
    assert row["model_label"] in ("bad", "fair", "good")


@pytest.mark.parametrize("broken", ["a.parquet", "z.parquet"])
def test_a_broken_footer_stops_its_file_only(
    run: Run, source: Path, tmp_path: Path, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (source.parent / "lake").mkdir()
    source.rename(source.parent / "lake" / "good.parquet")
    (source.parent / "lake" / broken).write_bytes(b"PAR1 nothing")
    assert run(source.parent / "lake") == PARTIAL
    assert len(rows_of(tmp_path / "target")) == 50
    assert broken in capsys.readouterr().out


def test_a_broken_footer_alone_is_one_clear_line(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.parquet").write_bytes(b"PAR1 nothing")
    assert run(tmp_path / "r.parquet") == NOT_BEGUN
    assert "r.parquet: expected a whole parquet file, found: " in capsys.readouterr().err


def test_a_full_disk_leaves_whole_parts_and_can_be_gone_on_with(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.csv"
    reviews = ["good"] * 16 + ["x" * 5000] * 8
    path.write_text("review\n" + "\n".join(reviews) + "\n")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # the third part does not fit
    try:
        assert run(path) == PARTIAL
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "part-00000-000002.csv: expected to write it, found" in capsys.readouterr().err
    names = sorted(each.name for each in (tmp_path / "target").iterdir())
    assert [name for name in names if name.startswith("part")] == [
        "part-00000-000000.csv", "part-00000-000001.csv",
    ]  # fmt: skip
    assert not [name for name in names if name.startswith(".")]
    assert run(path) == COMPLETE
