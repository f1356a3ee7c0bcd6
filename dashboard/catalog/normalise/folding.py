"""Folding of names, codes and queries into the forms that are compared, searched and put into addresses."""

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2s

# Letters that NFKD leaves whole although people type them without their stroke.
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h"}
)
# NFKD would turn ™ into the letters "TM" and so make "Verge™" another word than "Verge".
_MARKS = str.maketrans("", "", "™℠®©")
_ASCII_WORDS = re.compile(r"[a-z0-9]+")
_CONTROLS = str.maketrans("", "", "".join(map(chr, [*range(9), *range(14, 28), 127])))


def words(text: str) -> list[str]:
    """The words of `text`, folded: no accents, no case, only letters and digits; "S25+" gives "s25", "plus".

    White space and punctuation separate words, control and invisible characters vanish. Never raises.
    """
    if text.isascii():
        return _ASCII_WORDS.findall(text.translate(_CONTROLS).lower().replace("+", " plus "))
    folded = unicodedata.normalize("NFKD", text.translate(_MARKS)).casefold()
    folded = unicodedata.normalize("NFKD", folded).translate(_UNDECOMPOSED).replace("+", " plus ")
    kept: list[str] = []
    for character in folded:
        if character.isalnum():
            kept.append(character)
        elif character.isspace() or unicodedata.category(character)[0] not in "CM":
            kept.append(" ")
    return "".join(kept).split()


def search_text(text: str) -> str:
    """`text` as it is searched: folded letters and digits without gaps, "SM-S938" as "sms938". Never
    raises.
    """
    return "".join(words(text))


def slugify(text: str, *, max_length: int = 100) -> str:
    """ASCII kebab-case of `text` for addresses, at most `max_length` characters, cut between words.

    Where letters outside ASCII or whole words had to be left out, eight hex digits of a digest follow, so
    that two names differing only there keep two slugs. Empty only for a text without any letter or digit.
    """
    found = words(text)
    ascii_words = ["".join(c for c in word if c.isascii()) for word in found]
    room = max_length
    if ascii_words != found or len("-".join(found)) > max_length:
        room = max_length - 9
    slug = ""
    for word in filter(None, ascii_words):
        longer = f"{slug}-{word}" if slug else word[:room]
        if len(longer) > room:
            break
        slug = longer
    if room == max_length:
        return slug
    digest = blake2s("-".join(found).encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{slug}-{digest}" if slug else digest


@lru_cache(maxsize=8192)
def clean_text(text: str) -> str:
    """`text` on one line: trimmed, runs of white space as one space, control, invisible and lone surrogate
    characters gone. What it says is otherwise left alone."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(text.split())
