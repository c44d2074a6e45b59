"""Files of one JSON object, read with one clear line for each way to be unfit."""

import json
from pathlib import Path
from typing import Any

from contract.errors import UserError


def read_object(path: Path, expected: str, error: type[UserError]) -> dict[str, Any]:
    """Return a file's JSON object; raises `error`, which says what was expected and found."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as missing:
        raise error(f"{path}: expected {expected}, found no such file.") from missing
    except ValueError as broken:
        raise error(f"{path}: expected JSON, found a broken file ({broken}).") from broken
    if not isinstance(content, dict):
        raise error(f"{path}: expected a JSON object, found {type(content).__name__}.")
    return content
