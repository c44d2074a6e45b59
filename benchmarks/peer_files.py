"""Convert a checkpoint into the peers' formats, each by the peer's own tools."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.model_files import ModelFiles
from handler.checkpoint import load_tokenizer
from handler.encoding import Encoder
from handler.network import ReviewClassifier
from handler.weights import load_network

INPUTS = ("input_ids", "attention_mask")


def write_onnx(files: ModelFiles) -> None:
    """Write ONNX Runtime's fused fp32 graph, and its dynamic int8 form with a scale per channel."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    exported = files.folder / "exported.onnx"
    network = _classifier(files)
    _export_onnx(network, exported)
    fused = optimizer.optimize_model(
        str(exported),
        model_type="bert",
        num_heads=network.encoder.config.num_attention_heads,
        hidden_size=network.encoder.config.hidden_size,
        opt_level=0,
    )
    if fused.get_fused_operator_statistics()["Attention"] == 0:
        raise RuntimeError(
            "ONNX Runtime's optimizer fused no attention: the peer would be too slow"
        )
    fused.save_model_to_file(str(files.onnx))
    exported.unlink()
    quantize_dynamic(
        files.onnx,
        files.onnx_int8,
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def _export_onnx(network: ReviewClassifier, path: Path) -> None:
    # The optimizer knows the attention of the plain formula, not that of the fused operator.
    network.encoder.set_attn_implementation("eager")
    dynamic = {name: {0: "batch", 1: "length"} for name in INPUTS}
    with warnings.catch_warnings():
        # The optimizer's patterns are those of the tracing exporter, which torch calls outdated.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            _example_input(),
            path,
            input_names=list(INPUTS),
            output_names=["logits"],
            dynamic_axes={**dynamic, "logits": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )


def write_openvino(files: ModelFiles, examples: Sequence[str]) -> None:
    """Write OpenVINO's int8 graph as its guide teaches: convert_model, then NNCF."""
    import nncf
    import openvino as ov

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converted = ov.convert_model(_classifier(files), example_input=_example_input())
    dataset = nncf.Dataset(list(_calibration(files, examples)))
    quantized = nncf.quantize(
        converted, dataset, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(examples)
    )
    ov.save_model(quantized, files.openvino_int8)


def _calibration(files: ModelFiles, examples: Sequence[str]) -> Iterator[list[NDArray[Any]]]:
    settings = load_network(files.checkpoint)[1]
    encoder = Encoder(load_tokenizer(files.checkpoint, settings), settings)
    for review in encoder.encode(list(examples)):
        ids = np.array([review.ids], dtype=np.int64)
        yield [ids, np.ones_like(ids)]


def _classifier(files: ModelFiles) -> ReviewClassifier:
    network, settings = load_network(files.checkpoint)
    if not isinstance(network, ReviewClassifier):
        raise TypeError(f"expected roberta, found {settings.architecture}")
    return network


def _example_input() -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.arange(5, 37).reshape(2, 16)
    return ids, torch.ones_like(ids)
