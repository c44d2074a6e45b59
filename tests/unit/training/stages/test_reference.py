"""Verdicts on the training set, counted by the buckets that the gateway counts live ones by."""

import json

from contract.answer import Prediction
from handler.description import version
from tests.stack import ROOT
from training.stages.reference import count


def prediction(confidence: float, tokens: int) -> Prediction:
    fields = {"label": "positive", "probabilities": {"positive": confidence}, "truncated": False}
    known = {name: value for name, value in {"certain": True}.items() if _has(name)}
    return Prediction(confidence=confidence, tokens=tokens, **fields, **known)  # type: ignore[arg-type]


def _has(name: str) -> bool:
    return name in Prediction.__dataclass_fields__


def test_each_prediction_falls_into_one_bucket_of_each_quantity() -> None:
    counts = count([prediction(0.995, 8), prediction(0.95, 9), prediction(0.951, 512)])
    assert counts == {
        "confidence": {"+Inf": 1, "0.95": 1, "0.98": 1},
        "tokens": {"+Inf": 1, "16": 1, "8": 1},
        "label": {"positive": 3},
    }


def test_the_reference_is_that_of_the_shipped_checkpoint() -> None:
    reference = json.loads((ROOT / "model_store" / "reference.json").read_text("utf-8"))
    made_again = "`make reference` has to be run again: the checkpoint is another one"
    assert reference["model_version"] == version(ROOT / "model_store" / "checkpoint"), made_again
    assert sum(reference["label"].values()) >= 1000
