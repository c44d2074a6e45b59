"""Read a checkpoint's settings and tokenizer, strictly, without loading torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from tokenizers import Tokenizer

from handler.cleaning import FORMER_NAMES, PROFILES
from handler.errors import CheckpointError
from handler.json_files import read_object

Architecture = Literal["roberta", "bilstm"]
Truncation = Literal["head", "head_tail"]
Pooling = Literal["cls", "mean", "cls_mean"]
# `standard`: RobertaForSequenceClassification's dense, tanh, out_proj on the first token, which
# transformers loads as it is. `tutorial`: any pooling, LayerNorm after each hidden size.
Head = Literal["standard", "tutorial"]

CONFIG_FILE: Final = "config.json"
TOKENIZER_FILE: Final = "tokenizer.json"
WEIGHTS_FILE: Final = "model.safetensors"
_STANDARD_NAME: Final = "RobertaForSequenceClassification"
_SHARED_FIELDS: Final = ("cleaning", "max_length", "truncation")
_TUTORIAL_FIELDS: Final = ("pooling", "head_sizes", "dropout", "temperature")


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
    head: Head = "tutorial"
    # A verdict is certain if its confidence reaches this; 0 makes every verdict certain.
    certain_threshold: float = 0.0

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
        _require(
            0 <= self.certain_threshold <= 1,
            "certain_threshold",
            "a probability",
            self.certain_threshold,
        )
        if self.head == "standard":
            _require(self.pooling == "cls", "pooling", "cls, as a standard head has", self.pooling)
            _require(not self.head_sizes, "head_sizes", "none", self.head_sizes)

    def as_config(self) -> dict[str, Any]:
        """Return the content of config.json in the Hugging Face layout.

        The temperature of a standard head is not in it: saving folds it into the weights.
        """
        standard = self.head == "standard"
        own = _SHARED_FIELDS if standard else (*_SHARED_FIELDS, *_TUTORIAL_FIELDS)
        return {
            **self.encoder,
            "architectures": [_STANDARD_NAME if standard else "ReviewClassifier"],
            "model_type": self.architecture,
            # Weights are stored in half precision and computed with in full, by everybody.
            **({"classifier_dropout": self.dropout, "dtype": "float32"} if standard else {}),
            "id2label": {str(index): label for index, label in enumerate(self.labels)},
            "label2id": {label: index for index, label in enumerate(self.labels)},
            **{name: getattr(self, name) for name in own},
            "certain_threshold": self.certain_threshold,
        }


def read_settings(directory: Path | str) -> Settings:
    """Read `config.json` of a checkpoint; raises CheckpointError if a field is missing or unfit."""
    path = Path(directory) / CONFIG_FILE
    config = read_object(path, f"a checkpoint's {path.name}", CheckpointError)
    standard = config.pop("architectures", None) == [_STANDARD_NAME]
    own = _SHARED_FIELDS if standard else (*_SHARED_FIELDS, *_TUTORIAL_FIELDS)
    missing = [name for name in ("model_type", "id2label", *own) if name not in config]
    if missing:
        raise CheckpointError(
            f"{path}: expected the fields {', '.join(missing)}, found none of them; write the "
            "checkpoint with `python -m training.train`."
        )
    fields = {name: config.pop(name) for name in own}
    fields["cleaning"] = FORMER_NAMES.get(fields["cleaning"], fields["cleaning"])
    if standard:
        config.pop("dtype", None)
        fields |= {"head": "standard", "dropout": config.pop("classifier_dropout", 0.1)}
    else:
        fields["head_sizes"] = tuple(fields["head_sizes"])
    config.pop("label2id", None)
    return Settings(
        labels=_labels(config.pop("id2label")),
        architecture=config.pop("model_type"),
        certain_threshold=config.pop("certain_threshold", 0.0),  # older checkpoints have none
        **fields,
        encoder=config,
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


def _require(fits: bool, name: str, expected: object, found: object) -> None:
    if not fits:
        raise CheckpointError(
            f"{CONFIG_FILE}: expected `{name}` to be {expected}, found {found!r}."
        )
