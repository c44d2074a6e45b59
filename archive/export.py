"""Export a checkpoint for engines that need more; see `python -m archive.export --help`."""

import argparse
import sys
from pathlib import Path
from typing import Final

import openvino as ov

from archive.activation_ranges import example_reviews, observe_ranges
from archive.graph import Quantization, Weights, build_graph, can_build
from contract.errors import UserError
from handler.checkpoint import Settings, load_tokenizer
from handler.checksums import file_digest
from handler.encoding import Encoder
from handler.engines.exports import FOLDER, write_manifest
from handler.engines.openvino_int8 import NAME
from handler.files import whole_folder
from handler.weights import load_network

FILES: Final = (f"{NAME}.xml", f"{NAME}.bin")


def main(arguments: list[str] | None = None) -> int:
    """Export from the command line; returns 1 after one clear line if the checkpoint is unfit."""
    parser = argparse.ArgumentParser(
        prog="python -m archive.export",
        description="Write DIR/exports for the engines that a checkpoint can serve with.",
    )
    parser.add_argument(
        "--checkpoint", type=Path, default=Path("model_store/checkpoint"), metavar="DIR"
    )
    options = parser.parse_args(arguments)
    try:
        exported = export(options.checkpoint)
    except UserError as error:
        print(f"export: {error}", file=sys.stderr)
        return 1
    names = ", ".join(exported) or "nothing to export for this architecture"
    print(f"{options.checkpoint / FOLDER}: {names}")
    return 0


def export(directory: Path) -> list[str]:
    """Write `exports/` into a checkpoint's folder; returns the engines that have an export now."""
    network, settings = load_network(directory)
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    engines = {}
    with whole_folder(directory / FOLDER) as folder:
        if can_build(settings):
            graph = _int8_graph(directory, settings, weights)
            ov.save_model(graph, folder / FILES[0], compress_to_fp16=False)
            files = {name: file_digest(folder / name) for name in FILES}
            engines[NAME] = {"files": files, "library": f"openvino {ov.get_version()}"}
        write_manifest(folder, directory, engines)
    return list(engines)


def _int8_graph(directory: Path, settings: Settings, weights: Weights) -> ov.Model:
    encoder = Encoder(load_tokenizer(directory, settings), settings)
    observing = build_graph(settings, weights, Quantization())
    ranges = observe_ranges(observing, encoder, example_reviews())
    graph = build_graph(settings, weights, Quantization(ranges))
    for number, node in enumerate(graph.get_ordered_ops()):
        # Names count up within one process; numbers of their own make the file the same every time.
        node.set_friendly_name(f"{node.get_type_name()}_{number}")
    return graph


if __name__ == "__main__":
    raise SystemExit(main())
