"""`python -m archive.checksums CHECKPOINT`: write the list of a checkpoint that came without one.

Only for files that you trust: from then on the list says that they are the right ones.
"""

import argparse
from pathlib import Path

from handler.checksums import CHECKSUMS_FILE, write_checksums


def main(arguments: list[str] | None = None) -> int:
    """Write the list and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m archive.checksums", description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="folder with config.json and weights")
    folder = parser.parse_args(arguments).checkpoint
    write_checksums(folder)
    print(folder / CHECKSUMS_FILE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
