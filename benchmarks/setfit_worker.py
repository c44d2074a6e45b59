"""Train SetFit on a table and score another: run by `benchmarks.few_rows` in SetFit's environment.

    python benchmarks/setfit_worker.py ENCODER TRAIN.csv HELD_OUT.csv FOLDER ITERATIONS TOKENS SEED

SetFit (Tunstall et al. 2022) as its documentation trains it: pairs of texts, ITERATIONS of the same
label and as many of different ones for each text, one epoch, batches of 16 pairs, 2e-5, then
a logistic regression. Prints one line of JSON.
"""

import csv
import json
import sys
import time
from pathlib import Path

import torch
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments


def main() -> None:
    """Train, save, score."""
    encoder, train, held_out, folder, iterations, tokens, seed = sys.argv[1:]
    began = time.perf_counter()
    model = SetFitModel.from_pretrained(encoder, local_files_only=True)
    model.model_body.max_seq_length = int(tokens)
    arguments = TrainingArguments(
        output_dir=f"{folder}/log",
        batch_size=16,
        num_iterations=int(iterations),
        num_epochs=1,
        seed=int(seed),
        report_to="none",
        save_strategy="no",
        show_progress_bar=False,
    )
    texts, labels = read(Path(train))
    dataset = Dataset.from_dict({"text": texts, "label": labels})
    # In the numbers that this project trains in, where the processor computes in them.
    with torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported()):
        Trainer(model=model, args=arguments, train_dataset=dataset).train()
    minutes = (time.perf_counter() - began) / 60
    model.save_pretrained(f"{folder}/model")
    texts, labels = read(Path(held_out))
    with torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported()):
        answers = [str(answer) for answer in model.predict(texts, batch_size=32)]
    right = sum(answer == label for answer, label in zip(answers, labels, strict=True))
    size = sum(path.stat().st_size for path in Path(folder, "model").rglob("*") if path.is_file())
    print(json.dumps({"accuracy": right / len(labels), "minutes": minutes, "bytes": size}))


def read(path: Path) -> tuple[list[str], list[str]]:
    """Return texts and labels of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["review"] for row in rows], [row["label"] for row in rows]


main()
