"""Predictions by gRPC at TorchServe's own port, by a client generated from its own .proto files."""

import importlib
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.commands import output_of
from tests.integration.conftest import through_gateway
from tests.stack import Stack

PROTOS = ("google/rpc/status.proto", "proto/inference.proto")
REVIEW = "Not bad at all, I would see it again."


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The modules that protoc makes of the files in TorchServe's package."""
    folder = tmp_path_factory.mktemp("grpc")
    package = next(Path(path) / "ts" for path in sys.path if (Path(path) / "ts").is_dir())
    with zipfile.ZipFile(package / "frontend" / "model-server.jar") as jar:
        jar.extractall(folder, [name for name in jar.namelist() if name in PROTOS])
    options = [f"-I{folder}", f"-I{folder / 'proto'}"]
    outputs = [f"--python_out={folder}", f"--grpc_python_out={folder}"]
    command = [sys.executable, "-m", "grpc_tools.protoc", *options, *outputs, "inference.proto"]
    output_of([*command, PROTOS[0]])
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield (
            importlib.import_module("inference_pb2_grpc"),
            importlib.import_module("inference_pb2"),
        )


@pytest.fixture(scope="module")
def predict(generated: Any, stack: Stack) -> Iterator[Any]:
    """A function that sends inputs, with the inference token unless told otherwise."""
    services, messages = generated
    with grpc.insecure_channel(f"127.0.0.1:{stack.runner.ports[4]}") as channel:
        stub = services.InferenceAPIsServiceStub(channel)

        def ask(token: str = stack.token("inference")["Authorization"], **inputs: bytes) -> Any:
            named = {name.replace("_", "-"): content for name, content in inputs.items()}
            request = messages.PredictionsRequest(model_name="sentiment", input=named)
            metadata = [("authorization", token)] if token else []
            return json.loads(stub.Predictions(request, metadata=metadata, timeout=60).prediction)

        yield ask


def test_a_text_gets_the_verdict_that_http_gives(predict: Any, stack: Stack) -> None:
    assert predict(body=REVIEW.encode()) == through_gateway(stack)({"review": REVIEW}).json


def test_several_reviews_come_as_json(predict: Any) -> None:
    body = json.dumps({"reviews": [REVIEW, " "]}).encode()
    predictions = predict(body=body, content_type=b"application/json")["predictions"]
    assert predictions[0] == predict(body=REVIEW.encode())
    assert predictions[1]["error"]["code"] == "empty_review"


def test_an_unfit_body_gets_the_contracts_error(predict: Any) -> None:
    assert predict(body=b"  ")["error"]["code"] == "empty_review"


@pytest.mark.parametrize("kind", ["none", "wrong", "management"])
def test_it_asks_for_the_inference_token(predict: Any, stack: Stack, kind: str) -> None:
    tokens = {"none": "", "wrong": "Bearer guess"}
    token = tokens.get(kind) if kind in tokens else stack.token("management")["Authorization"]
    with pytest.raises(grpc.RpcError) as refused:
        predict(token=token, body=REVIEW.encode())
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
