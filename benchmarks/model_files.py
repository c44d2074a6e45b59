"""Where the files of one measured model lie."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ModelFiles:
    """One model's folder: checkpoint, packed archive, and every peer's own format."""

    folder: Path

    @property
    def name(self) -> str:
        """Which model this is."""
        return self.folder.name

    @property
    def checkpoint(self) -> Path:
        """The checkpoint that everything here was made from."""
        return self.folder / "checkpoint"

    @property
    def archive(self) -> Path:
        """The packed checkpoint, as TorchServe serves it."""
        return self.folder / "sentiment.mar"

    @property
    def unpacked(self) -> Path:
        """The archive's content: what a worker loads."""
        return self.folder / "unpacked"

    @property
    def onnx(self) -> Path:
        """fp32, fused by ONNX Runtime's transformer optimizer."""
        return self.folder / "fused.onnx"

    @property
    def onnx_int8(self) -> Path:
        """The fused graph with dynamically quantized linear layers."""
        return self.folder / "dynamic-int8.onnx"

    @property
    def openvino_int8(self) -> Path:
        """OpenVINO's graph as its converter and NNCF make it."""
        return self.folder / "nncf-int8.xml"

    def write_checksum(self) -> None:
        """Record the archive's sha-256, without which the runner does not serve it."""
        with self.archive.open("rb") as archive:
            digest = hashlib.file_digest(archive, "sha256").hexdigest()
        self.archive.with_name(f"{self.archive.name}.sha256").write_text(
            f"{digest}  {self.archive.name}\n"
        )
