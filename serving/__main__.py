"""`python -m serving`: TorchServe and the gateway in the foreground, until Ctrl-C or SIGTERM."""

import sys

from serving.errors import StartError
from serving.settings import parse_settings
from serving.supervisor import serve


def main() -> int:
    """Return 0 after a requested stop, 1 after a server died, 2 (and one line) if unable."""
    try:
        return serve(parse_settings(sys.argv[1:]))
    except StartError as error:
        print(f"serve: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
