"""A checkpoint as the Hugging Face folder that other servers load: same encoder, their own head."""

import json
from pathlib import Path

from tokenizers import processors
from transformers import RobertaConfig, RobertaForSequenceClassification

from benchmarks.model_files import ModelFiles
from handler.checkpoint import load_tokenizer
from handler.network import ReviewClassifier
from handler.weights import load_network


def write_folder(files: ModelFiles, folder: Path) -> None:
    """Write config, weights and tokenizer; the limit on tokens is the checkpoint's."""
    network, settings = load_network(files.checkpoint)
    if not isinstance(network, ReviewClassifier):
        raise TypeError(f"expected roberta, found {settings.architecture}")
    labels = dict(enumerate(settings.labels))
    model = RobertaForSequenceClassification(RobertaConfig(**settings.encoder, id2label=labels))
    model.roberta.load_state_dict(network.encoder.state_dict())
    model.save_pretrained(folder)
    tokenizer = load_tokenizer(files.checkpoint, settings)
    names = ("bos_token_id", "eos_token_id", "pad_token_id")
    begin, end, pad = (str(tokenizer.id_to_token(settings.encoder[name])) for name in names)
    tokenizer.post_processor = processors.TemplateProcessing(
        f"{begin} $A {end}",
        f"{begin} $A {end} $B {end}",
        [(token, tokenizer.token_to_id(token)) for token in (begin, end)],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    content = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": settings.max_length,
        "pad_token": pad,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(content))
