"""Which sentences of reviews a teacher labels."""

from training.data.readers import Review
from training.data.sentences import draw_sentences

FIRST = "A slow start, I thought. It ends far too late for what it has to say!"
REVIEWS = [
    Review("1", FIRST, "negative"),
    Review("2", "Fine.", "positive"),
    Review("3", "Nobody in it can act.", None),
    Review("4", "Nobody in it can act.", None),
]


def test_one_sentence_is_drawn_of_each_review_and_none_twice() -> None:
    texts = [sentence.text for sentence in draw_sentences(REVIEWS, 10, seed=1)]
    assert len(texts) == len(set(texts)) == 2
    assert "Nobody in it can act." in texts
    assert sum(text in FIRST for text in texts) == 1


def test_a_sentence_carries_no_label_of_its_review() -> None:
    assert {sentence.label for sentence in draw_sentences(REVIEWS, 10, seed=1)} == {None}


def test_the_draw_is_the_same_for_a_seed_and_stops_at_the_count() -> None:
    many = [
        Review(str(n), f"This is review number {n}. It has two sentences.", None) for n in range(30)
    ]
    drawn = draw_sentences(many, 12, seed=5)
    assert len(drawn) == 12
    assert drawn == draw_sentences(many, 12, seed=5)
    assert drawn != draw_sentences(many, 12, seed=6)
