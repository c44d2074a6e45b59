"""Read a checkpoint's settings and tokenizer, strictly, without loading torch."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from tokenizers import Tokenizer

from handler.cleaning import PROFILES
from handler.errors import CheckpointError

Architecture = Literal["roberta", "bilstm"]
Truncation = Literal["head", "head_tail"]
Pooling = Literal["cls", "mean", "cls_mean"]

CONFIG_FILE: Final = "config.json"
TOKENIZER_FILE: Final = "tokenizer.json"
WEIGHTS_FILE: Final = "model.safetensors"
_OWN_FIELDS: Final = (
    "cleaning", "max_length", "truncation", "pooling", "head_sizes", "dropout", "temperature",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What a checkpoint's config.json says; `encoder` holds the encoder's own config fields."""

    labels: tuple[str, ...]
    encoder: dict[str, Any]
    architecture: Architecture = "roberta"
    cleaning: str = "plain"
    max_length: int = 512
    truncation: Truncation = "head_tail"
    pooling: Pooling = "cls"
    head_sizes: tuple[int, ...] = ()
    dropout: float = 0.1
    temperature: float = 1.0

    def __post_init__(self) -> None:
        _require(
            len(set(self.labels)) == len(self.labels) >= 2,
            "id2label",
            ">= 2 different labels",
            self.labels,
        )
        _require(
            self.architecture in get_args(Architecture),
            "model_type",
            get_args(Architecture),
            self.architecture,
        )
        _require(self.cleaning in PROFILES, "cleaning", sorted(PROFILES), self.cleaning)
        _require(
            self.truncation in get_args(Truncation),
            "truncation",
            get_args(Truncation),
            self.truncation,
        )
        _require(self.pooling in get_args(Pooling), "pooling", get_args(Pooling), self.pooling)
        _require(self.max_length >= 4, "max_length", "at least 4 tokens", self.max_length)
        _require(self.temperature > 0, "temperature", "a positive number", self.temperature)

    def as_config(self) -> dict[str, Any]:
        """Return the content of config.json in the Hugging Face layout."""
        return {
            **self.encoder,
            "architectures": ["ReviewClassifier"],
            "model_type": self.architecture,
            "id2label": {str(index): label for index, label in enumerate(self.labels)},
            "label2id": {label: index for index, label in enumerate(self.labels)},
            **{name: getattr(self, name) for name in _OWN_FIELDS},
        }


def read_settings(directory: Path | str) -> Settings:
    """Read `config.json` of a checkpoint; raises CheckpointError if a field is missing or unfit."""
    config = _read_json(Path(directory) / CONFIG_FILE)
    missing = [name for name in ("model_type", "id2label", *_OWN_FIELDS) if name not in config]
    if missing:
        raise CheckpointError(
            f"{Path(directory) / CONFIG_FILE}: expected the fields {', '.join(missing)}, found "
            "none of them; write the checkpoint with `python -m training.train`."
        )
    own = {name: config.pop(name) for name in _OWN_FIELDS}
    return Settings(
        labels=_labels(config.pop("id2label")),
        architecture=config.pop("model_type"),
        encoder={
            key: value for key, value in config.items() if key not in ("architectures", "label2id")
        },
        **{**own, "head_sizes": tuple(own["head_sizes"])},
    )


def load_tokenizer(directory: Path | str, settings: Settings) -> Tokenizer:
    """Load `tokenizer.json` and hold its vocabulary to the encoder's; raises CheckpointError."""
    path = Path(directory) / TOKENIZER_FILE
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception for a missing or broken file
        raise CheckpointError(
            f"{path}: expected a Hugging Face tokenizer, found an unreadable file ({error})."
        ) from error
    expected = settings.encoder.get("vocab_size")
    if tokenizer.get_vocab_size() != expected:
        raise CheckpointError(
            f"{path}: expected a vocabulary of {expected} pieces as in {CONFIG_FILE}, found "
            f"{tokenizer.get_vocab_size()}; take tokenizer and weights from the same training run."
        )
    tokenizer.no_truncation()
    tokenizer.no_padding()
    # A review that says "<mask>" or "</s>" means these letters, not the network's control tokens.
    tokenizer.encode_special_tokens = True
    return tokenizer


def _labels(id2label: dict[str, str]) -> tuple[str, ...]:
    expected = [str(index) for index in range(len(id2label))]
    _require(
        sorted(id2label, key=lambda key: (len(key), key)) == expected,
        "id2label",
        f"the keys {expected}",
        list(id2label),
    )
    return tuple(id2label[index] for index in expected)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{path}: expected a checkpoint's {path.name}, found no such file."
        ) from error
    except ValueError as error:
        raise CheckpointError(f"{path}: expected JSON, found a broken file ({error}).") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: expected a JSON object, found {type(content).__name__}.")
    return content


def _require(fits: bool, name: str, expected: object, found: object) -> None:
    if not fits:
        raise CheckpointError(
            f"{CONFIG_FILE}: expected `{name}` to be {expected}, found {found!r}."
        )
