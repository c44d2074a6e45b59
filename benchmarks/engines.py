"""Every way to score reviews in the process, by name: this project's engines and their peers.

A loader imports no more than it needs, so that start-up time and memory are those of one engine.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from benchmarks.model_files import ModelFiles

# A function from reviews to one row of logits each; reviews are token ids (texts for PREDICTOR).
Score = Callable[[Sequence[Any]], Any]
Loader = Callable[[ModelFiles, int], Score]

OURS: Final = "this project, int8"
OURS_BF16: Final = "this project, bf16"
OURS_FP32: Final = "this project, fp32"
HF_PADDED: Final = "HF fp32 SDPA, padded"
HF_SORTED: Final = "HF fp32 SDPA, length-sorted"
HF_EAGER: Final = "HF fp32 eager attention, padded"
TORCH_BF16: Final = "torch bf16, length-sorted"
TORCH_INT8: Final = "torch dynamic int8, length-sorted"
ORT_FP32: Final = "ONNX Runtime fp32, unpadded"
ORT_INT8: Final = "ONNX Runtime dynamic int8, unpadded"
ORT_INT8_STREAMS: Final = "ONNX Runtime dynamic int8, unpadded, a thread per review"
OPENVINO_INT8: Final = "OpenVINO int8 (NNCF), unpadded"
# Compiles kernels for every new length, which a server that has run for a while has done.
COMPILES_PER_LENGTH: Final = OPENVINO_INT8
PREDICTOR: Final = "predictor"
BATCH: Final = 16


def _ours(engine: str, files: ModelFiles, threads: int) -> Score:
    from handler.checkpoint import read_settings
    from handler.engines import Source, load_engine, warm_up

    settings = read_settings(files.unpacked)
    loaded = load_engine(Source(files.unpacked, settings, threads, "cpu"), engine)
    # A worker does the same before it is READY; here it counts as start-up time.
    warm_up(loaded)
    return loaded.logits


def _predictor(files: ModelFiles, threads: int) -> Score:
    """Load what a TorchServe worker loads: texts in, predictions out."""
    from contract.errors import ReviewError
    from handler.predictor import Predictor

    predictor = Predictor.load(files.unpacked, threads=threads, device="cpu")
    predictor.warm_up()

    def score(texts: Sequence[str]) -> int:
        answers = predictor.predict(texts)
        if any(isinstance(answer, ReviewError) for answer in answers):
            raise ValueError("a review of the corpus could not be scored")
        return len(answers)

    return score


def _torch(
    files: ModelFiles, threads: int, dtype: str = "float32", int8: bool = False,
    ordered: bool = True, attention: str = "sdpa",
) -> Score:  # fmt: skip
    """Load the network as Hugging Face runs it: batches of 16, padded to their longest review."""
    import torch

    from handler.weights import load_network

    torch.set_num_threads(threads)
    network: Any = load_network(files.checkpoint)[0].to(getattr(torch, dtype))
    network.encoder.set_attn_implementation(attention)
    if int8:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # outdated, says torch, and what most guides teach
            quantize: Any = torch.ao.quantization.quantize_dynamic
            network = quantize(network, {torch.nn.Linear})

    @torch.inference_mode()
    def score(reviews: Sequence[list[int]]) -> Any:
        order = range(len(reviews))
        if ordered:
            order = sorted(order, key=lambda index: -len(reviews[index]))  # type: ignore[assignment]
        logits: list[Any] = [None] * len(reviews)
        for start in range(0, len(reviews), BATCH):
            places = order[start : start + BATCH]
            ids = [torch.tensor(reviews[place]) for place in places]
            padded = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=1)
            mask = torch.nn.utils.rnn.pad_sequence(
                [torch.ones_like(each) for each in ids], batch_first=True
            )
            for place, row in zip(places, network(padded, mask), strict=True):
                logits[place] = row
        return torch.stack(logits).float().numpy()

    return score


def _onnx_runtime(file: str, files: ModelFiles, threads: int, streams: int | None = None) -> Score:
    """Load a graph: one review at a time on all threads, or one on each stream."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1 if streams else threads
    session = onnxruntime.InferenceSession(
        getattr(files, file), options, providers=["CPUExecutionProvider"]
    )

    def score_one(review: list[int]) -> Any:
        ids = np.array([review], dtype=np.int64)
        return session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]

    return _one_by_one(score_one, streams)


def _one_by_one(score_one: Callable[[list[int]], Any], streams: int | None) -> Score:
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    if streams is None:
        return lambda reviews: np.concatenate([score_one(review) for review in reviews])
    pool = ThreadPoolExecutor(streams)

    def score(reviews: Sequence[list[int]]) -> Any:
        order = sorted(range(len(reviews)), key=lambda index: -len(reviews[index]))
        rows = dict(zip(order, pool.map(score_one, [reviews[i] for i in order]), strict=True))
        return np.concatenate([rows[index] for index in range(len(reviews))])

    return score


def _openvino(files: ModelFiles, threads: int) -> Score:
    import numpy as np
    import openvino as ov

    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    model = ov.Core().compile_model(files.openvino_int8, "CPU", settings)

    def score_one(review: list[int]) -> Any:
        ids = np.array([review], dtype=np.int64)
        return model([ids, np.ones_like(ids)])[0]

    return _one_by_one(score_one, None)


def _onnx_streams(files: ModelFiles, threads: int) -> Score:
    return _onnx_runtime("onnx_int8", files, threads, streams=threads)


LOADERS: Final[dict[str, Loader]] = {
    OURS: partial(_ours, "openvino-int8"),
    OURS_BF16: partial(_ours, "torch-bf16"),
    OURS_FP32: partial(_ours, "torch-fp32"),
    HF_PADDED: partial(_torch, ordered=False),
    HF_SORTED: _torch,
    HF_EAGER: partial(_torch, ordered=False, attention="eager"),
    TORCH_BF16: partial(_torch, dtype="bfloat16"),
    TORCH_INT8: partial(_torch, int8=True),
    ORT_FP32: partial(_onnx_runtime, "onnx"),
    ORT_INT8: partial(_onnx_runtime, "onnx_int8"),
    ORT_INT8_STREAMS: _onnx_streams,
    OPENVINO_INT8: _openvino,
    PREDICTOR: _predictor,
}
# The arithmetic of each engine's linear layers, for its share of the machine's peak.
ARITHMETIC: Final[dict[str, str]] = {
    name: "bf16" if "bf16" in name else "int8" if "int8" in name else "fp32" for name in LOADERS
}
QUICK: Final = (
    HF_PADDED, HF_SORTED, TORCH_BF16, TORCH_INT8, ORT_FP32, ORT_INT8, OPENVINO_INT8,
    OURS_BF16, OURS,
)  # fmt: skip
ALL: Final = (*QUICK, HF_EAGER, ORT_INT8_STREAMS, OURS_FP32)
