"""A peer: a handler as TorchServe's Hugging Face example teaches to write one.

Every text is padded to the model's maximum length, the batch runs through the network in one call,
and there is one answer per row.
"""

import json
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from ts.torch_handler.base_handler import BaseHandler


class ExampleHandler(BaseHandler):  # type: ignore[misc]
    """Loads a Hugging Face folder and classifies the texts of a batch of requests."""

    def initialize(self, context: Any) -> None:
        """Load model and tokenizer from the unpacked archive."""
        directory = context.system_properties["model_dir"]
        self.device = torch.device("cpu")
        self.model = AutoModelForSequenceClassification.from_pretrained(directory).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(directory)
        self.initialized = True

    def preprocess(self, data: list[dict[str, Any]]) -> Any:
        """Tokenize the text of each row, padded to the maximum length."""
        texts = [json.loads(row["body"])["review"] for row in data]
        return self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")

    def inference(self, data: Any) -> torch.Tensor:
        """Return the logits of the batch."""
        with torch.inference_mode():
            logits: torch.Tensor = self.model(
                input_ids=data["input_ids"], attention_mask=data["attention_mask"]
            ).logits
        return logits

    def postprocess(self, data: torch.Tensor) -> list[dict[str, Any]]:
        """Return a label and its probability for each row."""
        best = data.softmax(1).max(1)
        names = self.model.config.id2label
        return [
            {"label": names[int(index)], "confidence": float(value)}
            for value, index in zip(best.values, best.indices, strict=True)
        ]
