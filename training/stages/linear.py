"""Fit and measure the linear model, the reference that every network has to beat.

    python -m training.linear --data aclImdb_v1.tar.gz --output run/references/linear

It is fitted on the training part; what is written are the files of `training.evaluate`. Choose
settings on the default `--split validation`, then use `--split test` once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from handler.cleaning import PROFILES
from training.data.splits import Splits
from training.evaluation.files import make_folder, write_evaluation
from training.evaluation.references import ReferenceScorer, reviews_of
from training.evaluation.scoring import score_reviews
from training.options import command, option, parse
from training.stages.options import DataOptions, read_splits
from training.teachers.linear import (
    INVERSE_REGULARISATION,
    LinearModel,
    fit_linear,
    fit_vectorizer,
)


@dataclass(frozen=True, kw_only=True)
class LinearOptions(DataOptions):
    """What the linear model is fitted and measured on."""

    COMMAND: ClassVar[str] = "linear"

    output: Path = option(Path("run/references/linear"), "folder of the evaluation's files")
    split: Literal["validation", "test"] = option(
        "validation", "part to measure on; test only after every choice was made on validation"
    )
    cleaning: str = option("plain", "of the texts", choices=sorted(PROFILES))
    inverse_regularisation: float = option(INVERSE_REGULARISATION, "C of the logistic regression")


def fit(splits: Splits, options: LinearOptions) -> tuple[CountVectorizer, LinearModel]:
    """Fit the model on the training part."""
    clean = PROFILES[options.cleaning]
    vectorizer, features = fit_vectorizer([clean(review.text) for review in splits.train])
    truth = np.array(splits.label_ids(splits.train))
    vocabulary: dict[str, int] = vectorizer.vocabulary_
    return vectorizer, fit_linear(features, truth, vocabulary, options.inverse_regularisation)


def calibrated(
    vectorizer: CountVectorizer, model: LinearModel, splits: Splits, options: LinearOptions
) -> ReferenceScorer:
    """Return a scorer whose temperature is fitted on the validation part."""
    clean = PROFILES[options.cleaning]

    def log_probabilities(texts: Sequence[str]) -> NDArray[np.float64]:
        return model.log_probabilities(vectorizer.transform([clean(text) for text in texts]))

    scorer = ReferenceScorer(splits.labels, "scikit-learn", log_probabilities)
    scorer.calibrate(splits.validation)
    return scorer


def run(options: LinearOptions) -> None:
    """Fit, then write report, predictions and plots of the chosen part."""
    make_folder(options.output)
    splits = read_splits(options)
    reviews = reviews_of(splits, options.split)
    scorer = calibrated(*fit(splits, options), splits, options)
    described = {
        "model": "NB-weighted logistic regression on word 1–3-grams",
        "cleaning": options.cleaning,
        "inverse_regularisation": options.inverse_regularisation,
        "data": splits.summary(),
        "split": options.split,
        "temperature": scorer.temperature,
    }
    write_evaluation(options.output, score_reviews(scorer, reviews), described)


def main(argv: Sequence[str] | None = None) -> None:
    """Fit and measure the linear reference from the command line."""
    command(lambda: run(parse(LinearOptions, argv, __doc__)))


if __name__ == "__main__":
    main()
