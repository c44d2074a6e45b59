"""Reviews of two minds and of one, written by hand, as the shipped checkpoint reads them."""

from pathlib import Path

import pytest

from contract.answer import Prediction
from contract.explanation import Sentence
from handler.mixed import is_mixed
from handler.predictor import Predictor
from handler.sentences import split_sentences

SHIPPED = Path("model_store/checkpoint")
MIXED = (
    "The acting is superb and the music is gorgeous. But the script is a mess and the ending ruins "
    "everything.",
    "I loved the first half. The second half is a boring, pointless waste of time.",
    "Wonderful photography. Terrible dialogue. A brilliant lead. An awful, lazy plot.",
    "The cast is excellent. The story is dreadful.",
    "Great songs, beautiful costumes, a delightful cast. Sadly the plot is stupid, the jokes are "
    "awful and I was bored to death.",
    "What a fantastic opening! What a terrible ending!",
    "The book is a masterpiece and the actors are perfect. The film is a dull, lifeless disaster.",
    "Best special effects I have ever seen. Worst script I have ever heard.",
)
OF_ONE_MIND = (
    "I loved every minute. The acting is superb. The music is wonderful. Go see it.",
    "A complete waste of time. The plot is stupid, the acting is awful. Avoid it.",
    "I loved every minute of it. The acting is superb, the story is moving and the music is "
    "wonderful. The ending was a bit weak. Still, one of the best films of the year, and I will "
    "see it again.",
    "Boring. Predictable. Badly acted. The poster is nice.",
    "A wonderful film.",
    "Terrible.",
    "The worst film I have ever seen. The dialogue is painful, the acting is wooden, and the story "
    "makes no sense. One good song does not save it. Do not waste your money.",
    "A quiet, moving film. It earns every minute of its length.",
)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(SHIPPED, engine="torch-fp32", threads=1)


def judge(predictor: Predictor, review: str) -> bool:
    spans = split_sentences(review)
    verdicts = predictor.predict([review[start:end] for start, end in spans])
    return is_mixed(
        Sentence(start, end, verdict.label, verdict.confidence, 0.0)
        for (start, end), verdict in zip(spans, verdicts, strict=True)
        if isinstance(verdict, Prediction)
    )


def test_most_mixed_reviews_are_seen_and_those_of_one_mind_are_not_taken_for_mixed(
    predictor: Predictor,
) -> None:
    found = [judge(predictor, review) for review in MIXED]
    mistaken = [judge(predictor, review) for review in OF_ONE_MIND]
    # Which sentence the model misreads is the model's matter; how many, is this rule's, too.
    assert sum(found) >= len(MIXED) - 1
    assert sum(mistaken) <= 1
