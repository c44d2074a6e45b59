"""Engines: which one is chosen, what each says when it cannot run, that all agree."""

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from archive.export import export
from archive.graph import Quantization, asymmetric_range, build_graph, symmetric_range
from contract.answer import Prediction
from handler.checkpoint import read_settings
from handler.engines import ENGINES, EngineError, Source, hardware, load_engine
from handler.engines.exports import find_export
from handler.engines.openvino_int8 import IDS, OUTPUT, TOKENS, round_up
from handler.predictor import Predictor
from handler.weights import load_network

INT8 = "openvino-int8"
REVIEWS = ["Good.", "Not bad at all, " * 3, "x" * 200, "Schön! 🎬", "one two three four five", "ok"]
EVERYTHING = frozenset({"avx512_vnni", "avx512_bf16"})


@pytest.fixture(autouse=True)
def flags(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend to have every instruction; libraries emulate what is missing here."""

    def pretend(*names: str) -> None:
        monkeypatch.setattr(hardware, "cpu_flags", lambda: frozenset(names))

    pretend(*EVERYTHING)
    return pretend


@pytest.fixture
def exported(tiny_checkpoint: Path) -> Path:
    export(tiny_checkpoint)
    return tiny_checkpoint


def source(directory: Path, device: str = "cpu") -> Source:
    return Source(directory, read_settings(directory), threads=2, device=device)


def probabilities(directory: Path, engine: str, reviews: list[str]) -> np.ndarray:
    answers = Predictor.load(directory, engine, threads=2).predict(reviews)
    return np.array([list(a.probabilities.values()) for a in answers if isinstance(a, Prediction)])


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (["avx2", "avx512_vnni", "avx512_bf16"], INT8),
        (["avx2", "avx_vnni"], INT8),
        (["avx2", "avx512_bf16"], "torch-bf16"),
        (["avx2"], "torch-fp32"),
        ([], "torch-fp32"),
    ],
)
def test_auto_takes_the_fastest_that_the_processor_runs(
    available: list[str], expected: str, exported: Path, flags: Callable[..., None]
) -> None:
    flags(*available)
    assert load_engine(source(exported)).name == expected


def test_auto_falls_back_with_one_line_that_says_why(
    tiny_checkpoint: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        engine = load_engine(source(tiny_checkpoint))
    assert engine.name == "torch-bf16"
    (record,) = caplog.records
    assert INT8 in record.getMessage()
    assert "manifest.json: expected" in record.getMessage()


def test_the_setting_allows_no_fall_back(tiny_checkpoint: Path) -> None:
    with pytest.raises(EngineError, match=re.escape("manifest.json: expected")):
        load_engine(source(tiny_checkpoint), INT8)


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        (INT8, "VNNI"),
        ("torch-bf16", "bf16 instructions"),
        ("cuda", "NVIDIA GPU"),
        ("abacus", "one of"),
    ],
)
def test_engine_that_cannot_run_says_so_in_one_line(
    engine: str,
    expected: str,
    exported: Path,
    flags: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flags()
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(EngineError, match=expected) as caught:
        load_engine(source(exported), engine)
    assert "\n" not in str(caught.value)


def test_engine_whose_library_is_missing_says_which(
    monkeypatch: pytest.MonkeyPatch, exported: Path
) -> None:
    monkeypatch.setitem(ENGINES, "other", "no_such_package.engine:load")
    with pytest.raises(EngineError, match="no_such_package"):
        load_engine(source(exported), "other")


@pytest.mark.parametrize("device", ["cuda:0", "cuda:3"])
def test_gpu_of_the_worker_is_tried_first(
    device: str, exported: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with caplog.at_level(logging.WARNING):
        assert load_engine(source(exported, device)).name == INT8
    assert "cuda" in caplog.records[0].getMessage()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("exports/openvino-int8.bin", b"cut in half"),
        ("exports/openvino-int8.xml", b"<net/>"),
        ("model.safetensors", b"other weights"),
        ("config.json", b"{}"),
    ],
)
def test_export_that_does_not_fit_is_refused(file: str, content: bytes, exported: Path) -> None:
    (exported / file).write_bytes(content)
    with pytest.raises(EngineError, match=f"{re.escape(file)}: expected sha-256"):
        find_export(exported, INT8)


@pytest.mark.parametrize("content", ["{", json.dumps({"source": {}, "engines": {}}), "[]"])
def test_broken_manifest_is_refused(content: str, exported: Path) -> None:
    (exported / "exports" / "manifest.json").write_text(content)
    with pytest.raises(EngineError, match="expected"):
        find_export(exported, INT8)


def test_export_is_the_same_every_time(exported: Path) -> None:
    before = {path.name: path.read_bytes() for path in (exported / "exports").iterdir()}
    export(exported)
    assert {path.name: path.read_bytes() for path in (exported / "exports").iterdir()} == before


@pytest.mark.parametrize(
    "changes",
    [
        {"pooling": "cls"},
        {"pooling": "mean", "head_sizes": ()},
        {"pooling": "cls_mean", "labels": ("no", "yes")},
        {"encoder": {"hidden_act": "gelu_new"}},
    ],
)
@pytest.mark.parametrize(("engine", "tolerance"), [(INT8, 0.03), ("torch-bf16", 0.02)])
def test_engines_agree_with_fp32(
    engine: str, tolerance: float, changes: dict[str, Any], make_checkpoint: Callable[..., Path]
) -> None:
    directory = make_checkpoint(**changes)
    export(directory)
    expected = probabilities(directory, "torch-fp32", REVIEWS)
    assert np.abs(probabilities(directory, engine, REVIEWS) - expected).max() <= tolerance


@pytest.mark.parametrize(
    ("engine", "threads", "tolerance"),
    [(INT8, 1, 1e-3), (INT8, 2, 1e-3), ("torch-bf16", 2, 1e-2)],
)
def test_result_does_not_depend_on_neighbours(
    engine: str, threads: int, tolerance: float, exported: Path
) -> None:
    predictor = Predictor.load(exported, engine, threads=threads)
    together = [a.confidence for a in predictor.predict(REVIEWS * 8) if isinstance(a, Prediction)]
    alone = [predictor.predict([review])[0] for review in REVIEWS]
    expected = [a.confidence for a in alone if isinstance(a, Prediction)] * 8
    assert together == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize(
    ("length", "expected"), [(1, 16), (16, 16), (17, 32), (60, 64), (64, 64), (100, 100)]
)
def test_lengths_are_rounded_up_to_few_shapes(length: int, expected: int) -> None:
    assert round_up(length, longest=100 if length == 100 else 64) == expected


def test_padding_does_not_change_the_graphs_logits(tiny_checkpoint: Path) -> None:
    network, settings = load_network(tiny_checkpoint)
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    graph = ov.Core().compile_model(build_graph(settings, weights, Quantization()), "CPU")
    ids = np.arange(5, 35, dtype=np.int32)[None]
    tokens = np.array([30], dtype=np.int32)
    exact = graph({IDS: ids, TOKENS: tokens})[OUTPUT]
    padded = graph({IDS: np.pad(ids, ((0, 0), (0, 18))), TOKENS: tokens})[OUTPUT]
    assert np.abs(exact - padded).max() <= 1e-5


@pytest.mark.parametrize("engine", [INT8, "torch-bf16", "torch-fp32"])
def test_warm_up_batches_can_be_scored(engine: str, exported: Path) -> None:
    predictor = Predictor.load(exported, engine, threads=2)
    predictor.warm_up()
    assert predictor.last_timing.inference > 0


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-1.0, 1.0, 255), (0.0, 1.0, 255), (-0.17, 2.5, 255), (0.2, 1.0, 255), (-3.0, -1.0, 255)],
)
def test_zero_is_a_level_of_every_range(low: float, high: float, expected: int) -> None:
    for widen in (asymmetric_range, symmetric_range):
        bottom, top = widen(low, high)
        step = (top - bottom) / expected
        assert bottom <= low + 1e-9
        assert top >= high - 1e-9
        assert bottom / step == pytest.approx(round(bottom / step), abs=1e-6)


def test_activation_without_a_graph_is_served_by_torch(
    make_checkpoint: Callable[..., Path],
) -> None:
    directory = make_checkpoint(encoder={"hidden_act": "silu"})
    assert export(directory) == []
    assert load_engine(source(directory)).name == "torch-bf16"


def test_bilstm_is_served_in_fp32(make_checkpoint: Callable[..., Path]) -> None:
    encoder = {"vocab_size": 261, "embedding_size": 16, "hidden_size": 8, "pad_token_id": 1}
    directory = make_checkpoint(architecture="bilstm", encoder=encoder)
    assert export(directory) == []
    assert load_engine(source(directory)).name == "torch-fp32"
    with pytest.raises(EngineError, match="expected roberta"):
        load_engine(source(directory), "torch-bf16")
