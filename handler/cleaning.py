"""Turn a raw review into the text that the tokenizer sees, by the checkpoint's cleaning profile.

`plain` changes markup to text and loses nothing else. `seed` is the tutorial's cleaning to the
letter (regular expressions, stop words removed before lower-casing, TweetTokenizer), kept so that
its effect can be measured.
"""

import html
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

# The rest of a tag: name=value pairs and the end. Anything else, as in "a<b and b>c", is text.
_TAG_END: Final = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))*\s*/?>"""
_LINE_BREAK: Final = re.compile(rf"<\s*(?:br|p|hr|li|div){_TAG_END}", re.IGNORECASE)
_INLINE_TAG: Final = re.compile(
    r"</?\s*(?:a|b|blockquote|center|code|div|em|font|h[1-6]|i|li|ol|p|pre|small|span|strong|sub"
    rf"|sup|u|ul){_TAG_END}",
    re.IGNORECASE,
)
_WHITESPACE: Final = re.compile(r"\s+")

_EYES: Final = "[8:=;]"
_NOSE: Final = r"['`\-]?"
# The tutorial's substitutions, in its order; each one sees the result of those before it.
_SEED_SUBSTITUTIONS: Final = tuple(
    (re.compile(pattern, re.MULTILINE | re.DOTALL), replacement)
    for pattern, replacement in (
        (r"https?:\/\/\S+\b|www\.(\w+\.)+\S*", "<url>"),
        (r"/", " / "),
        (r"@\w+", "<user>"),
        (rf"{_EYES}{_NOSE}[)dD]+|[)dD]+{_NOSE}{_EYES}", "<smile>"),
        (rf"{_EYES}{_NOSE}p+", "<lolface>"),
        (rf"{_EYES}{_NOSE}\(+|\)+{_NOSE}{_EYES}", "<sadface>"),
        (rf"{_EYES}{_NOSE}[\/|l*]", "<neutralface>"),
        (r"<3", "<heart>"),
        (r"[-+]?[.\d]*[\d]+[:,.\d]*", "<number>"),
        (r"([!?.]){2,}", r"\1 <repeat>"),
        (r"\b(\S*?)(.)\2{2,}\b", r"\1\2 <elong>"),
    )
)


def clean_plain(text: str) -> str:
    """Change HTML line breaks, inline tags and entities to text and fold white space."""
    text = _LINE_BREAK.sub(" ", text)
    text = _INLINE_TAG.sub("", text)
    return _WHITESPACE.sub(" ", html.unescape(text)).strip()


def clean_seed(text: str) -> str:
    """Clean as the tutorial did, stop words ("not", "no", "don't" among them) removed."""
    for pattern, replacement in _SEED_SUBSTITUTIONS:
        text = pattern.sub(replacement, text)
    kept = " ".join(word for word in text.split() if word not in _stop_words())
    return " ".join(_tweet_tokenizer()(kept.lower()))


@cache
def _stop_words() -> frozenset[str]:
    """Return NLTK's 179 English stop words, shipped beside this file: nothing is downloaded."""
    return frozenset(Path(__file__).with_name("stop_words.txt").read_text("utf-8").split())


@cache
def _tweet_tokenizer() -> Callable[[str], list[str]]:
    # Imported on first use: the `plain` profile must not pay for NLTK at start-up.
    from nltk.tokenize import TweetTokenizer

    tokenize: Callable[[str], list[str]] = TweetTokenizer(
        preserve_case=False, reduce_len=True, strip_handles=False
    ).tokenize
    return tokenize


PROFILES: Final[dict[str, Callable[[str], str]]] = {"plain": clean_plain, "seed": clean_seed}
