"""The two objectives: what they score, what they share, and that what they draw is reproducible."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from transformers import RobertaModel

from handler.network import ReviewClassifier
from tests.unit.conftest import make_settings
from training.data.curriculum import masked_batch
from training.data.masking import Vocabulary
from training.objectives.language_model import (
    DISCRIMINATOR_WEIGHT,
    MaskedLanguageModel,
    ReplacedTokenDetector,
    sample,
)

VOCABULARY = Vocabulary(
    np.array([0] * 5 + [1] * 256, dtype=np.uint8), np.array([False] * 5 + [True] * 256), mask_id=4
)


def encoder() -> RobertaModel:
    torch.manual_seed(0)
    return ReviewClassifier(make_settings()).encoder


def batch(always_mask: bool = False, seed: int = 0) -> dict[str, Tensor]:
    generator = np.random.default_rng(seed)
    # Every odd piece follows its even neighbour: something to learn.
    first = generator.integers(10, 60, (8, 16)) * 2
    tokens = np.stack([first, first + 1], axis=2).reshape(8, 32).astype(np.int64)
    return masked_batch(tokens, VOCABULARY, 0.2, generator, always_mask)


@pytest.mark.parametrize("objective", [MaskedLanguageModel, ReplacedTokenDetector])
def test_loss_falls(objective: type[MaskedLanguageModel | ReplacedTokenDetector]) -> None:
    task = objective(encoder())
    optimizer = torch.optim.AdamW(task.parameters(), lr=3e-3)
    losses = []
    for step in range(40):
        loss = task(batch(objective is ReplacedTokenDetector, seed=step))["loss"]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])


def test_an_untrained_model_is_as_good_as_a_guess() -> None:
    task = MaskedLanguageModel(encoder()).eval()
    assert task(batch())["loss"].item() == pytest.approx(np.log(261), rel=0.1)


def test_large_starting_embeddings_do_not_make_the_first_loss_explode() -> None:
    started = encoder()
    torch.nn.init.normal_(started.embeddings.word_embeddings.weight, std=0.5)
    task = MaskedLanguageModel(started).eval()
    assert task(batch())["loss"].item() < 1.3 * np.log(261)


def test_only_the_chosen_places_are_scored() -> None:
    task, given = MaskedLanguageModel(encoder()).eval(), batch()
    unchosen = np.setdiff1d(np.arange(256), given["places"].numpy())[0]
    other = {name: tensor.clone() for name, tensor in given.items()}
    other["answers"].view(-1)[unchosen] = 7
    assert task(other)["loss"].item() == task(given)["loss"].item()


def test_objectives_train_the_encoder_that_they_are_given_and_leave_no_parameter_idle() -> None:
    for objective in (MaskedLanguageModel, ReplacedTokenDetector):
        shared = encoder()
        task = objective(shared)
        task(batch(always_mask=True))["loss"].backward()
        assert task.encoder is shared
        idle = [name for name, value in task.named_parameters() if value.grad is None]
        assert idle == []  # distributed training waits for every parameter


def test_generator_is_half_as_wide_and_shares_the_embeddings() -> None:
    task = ReplacedTokenDetector(encoder())
    assert task.generator.config.hidden_size == 32
    assert task.generator.config.num_hidden_layers == 2
    tables = [name for name, _ in task.named_parameters() if "word_embeddings" in name]
    assert tables == ["encoder.embeddings.word_embeddings.weight"]


def test_detectors_loss_counts_fifty_times_and_does_not_train_the_generator() -> None:
    task, given = ReplacedTokenDetector(encoder()), batch(always_mask=True)
    losses = task(given)
    expected = losses["generator_loss"] + DISCRIMINATOR_WEIGHT * losses["detector_loss"]
    assert losses["loss"].item() == pytest.approx(expected.item())
    task(given)["detector_loss"].backward()
    assert all(parameter.grad is None for parameter in task.generator.parameters())


def test_detector_sees_the_text_as_it_was_where_the_generator_guesses_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task, given = ReplacedTokenDetector(encoder()).eval(), batch(always_mask=True)
    answers = given["answers"].flatten()[given["places"]]
    sure = torch.full((len(answers), 261), -50.0)
    sure[torch.arange(len(answers)), answers] = 50.0
    monkeypatch.setattr(task, "_guess", lambda _: sure)
    torch.nn.init.zeros_(task.get_parameter("detector.2.weight"))
    torch.nn.init.constant_(task.get_parameter("detector.2.bias"), -20.0)  # "nothing was replaced"
    assert task(given)["detector_accuracy"].item() == 1.0


def test_sampling_follows_the_probabilities_and_the_given_draws() -> None:
    scores = torch.tensor([[0.5, 0.2, 0.3]]).log().expand(4, -1)
    assert sample(scores, torch.tensor([0.0, 0.49, 0.69, 0.999])).tolist() == [0, 0, 1, 2]
    many = sample(scores[:1].expand(20_000, -1), torch.rand(20_000, generator=seeded()))
    shares = torch.bincount(many) / len(many)
    assert shares.tolist() == pytest.approx([0.5, 0.2, 0.3], abs=0.02)


@given(st.lists(st.floats(-30, 30, width=32), min_size=1, max_size=9), st.floats(0, 1, width=32))
def test_any_draw_is_the_piece_in_whose_share_it_falls(scores: list[float], draw: float) -> None:
    piece = int(sample(torch.tensor([scores]), torch.tensor([draw]))[0])
    ends = torch.tensor(scores).softmax(0).cumsum(0)
    assert 0 <= piece < len(scores)
    assert draw <= ends[piece] + 1e-5
    assert piece == 0 or draw >= ends[piece - 1] - 1e-5


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)
