"""The TorchServe handler against a mock context: one response per row, whatever the rows are."""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ts.context import RequestProcessor
from ts.metrics.metric_type_enum import MetricTypes

from handler.explainer import Explainer
from handler.sentiment_handler import SentimentHandler
from tests.commands import output_of
from tests.stack import ROOT

JSON = "application/json"


class MockMetrics:
    """Keeps what the handler counted."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.engines: set[str] = set()

    def add_metric(
        self, name: str, value: float, unit: str, idx: Any, dimensions: list[Any], kind: MetricTypes
    ) -> None:
        self.values[name] = self.values.get(name, 0) + value
        self.engines.add(dimensions[0].value)


class MockContext:
    """What the handler uses of TorchServe's context, for rows of the given content types."""

    def __init__(
        self, directory: Path, *content_types: str, headers: dict[int, dict[str, str]] | None = None
    ) -> None:
        self.system_properties = {"model_dir": str(directory), "gpu_id": None}
        self.metrics = MockMetrics()
        self._rows = [
            RequestProcessor({"body": {"content-type": kind}, **(headers or {}).get(index, {})})
            for index, kind in enumerate(content_types)
        ]

    def get_request_header(self, index: int, name: str) -> Any:
        return self._rows[index].get_request_property(name)

    def set_response_status(self, code: int, phrase: str, index: int) -> None:
        self._rows[index].report_status(code, phrase)

    def set_response_content_type(self, index: int, value: str) -> None:
        self.set_response_header(index, "content-type", value)

    def set_response_header(self, index: int, name: str, value: str) -> None:
        self._rows[index].add_response_property(name, value)

    def status(self, index: int) -> int:
        return int(self._rows[index].get_response_status_code())

    def header(self, index: int, name: str) -> str:
        return str(self._rows[index].get_response_headers()[name])


@pytest.fixture
def handler(tiny_checkpoint: Path) -> Iterator[SentimentHandler]:
    handler = SentimentHandler()
    handler.initialize(MockContext(tiny_checkpoint))
    yield handler
    handler.explanations.close()


def handle(handler: SentimentHandler, *rows: tuple[object, str]) -> tuple[list[Any], MockContext]:
    context = MockContext(Path(), *(kind for _, kind in rows))
    bodies = handler.handle([{"body": body} for body, _ in rows], context)
    handler.later.make_calls()
    return [json.loads(body) for body in bodies], context


def test_answers_every_row_of_a_mixed_batch(handler: SentimentHandler) -> None:
    answers, context = handle(
        handler,
        ({"review": "Good."}, JSON),
        (b"{broken", JSON),
        ({"reviews": ["ok", "", "fine"]}, JSON),
        (b"plain text", "text/plain"),
        ({"review": "x" * 50_001}, JSON),
    )
    assert [context.status(i) for i in range(5)] == [200, 400, 200, 200, 413]
    assert answers[1]["error"]["code"] == "not_json"
    assert ["label" in item for item in answers[2]["predictions"]] == [True, False, True]
    assert answers[3]["tokens"] == len("<s>plain text</s>") - len("<s></s>") + 2
    assert answers[4]["error"]["code"] == "review_too_long"


def explain(
    handler: SentimentHandler, explained: set[int], *bodies: object
) -> tuple[list[Any], MockContext]:
    """Answer rows as TorchServe hands them over, some from its address /explanations."""
    flags = {index: {"explain": str(index in explained)} for index in range(len(bodies))}
    context = MockContext(Path(), *(JSON for _ in bodies), headers=flags)
    answers = handler.handle([{"body": body} for body in bodies], context)
    return [json.loads(body) for body in answers], context


