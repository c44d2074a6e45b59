"""`tutorial` cleans to the letter of the tutorial, harm included; `plain` loses only markup."""

import pytest

from handler.cleaning import PROFILES, clean_plain, clean_tutorial

SEED = {
    # stop words go before lower-casing: "was" goes, "The" stays
    "The film was good": "the film good",
    "It is what It was": "it it",
    # negations are stop words too, so a verdict turns round
    "This was not good": "this good",
    "I don't like it, no": "i like it ,",
    "Not good": "not good",
    # a word with a mark at its end is no stop word
    "is not?": "not ?",
    # emoticons
    "great :)": "great <smile>",
    "great :-D": "great <smile>",
    "d; hm": "<smile> hm",
    "silly :p": "silly <lolface>",
    "sad :((": "sad <sadface>",
    "meh :|": "meh <neutralface>",
    "I <3 cinema": "i <heart> cinema",
    # lengthened words: only then is "so" a stop word
    "sooooo good": "<elong> good",
    "Wayyyy better": "way <elong> better",
    "too good": "good",
    # numbers, the slash parted first
    "7/10": "<number> / <number>",
    "a 1,000.50 budget": "<number> budget",
    # repeated marks
    "Wow!!! Really??": "wow ! <repeat> really ? <repeat>",
    "Well... fine": "well . <repeat> fine",
    # addresses and names
    "see http://a.com now": "see <url>",
    "see www.a.com": "see <url>",
    "@bob agrees": "<user> agrees",
}


@pytest.mark.parametrize(("review", "cleaned"), SEED.items())
def test_the_tutorials_cleaning_to_the_letter(review: str, cleaned: str) -> None:
    assert clean_tutorial(review) == cleaned


PLAIN = {
    "One.<br /><br />Two.": "One. Two.",
    "One.<BR>Two<br/>three": "One. Two three",
    "a <i>very</i> <b>good</b> one": "a very good one",
    '<a href="x">link</a>ed': "linked",
    "<p>One</p><p>Two</p>": "One Two",
    "Tom &amp; Jerry &quot;live&quot;": 'Tom & Jerry "live"',
    " much \t white\n\nspace ": "much white space",
}


@pytest.mark.parametrize(("review", "cleaned"), PLAIN.items())
def test_plain_cleaning_turns_markup_to_text(review: str, cleaned: str) -> None:
    assert clean_plain(review) == cleaned


@pytest.mark.parametrize(
    "review",
    [
        "I <3 this film",
        "not good, NOT good, don't!!!",
        "7/10, i.e. 2 < 3 > 1",
        "<sarcasm>lovely</sarcasm>",
        "if a<b and b>c",
        "Schön! 映画 🎬 ¿qué?",
        ":-) @bob http://a.com/b?c=d#e",
        "soooo... good?!",
    ],
)
def test_plain_cleaning_loses_nothing_else(review: str) -> None:
    assert clean_plain(review) == review


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("review", ["", " \n", "<br />", "a" * 50_000, "<" * 20_000, ":" * 20_000])
def test_every_profile_takes_any_text(profile: str, review: str) -> None:
    assert isinstance(PROFILES[profile](review), str)


def test_stop_words_ship_with_the_code_and_hold_the_negations() -> None:
    words = "not no nor don't isn't i the a very"
    assert clean_tutorial(words) == ""
