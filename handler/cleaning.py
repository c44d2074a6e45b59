"""Turn a raw review into the text that the tokenizer sees, by the checkpoint's cleaning profile.

`plain` changes markup to text and loses nothing else; `emoji_names` also writes emoji and emoticons
out as their names. `tutorial` is that of the tutorial this project began with, to the letter
(regular expressions, stop words removed before lower-casing, TweetTokenizer), kept so that its
effect can be measured.
"""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

# The rest of a tag: name=value pairs and the end. Anything else, as in "a<b and b>c", is text.
_TAG_END: Final = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))*\s*/?>"""
LINE_BREAK: Final = re.compile(rf"<\s*(?:br|p|hr|li|div){_TAG_END}", re.IGNORECASE)
INLINE_TAG: Final = re.compile(
    r"</?\s*(?:a|b|blockquote|center|code|div|em|font|h[1-6]|i|li|ol|p|pre|small|span|strong|sub"
    rf"|sup|u|ul){_TAG_END}",
    re.IGNORECASE,
)
_ENTITY: Final = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")


@dataclass(frozen=True)
class Step:
    """One substitution of a cleaning; `replacement` is a text, or a function of the match.

    A cleaning made of steps can be traced back to the text as sent (`handler.offsets`).
    """

    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]

    def apply(self, text: str) -> str:
        """Return the text with every match replaced."""
        return self.pattern.sub(self.replacement, text)


ENTITIES_TO_TEXT: Final = Step(_ENTITY, lambda match: html.unescape(match[0]))
_MARKUP_STEPS: Final = (Step(LINE_BREAK, " "), Step(INLINE_TAG, ""), ENTITIES_TO_TEXT)
_FOLDING_STEPS: Final = (
    Step(re.compile(r"\s+"), " "),
    Step(re.compile(r"\A | \Z"), ""),
)
PLAIN_STEPS: Final = (*_MARKUP_STEPS, *_FOLDING_STEPS)

# What people type where no emoji is at hand, in the words that emoji are named with.
_EMOTICON_NAMES: Final = {
    **dict.fromkeys((":)", ":-)", "=)", "(:", ":]", ":^)"), "smiling face"),
    **dict.fromkeys((":D", ":-D", "=D", "XD", "xD"), "grinning face"),
    **dict.fromkeys((":(", ":-(", "=(", ":[", "):"), "sad face"),
    **dict.fromkeys((":'(", ":'-("), "crying face"),
    **dict.fromkeys((";)", ";-)"), "winking face"),
    **dict.fromkeys((":/", ":-/", ":\\", ":-\\"), "confused face"),
    **dict.fromkeys((":|", ":-|"), "neutral face"),
    **dict.fromkeys((">:(", ">:-("), "angry face"),
    **dict.fromkeys((":P", ":-P", ":p", ":-p"), "face with tongue"),
    "<3": "red heart",
    "</3": "broken heart",
}
_EMOTICON: Final = re.compile(
    r"(?<![\w:/])(?:"
    + "|".join(re.escape(each) for each in sorted(_EMOTICON_NAMES, key=len, reverse=True))
    + r")(?![\w/(])"
)
# Runs of characters that emoji are made of; which of them are emoji, the library knows.
_EMOJI: Final = re.compile(
    "[\u00a9\u00ae\u200d\u203c\u2049\u20e3\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff\U000e0020-\U000e007f]+"
)

_EYES: Final = "[8:=;]"
_NOSE: Final = r"['`\-]?"
# The tutorial's substitutions, in its order; each one sees the result of those before it.
_TUTORIAL_SUBSTITUTIONS: Final = tuple(
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
    return _apply(PLAIN_STEPS, text)


def clean_emoji_names(text: str) -> str:
    """Clean as `plain` does, and write emoji and emoticons out: vocabularies know few of them."""
    return _apply(EMOJI_NAMES_STEPS, text)


def _apply(steps: tuple[Step, ...], text: str) -> str:
    for step in steps:
        text = step.apply(text)
    return text


def _name_emoji(match: re.Match[str]) -> str:
    # Imported on first use: most reviews have no emoji, and the table takes memory.
    import emoji

    def name(_: str, data: dict[str, str]) -> str:
        return f" {data['en'].strip(':').replace('_', ' ').replace('-', ' ')} "

    return emoji.replace_emoji(match[0], replace=name)


EMOJI_NAMES_STEPS: Final = (
    *_MARKUP_STEPS,
    Step(_EMOTICON, lambda match: f" {_EMOTICON_NAMES[match[0]]} "),
    Step(_EMOJI, _name_emoji),
    *_FOLDING_STEPS,
)


def clean_tutorial(text: str) -> str:
    """Clean as the tutorial did, stop words ("not", "no", "don't" among them) removed."""
    for pattern, replacement in _TUTORIAL_SUBSTITUTIONS:
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


PROFILES: Final[dict[str, Callable[[str], str]]] = {
    "plain": clean_plain,
    "emoji_names": clean_emoji_names,
    "tutorial": clean_tutorial,
}
# What checkpoints and command lines said before, and still may.
FORMER_NAMES: Final = {"seed": "tutorial"}
# The profiles whose cleaned text can be traced back to the text as sent.
STEPS: Final[dict[str, tuple[Step, ...]]] = {
    "plain": PLAIN_STEPS,
    "emoji_names": EMOJI_NAMES_STEPS,
}
