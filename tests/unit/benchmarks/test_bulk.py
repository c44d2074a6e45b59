"""The benchmark of bulk scoring, with a tiny checkpoint: what it counts, what it adds up."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.bulk import __main__ as command
from benchmarks.bulk import cost, memory, speed, stages
from benchmarks.bulk.source import write_first, write_large, write_source
from bulk.model import open_model
from handler.predictor import Predictor
from tests.unit.training.imdb_archive import sizes, write_archive


@pytest.fixture
def source(tmp_path: Path) -> Path:
    texts = [f"{'fine film ' * (1 + number % 9)}{number}" for number in range(300)]
    path = tmp_path / "reviews.parquet"
    pq.write_table(pa.table({"id": [str(number) for number in range(300)], "review": texts}), path)
    return path


@pytest.fixture
def bench(source: Path, tiny_checkpoint: Path, tmp_path: Path) -> speed.Bench:
    predictor = Predictor.load(tiny_checkpoint, "torch-fp32", threads=1)
    return speed.Bench(source, open_model(tiny_checkpoint, tmp_path), predictor, tmp_path)


def test_bulk_is_measured_against_the_bare_predictor(bench: speed.Bench) -> None:
    found = speed.against_bare(bench, speed.in_one_process, rounds=2)
    assert (found["rows"], found["engine"]) == (300, "torch-fp32")
    low, high = found["share"]["low"], found["share"]["high"]
    assert 0 < low <= found["share"]["median"] <= high


def test_memory_is_what_comes_on_top(bench: speed.Bench, tmp_path: Path) -> None:
    found = memory.beyond_the_predictor(bench.source, bench.model, tmp_path / "out")
    assert found["rows"] == 300
    assert found["beyond_mb"] == found["peak_mb"] - found["own_mb"] >= 0
    assert not (tmp_path / "out").exists()


def test_every_stage_has_a_rate(
    bench: speed.Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound: list[list[int]] = []
    monkeypatch.setattr("os.sched_setaffinity", lambda _, cores: bound.append(cores))
    rates = stages.stages(bench.source, bench.model, tmp_path, cores=1)
    assert [len(cores) for cores in bound] == [1]
    assert set(rates) == {"reader", "tokenizer", "engine", "writer"}
    assert min(rates.values()) > 0


def test_sources_are_the_unlabelled_reviews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.data.readers.SPLIT_SIZES", sizes())
    archive = write_archive(tmp_path / "aclImdb_v1.tar.gz")
    found = pq.read_table(write_source(archive, tmp_path / "unsup.parquet"))
    assert found.column_names == ["id", "review"]
    first = pq.read_table(write_first(tmp_path / "unsup.parquet", 2, tmp_path / "first.parquet"))
    assert first["id"].to_pylist() == found["id"].to_pylist()[:2]
    large = write_large(tmp_path / "unsup.parquet", 1, tmp_path / "large.parquet")
    assert 1e6 <= large.stat().st_size < 2e6


def test_pieces_add_up_for_one_checkpoint_only(tmp_path: Path) -> None:
    path = tmp_path / "bulk.json"
    path.write_text(json.dumps({"model": "one", "small": {"beyond_mb": 100.0}}))
    assert command.begin(path, "one")["small"] == {"beyond_mb": 100.0}
    assert "small" not in command.begin(path, "two")


def test_hours_and_money_follow_from_the_rate() -> None:
    assert cost.hours(3_600_000, 100.0) == 10.0
    assert "| 8 cores | 400 | 0.41 | 0.7 h, $0.28 |" in cost.table(per_core=50.0)


@pytest.mark.parametrize(("workers", "expected"), [(1, 100.0), (4, 400.0), (10, 500.0)])
def test_simulation_is_linear_until_the_reader_saturates(workers: int, expected: float) -> None:
    assert cost.simulate(workers, reader=500.0, worker=100.0) == pytest.approx(expected, rel=0.02)
