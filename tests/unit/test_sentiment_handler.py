"""The TorchServe handler against a mock context: one response per row, whatever the rows are."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from ts.context import RequestProcessor
from ts.metrics.metric_type_enum import MetricTypes

from handler.sentiment_handler import SentimentHandler

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

    def __init__(self, directory: Path, *content_types: str) -> None:
        self.system_properties = {"model_dir": str(directory), "gpu_id": None}
        self.metrics = MockMetrics()
        self._rows = [RequestProcessor({"body": {"content-type": kind}}) for kind in content_types]

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
def handler(tiny_checkpoint: Path) -> SentimentHandler:
    handler = SentimentHandler()
    handler.initialize(MockContext(tiny_checkpoint))
    return handler


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


def test_row_equals_itself_alone(handler: SentimentHandler) -> None:
    together, _ = handle(
        handler, ({"review": "Good."}, JSON), ({"reviews": ["Good.", "no " * 20]}, JSON)
    )
    alone, _ = handle(handler, ({"review": "Good."}, JSON))
    assert together[0]["probabilities"] == pytest.approx(alone[0]["probabilities"], abs=1e-5)
    assert together[1]["predictions"][0] == together[0]


def test_form_without_a_body_is_told_what_is_expected(handler: SentimentHandler) -> None:
    context = MockContext(Path(), "application/x-www-form-urlencoded")
    (body,) = handler.handle([{'{"review": "x"}': b""}], context)
    assert json.loads(body)["error"]["code"] == "not_json"
    assert context.status(0) == 400


def test_headers_and_metrics_name_the_engine(handler: SentimentHandler) -> None:
    _, context = handle(handler, ({"reviews": ["ok", "fine", ""]}, JSON))
    assert context.header(0, "content-type") == "application/json"
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
