"""What a checkpoint says about itself: its version, and what its card has measured."""

import hashlib
from pathlib import Path
from typing import Any, Final

import yaml

from contract.model import Model
from handler.checkpoint import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE, Settings
from handler.checksums import file_digest

CARD_FILE: Final = "README.md"
_SHOWN: Final = 12  # hexadecimal digits of the checksum: enough to tell any two checkpoints apart


def describe(directory: Path | str, settings: Settings, engine: str) -> Model:
    """Describe the checkpoint in a folder, served by an engine of that name."""
    card = _front_matter(Path(directory) / CARD_FILE)
    return Model(
        version(directory),
        settings.labels,
        card.get("language"),
        card.get("domain"),
        settings.max_length,
        settings.certain_threshold,
        engine,
        _figures(card),
    )


def version(directory: Path | str) -> str:
    """Return what tells this checkpoint from any other: a checksum of configuration and weights."""
    names = (CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE)
    lines = "".join(f"{file_digest(Path(directory) / name)}  {name}\n" for name in names)
    return hashlib.sha256(lines.encode()).hexdigest()[:_SHOWN]


def _front_matter(path: Path) -> dict[str, Any]:
    """Return the YAML at the head of a model card, nothing if there is none."""
    parts = path.read_text("utf-8").split("---\n", 2) if path.is_file() else []
    if len(parts) < 3 or parts[0]:
        return {}
    try:
        content = yaml.safe_load(parts[1])
    except yaml.YAMLError:
        return {}
    return content if isinstance(content, dict) else {}


def _figures(card: dict[str, Any]) -> dict[str, float]:
    """Return the first result of the card's model index, by metric."""
    try:
        metrics = card["model-index"][0]["results"][0]["metrics"]
        return {str(metric["type"]): float(metric["value"]) for metric in metrics}
    except (LookupError, TypeError, ValueError):
        return {}
