"""What is answered to the question why: a prediction with its words, its sentences, and doubt."""

from dataclasses import asdict, dataclass
from typing import Final

from contract.answer import Prediction

# A question with this header is answered at once: with a name if it says LATER; with the
# explanation, or the name again, if it says the name. Without it the answer takes its time.
# In lower case: TorchServe hands names on as they were written.
LATER_HEADER: Final = "x-explanation"
LATER: Final = "later"
NAME: Final = "explanation"


@dataclass(frozen=True)
class Begun:
    """The name by which an explanation that has been begun is fetched."""

    name: str

    def as_json(self) -> dict[str, object]:
        """Return the name as it is sent."""
        return {NAME: self.name}


@dataclass(frozen=True)
class WordShare:
    """One word's place in the text as sent, and its share of what decided.

    Offsets count Unicode code points. A share above 0 speaks for the verdict's label.
    """

    start: int
    end: int
    contribution: float


@dataclass(frozen=True)
class Sentence:
    """One sentence's place, its verdict when it stands alone, and the sum of its words' shares."""

    start: int
    end: int
    label: str
    confidence: float
    contribution: float


@dataclass(frozen=True)
class Explained:
    """The network that was explained and its own verdict, from which an engine's may differ."""

    network: str
    label: str
    confidence: float


@dataclass(frozen=True)
class Explanation:
    """A prediction and why it came out so.

    The words' shares add up to 1 in absolute value; `read` lists the spans that the model saw;
    `mixed` says that confident sentences contradict each other.
    """

    prediction: Prediction
    words: tuple[WordShare, ...]
    sentences: tuple[Sentence, ...]
    mixed: bool
    read: tuple[tuple[int, int], ...]
    method: str
    explained: Explained

    def as_json(self) -> dict[str, object]:
        """Return the fields as they are sent, those of the prediction first."""
        own = asdict(self)
        del own["prediction"]
        return {**self.prediction.as_json(), **own}