def test_a_batch_mixes_predictions_and_explanations(handler: SentimentHandler) -> None:
    answers, context = explain(
        handler,
        {1, 3, 4, 5},
        {"reviews": ["one", "two"]},
        {"review": "A <b>fine</b> film."},
        {"review": "A fine film."},
        {"reviews": ["one", "two"]},
        {"review": " "},
        {"review": "Dull."},
    )
    assert [context.status(index) for index in range(6)] == [200, 200, 200, 400, 400, 200]
    assert ["words" in answer for answer in answers] == [False, True, False, False, False, True]
    assert answers[1]["words"][1].keys() == {"start", "end", "contribution"}
    assert answers[3]["error"]["code"] == "one_review_only"
    assert answers[4]["error"]["code"] == "empty_review"
    assert answers[5]["words"][0]["end"] == 4
    timings = [context.header(index, "Server-Timing") for index in range(6)]
    assert ["explain;dur=" in timing for timing in timings] == [n in {1, 3, 4, 5} for n in range(6)]
    plain, _ = handle(handler, ({"review": "Dull."}, JSON))
    assert answers[5]["probabilities"] == pytest.approx(plain[0]["probabilities"], abs=1e-4)


def later(handler: SentimentHandler, wish: str, body: object) -> tuple[Any, MockContext]:
    """Ask for an explanation as the gateway does."""
    flags = {0: {"explain": "True", "x-explanation": wish}}
    context = MockContext(Path(), JSON, headers=flags)
    (answer,) = handler.handle([{"body": body}], context)
    return json.loads(answer), context


def test_an_explanation_is_begun_at_once_and_fetched_when_it_is_done(
    handler: SentimentHandler,
) -> None:
    review = {"review": "A fine film."}
    answer, context = later(handler, "later", review)
    tries = 0
    while context.status(0) == 202 and tries < 1_000:
        answer, context = later(handler, answer["explanation"], {})
        time.sleep(0.01)
        tries += 1
    assert context.status(0) == 200
    assert "explain;dur=" in context.header(0, "Server-Timing")
    assert answer == explain(handler, {0}, review)[0][0]


@pytest.mark.parametrize(
    ("wish", "body", "status", "code"),
    [
        ("later", {"review": " "}, 400, "empty_review"),
        ("later", {"reviews": ["Fine."]}, 400, "one_review_only"),
        ("nobody's", {}, 404, "unknown_explanation"),
        (f"{2**40}-dead", {}, 404, "unknown_explanation"),
        (f"{os.getpid()}-gone", {}, 404, "unknown_explanation"),
    ],
)
def test_what_cannot_be_begun_or_fetched_is_an_error(
    handler: SentimentHandler, wish: str, body: object, status: int, code: str
) -> None:
    answer, context = later(handler, wish, body)
    assert (context.status(0), answer["error"]["code"]) == (status, code)


def test_the_name_of_another_worker_that_lives_is_told_again(handler: SentimentHandler) -> None:
    name = f"{os.getppid()}-elsewhere"
    answer, context = later(handler, name, {})
    assert (context.status(0), answer) == (202, {"explanation": name})


def test_a_model_that_cannot_be_explained_says_so_and_predicts_on(
    make_checkpoint: Callable[..., Path],
) -> None:
    handler = SentimentHandler()
    handler.initialize(MockContext(make_checkpoint(cleaning="tutorial")))
    answers, context = explain(handler, {0}, {"review": "Fine."}, {"review": "Fine."})
    assert [context.status(0), context.status(1)] == [501, 200]
    assert answers[0]["error"]["code"] == "cannot_explain"
    assert "plain" in answers[0]["error"]["message"]


def test_what_the_image_runs_imports_neither_torch_nor_transformers() -> None:
    barred = "import sys; sys.modules |= dict.fromkeys(('torch', 'transformers'))"
    imports = "import handler.sentiment_handler, handler.explainer, handler.engines.openvino_int8"
    device = "from handler.engines.hardware import best_device; assert best_device() == 'cpu'"
    output_of([sys.executable, "-c", f"{barred}; {imports}; {device}"], cwd=ROOT)


