"""`python -m serving.npm ARGUMENTS`: npm in ui/, on an installed Node or that of the package."""

import os
import sys
from pathlib import Path

from serving.errors import StartError
from serving.runtimes import npm_command

UI = Path(__file__).resolve().parent.parent / "ui"


def main(arguments: list[str]) -> None:
    """Become npm, so that its exit code and the signals sent to it are npm's own."""
    try:
        command, path = npm_command(os.environ)
    except StartError as error:
        sys.exit(f"npm: {error}")
    os.chdir(UI)
    os.execve(command[0], [*command, *arguments], {**os.environ, "PATH": path})


if __name__ == "__main__":
    main(sys.argv[1:])
