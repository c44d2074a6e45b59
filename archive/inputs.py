"""What an archive is made of, as one number that changes when any part of it does.

    python -m archive.inputs --checkpoint model_store/checkpoint

Standard library only, so that whoever starts the service can ask in a moment.
"""

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from handler.checksums import file_digest

ROOT: Final = Path(__file__).resolve().parent.parent
# Everything that packing runs and packs: this room may import no other (see pyproject.toml).
ROOMS: Final = ("contract", "handler", "archive")
VERSIONS: Final = "requirements/build.txt"


def fingerprint(checkpoint: Path) -> str:
    """Return a digest of names and contents: the times of files can lie."""
    digest = hashlib.sha256()
    for file in _inputs(checkpoint):
        digest.update(f"{file_digest(file)}  {file.name}\n".encode())
    return digest.hexdigest()


def _inputs(checkpoint: Path) -> Iterator[Path]:
    for folder in (*(ROOT / room for room in ROOMS), checkpoint):
        files = (path for path in folder.rglob("*") if "__pycache__" not in path.parts)
        yield from sorted(path for path in files if path.is_file())
    yield ROOT / VERSIONS


def main() -> None:
    """Print the digest for a checkpoint."""
    parser = argparse.ArgumentParser(prog="python -m archive.inputs", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="DIR")
    print(fingerprint(parser.parse_args().checkpoint))


if __name__ == "__main__":
    main()