def test_a_fault_in_one_explanation_stays_there_and_quotes_nothing(
    handler: SentimentHandler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: Explainer, review: str, prediction: object) -> None:
        raise RuntimeError(review)

    monkeypatch.setattr(Explainer, "explain", fail)
    answers, context = explain(handler, {0}, {"review": "secret"}, {"review": "Fine."})
    assert [context.status(0), context.status(1)] == [500, 200]
    assert answers[0]["error"]["code"] == "explanation_failed"
    assert "secret" not in caplog.text


def test_the_management_address_is_told_about_the_model(handler: SentimentHandler) -> None:
    context = MockContext(Path(), JSON, headers={0: {"describe": "True"}})
    (body,) = handler.handle([{}], context)
    assert json.loads(body)["version"] == handler.model.version
    assert json.loads(body)["labels"] == ["bad", "fair", "good"]


def test_row_equals_itself_alone(handler: SentimentHandler) -> None:
    together, _ = handle(
        handler, ({"review": "Good."}, JSON), ({"reviews": ["Good.", "no " * 20]}, JSON)
    )
    alone, _ = handle(handler, ({"review": "Good."}, JSON))
    assert together[0]["probabilities"] == pytest.approx(alone[0]["probabilities"], abs=1e-5)
    assert together[1]["predictions"][0] == together[0]


@pytest.mark.parametrize("value", [b"application/json", bytearray(b"application/json")])
def test_a_content_type_beside_the_body_counts_as_a_header(
    handler: SentimentHandler, value: bytes
) -> None:
    row = {"body": b'{"reviews": ["x"]}', "content-type": value}  # by gRPC
    (body,) = handler.handle([row], MockContext(Path(), ""))
    assert "predictions" in json.loads(body)


def test_form_without_a_body_is_told_what_is_expected(handler: SentimentHandler) -> None:
    context = MockContext(Path(), "application/x-www-form-urlencoded")
    (body,) = handler.handle([{'{"review": "x"}': b""}], context)
    assert json.loads(body)["error"]["code"] == "not_json"
    assert context.status(0) == 400


def test_headers_and_metrics_name_the_engine(handler: SentimentHandler) -> None:
    _, context = handle(handler, ({"reviews": ["ok", "fine", ""]}, JSON))
    assert context.header(0, "content-type") == "application/json"
    assert context.header(0, "X-Model-Version") == handler.model.version
    timing = context.header(0, "Server-Timing")
    assert timing.startswith("tokenize;dur=")
    assert timing.endswith(f';desc="{handler.predictor.engine_name}"')
    assert context.metrics.engines == {handler.predictor.engine_name}
    assert context.metrics.values["ReviewsScored"] == 2
    assert context.metrics.values["TokensScored"] == 4 + 6
    assert context.metrics.values["InferenceSeconds"] > 0


def test_nothing_is_counted_where_nothing_was_scored(handler: SentimentHandler) -> None:
    _, context = handle(handler, (b"{broken", JSON), ("", "text/plain"))
    assert context.metrics.values == {}


def test_body_is_compact_json(handler: SentimentHandler) -> None:
    (body,) = handler.handle([{"body": {"review": "ok"}}], MockContext(Path(), JSON))
    assert b'{"label":"' in body
    assert b'": ' not in body


def test_no_review_text_in_any_log(
    handler: SentimentHandler, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        handle(
            handler,
            (b'{"review": "a secret verdict"', JSON),
            ({"review": "a secret verdict"}, JSON),
        )
    assert "secret" not in caplog.text


def test_unfit_checkpoint_stops_the_worker_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SystemExit):
        SentimentHandler().initialize(MockContext(tmp_path))
    (record,) = caplog.records
    assert "config.json" in record.getMessage()
    assert record.exc_info is None


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [("SENTIMENT_THREADS", "two", "positive number"), ("SENTIMENT_ENGINE", "abacus", "abacus")],
)
def test_unfit_setting_stops_the_worker_with_one_line(
    variable: str,
    value: str,
    expected: str,
    tiny_checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit):
        SentimentHandler().initialize(MockContext(tiny_checkpoint))
    assert expected in caplog.text
