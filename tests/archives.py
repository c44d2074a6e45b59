"""Archives for tests that look at what surrounds a model, and the checksums that fit them."""

import hashlib
import json
import zipfile
from pathlib import Path


def record(archive: Path) -> None:
    """Write the checksum that fits an archive."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    archive.with_name(f"{archive.name}.sha256").write_text(f"{digest}  {archive.name}\n")


def empty_archive(path: Path) -> Path:
    """Write an archive with a manifest and no model, and its checksum."""
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("MAR-INF/MANIFEST.json", json.dumps({"model": {"modelVersion": "1.0"}}))
        packed.writestr("model.safetensors", b"weights")
    record(path)
    return path
