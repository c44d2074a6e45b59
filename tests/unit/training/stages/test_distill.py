"""The student learns what its teachers say, and starts from whatever checkpoint it is given."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from handler.network import ReviewClassifier
from handler.weights import load_network
from tests.unit.conftest import make_settings, make_tokenizer
from training.data.corpus import encode_corpus
from training.data.inputs import Inputs
from training.objectives.distillation import DistillDataset, DistillTask
from training.stages import distill
from training.stages.distill import with_labels

TINY = [
    "--vocab-size", "300", "--layers", "1", "--width", "16", "--heads", "2", "--max-length", "32",
    "--batch-tokens", "256", "--steps", "4", "--validate-every", "2",
]  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> Path:
    words = {"good": "fine moving wise warm film", "bad": "dull poor loud empty film"}
    rows = [
        f"{' '.join(np.random.default_rng(number).permutation(words[label].split()))},{label}"
        for number in range(30)
        for label in words
    ]
    path = tmp_path / "reviews.csv"
    path.write_text("\n".join(["review,label", *rows]))
    return path


def run(tmp_path: Path, table: Path, name: str, *more: str) -> Path:
    output = tmp_path / name
    cache = ["--cache", str(tmp_path / "cache")]
    distill.main(["--data", str(table), "--output", str(output), *cache, *TINY, *more])
    return output


def task() -> DistillTask:
    torch.manual_seed(0)
    return DistillTask(ReviewClassifier(make_settings(dropout=0.0)), columns=1, evidence_weight=2.0)


def lesson(length: int = 6) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "input_ids": torch.randint(5, 200, (2, length), generator=generator),
        "attention_mask": torch.ones(2, length, dtype=torch.long),
        "probabilities": torch.tensor([[0.2, 0.3, 0.5], [0.0, 0.0, 1.0]]),
        "evidence": torch.randn(2, length, 1, generator=generator),
    }


def test_loss_is_the_reviews_and_the_tokens_together() -> None:
    losses = task().eval()(lesson())
    expected = losses["review_loss"] + 2 * losses["evidence_loss"]
    assert losses["loss"].item() == pytest.approx(expected.item())


def test_review_loss_is_least_where_the_student_says_what_the_teachers_say() -> None:
    student, batch = task().eval(), lesson()
    logits = student.network(batch["input_ids"], batch["attention_mask"])
    agreeing = {**batch, "probabilities": logits.softmax(1).detach()}
    bias = student.get_parameter("network.head.5.bias")
    (slope,) = torch.autograd.grad(student(agreeing)["review_loss"], [bias])
    assert slope.abs().max() < 1e-6
    entropy = -(logits.softmax(1) * logits.log_softmax(1)).sum(1).mean()
    assert student(agreeing)["review_loss"].item() == pytest.approx(entropy.item(), rel=1e-4)


def test_padding_carries_no_evidence_loss() -> None:
    student, batch = task().eval(), lesson()
    padded = {
        "input_ids": torch.cat([batch["input_ids"], torch.ones(2, 3, dtype=torch.long)], 1),
        "attention_mask": torch.cat([batch["attention_mask"], torch.zeros(2, 3).long()], 1),
        "probabilities": batch["probabilities"],
        "evidence": torch.cat([batch["evidence"], torch.full((2, 3, 1), 9.0)], 1),
    }
    expected = student(batch)["evidence_loss"].item()
    assert student(padded)["evidence_loss"].item() == pytest.approx(expected, rel=1e-4)


def test_evidence_goes_with_the_pieces_that_truncation_keeps(tmp_path: Path) -> None:
    texts = ["abcdefghijklmnopqrst", "xyz"]
    settings = make_settings(max_length=10, encoder={"bos_token_id": 0, "eos_token_id": 2})
    corpus = encode_corpus(texts, str.strip, make_tokenizer(), tmp_path)
    soft = np.arange(23, dtype=np.float16)[:, None]
    dataset = DistillDataset(Inputs(corpus, settings), np.eye(2, dtype=np.float32), soft)
    batch = dataset.batch(np.array([0, 1]))
    kept = [0, 1, 14, 15, 16, 17, 18, 19]  # a quarter of the head, the rest from the tail
    assert batch["evidence"][0, :, 0].tolist() == [0, *kept, 0, *[0] * 6]
    assert batch["evidence"][1, :5, 0].tolist() == [0, 20, 21, 22, 0]
    assert batch["evidence"].shape[:2] == batch["input_ids"].shape


def test_head_that_knows_other_labels_is_not_reused() -> None:
    network, settings = ReviewClassifier(make_settings()), make_settings()
    assert with_labels(network, settings, settings.labels) == (network, settings)
    relabelled, changed = with_labels(network, settings, ("no", "yes"))
    assert (changed.labels, changed.temperature) == (("no", "yes"), 1.0)
    old, new = network.state_dict(), relabelled.state_dict()
    assert all(torch.equal(old[name], new[name]) for name in old if name.startswith("encoder"))
    assert new["head.5.weight"].shape[0] == 2


def test_stage_writes_a_checkpoint_its_record_and_goes_on_from_either(
    tmp_path: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run(tmp_path, table, "first")
    network, settings = load_network(first / "student")
    assert settings.labels == ("bad", "good")
    assert sum(parameter.numel() for parameter in network.parameters()) < 20_000
    stage = json.loads((first / "run.json").read_text())["stages"][0]
    assert (stage["name"], stage["finished"]) == ("distill", True)
    assert set(stage["result"]) == {"step", "validation_loss", "validation_accuracy"}
    assert "sha-256" in capsys.readouterr().out
    teacher = ["--teacher", str(first / "student")]
    again = run(tmp_path, table, "again", "--init", str(first / "student"), *teacher)
    assert load_network(again / "student")[1] == settings


def test_soft_labels_of_other_texts_are_refused(
    tmp_path: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = run(tmp_path, table, "run")
    with table.open("a") as file:
        file.write("\n" + "\n".join("one more fine film,good" for _ in range(20)))
    with pytest.raises(SystemExit) as left:
        run(tmp_path, table, "run")
    assert left.value.code == 2
    assert f"{output / 'soft_labels.npz'}: expected soft labels of 72 texts" in (
        capsys.readouterr().err
    )
